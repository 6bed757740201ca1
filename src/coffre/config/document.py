"""Document: one configuration file, and where things stand in it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NoReturn

from coffre.config.errors import ConfigurationError
from coffre.config.lines import KeyPath, Lines

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class Document:
    """The tables of one file; makes errors that name file and line."""

    def __init__(self, path: Path) -> None:
        """Read a file.

        Args:
            path: the file, a name for it that the user knows.

        Raises:
            ConfigurationError: it cannot be read, or is not TOML.
        """
        self.path = path
        self.text = self._read()
        self.tables = self._parsed()
        self._lines: Lines | None = None

    def _read(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ConfigurationError(f"cannot be read: {error.strerror}", path=self.path) from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ConfigurationError(
                "this is not UTF-8 text: save the file as UTF-8", path=self.path, line=line
            ) from None

    def _parsed(self) -> dict[str, object]:
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            message = str(error)
            place = _PLACE.search(message)
            line = None if place is None else int(place[1] or self.text.rstrip().count("\n") + 1)
            raise ConfigurationError(
                f"not correct TOML: {_PLACE.sub('', message)}", path=self.path, line=line
            ) from None

    def fail(self, path: KeyPath, message: str) -> NoReturn:
        """Refuse what stands at a key, or is missing there.

        Raises:
            ConfigurationError: always.
        """
        raise self.error(path, message)

    def error(self, path: KeyPath, message: str) -> ConfigurationError:
        """The error about what stands at a key."""
        if self._lines is None:  # only a mistake costs this pass
            self._lines = Lines(self.text)
        return ConfigurationError(message, path=self.path, line=self._lines.of(path))
