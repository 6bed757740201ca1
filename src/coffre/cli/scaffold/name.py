"""The name of a driver to be: what is allowed, and the names that are made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coffre.cli.errors import UsageError

MAX_NAME = 24
"""Characters; names of classes and modules are made of it, and lines of code hold those."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class DriverName:
    """The name of a kind of service: ``shelf``, ``tape-library``. Valid by construction."""

    text: str

    def __post_init__(self) -> None:
        """Refuse what cannot be written in a configuration, or made into a module.

        Raises:
            UsageError: the message says what is allowed, and proposes a name that is near.
        """
        if _NAME.fullmatch(self.text) is None or len(self.text) > MAX_NAME:
            near = _nearest(self.text)
            remedy = f"; try {near!r}" if near else ""
            raise UsageError(
                f"{self.text!a} cannot name a driver: use lower-case letters, digits and single "
                f"hyphens inside, a letter first, {MAX_NAME} characters at most{remedy}"
            )

    def __str__(self) -> str:
        """As configurations write it."""
        return self.text

    @property
    def project(self) -> str:
        """Name of the distribution, and of its directory: ``coffre-tape-library``."""
        return f"coffre-{self.text}"

    @property
    def package(self) -> str:
        """Name of the package; no keyword, and no module of Python, begins so."""
        return self.project.replace("-", "_")

    @property
    def words(self) -> str:
        """First part of the names of its classes: ``TapeLibrary``."""
        return "".join(word.capitalize() for word in self.text.split("-"))


def _nearest(text: str) -> str | None:
    """The allowed name that is nearest to a text, if something of it remains."""
    joined = re.sub(r"[^a-z0-9]+", "-", text.lower(), flags=re.ASCII)
    found = re.sub(r"^[^a-z]+", "", joined).removeprefix("coffre-")[:MAX_NAME].strip("-")
    return found if _NAME.fullmatch(found) else None
