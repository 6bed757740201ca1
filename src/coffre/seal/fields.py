"""Fields: what a document says, read one by one, each of the type it must have.

A genuine document may still be wrong, or made by a later version. Reading it ends with a sentence
that names the field, or with values that the rest of the program can trust.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NoReturn

from coffre.seal.errors import DocumentError


class Fields:
    """One JSON object of a document. Fields that nobody asks for are passed over."""

    def __init__(self, members: Mapping[str, object], path: str = "") -> None:
        """Read an object.

        Args:
            members: what it holds.
            path: where it stands, for messages; empty for the document itself.
        """
        self._members = members
        self._path = path

    def __iter__(self) -> Iterator[str]:
        """Names, in their order."""
        return iter(self._members)

    def text(self, name: str) -> str:
        """A text.

        Raises:
            DocumentError: it is missing, or something else. So do the others.
        """
        value = self._members.get(name)
        return value if isinstance(value, str) else self._refuse(name, "a text")

    def count(self, name: str) -> int:
        """A whole number, not below zero."""
        value = self._members.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        return self._refuse(name, "a whole number, 0 or more")

    def number(self, name: str) -> float:
        """A number."""
        value = self._members.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                found = float(value)
            except OverflowError:
                found = math.inf
            if math.isfinite(found):
                return found
        return self._refuse(name, "a number")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._members.get(name)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        return self._refuse(name, "a list of texts")

    def part(self, name: str) -> Fields:
        """An object inside."""
        value = self._members.get(name)
        if isinstance(value, dict):
            return Fields(value, self._place(name))
        return self._refuse(name, "an object")

    def parts(self, name: str) -> tuple[Fields, ...]:
        """A list of objects."""
        value = self._members.get(name)
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            place = self._place(name)
            return tuple(Fields(one, f"{place}[{n}]") for n, one in enumerate(value))
        return self._refuse(name, "a list of objects")

    def _place(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def _refuse(self, name: str, wanted: str) -> NoReturn:
        raise DocumentError(f"the document's field {self._place(name)} is missing, or not {wanted}")
