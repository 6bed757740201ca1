"""What is wrong with a configuration: where, and what to do about it."""

from __future__ import annotations

from pathlib import Path

from coffre.contract import CoffreError


class ConfigurationError(CoffreError, ValueError):
    """A mistake in the configuration, or none to be found; nothing was opened."""

    code = "configuration"

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        """Say what is wrong.

        Args:
            message: a sentence with the remedy; the place is put before it.
            path: the file.
            line: where in it, from 1.
        """
        place = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(place + message)
        self.path = path
        self.line = line
