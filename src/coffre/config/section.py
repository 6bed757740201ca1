"""Section: one table read key by key, with types; what nobody asked for is a mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import NoReturn, TypeVar

from coffre.config.document import Document
from coffre.config.lines import KeyPath

V = TypeVar("V", str, int, float, bool)

_SPOKEN: dict[type, str] = {
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a table",
    list: "a list of tables",
}


class Section:
    """A table. Every ``take`` notes a key as known; :meth:`finish` refuses the others."""

    def __init__(self, document: Document, path: KeyPath, table: Mapping[str, object]) -> None:
        """Begin to read.

        Args:
            document: the file it is in.
            path: where.
            table: its keys and values.
        """
        self.document = document
        self.path = path
        self._table = table
        self._known: list[str] = []

    @property
    def name(self) -> str:
        """``offers.north``: how messages call it."""
        return ".".join(str(key) for key in self.path if isinstance(key, str))

    def __contains__(self, key: str) -> bool:
        """Whether the key was given."""
        return key in self._table

    # --- values ----------------------------------------------------------------------------

    def take(self, key: str, kind: type[V], default: V | None = None) -> V:
        """A value of one type, ``default`` when it is not given; without one, it must be.

        Raises:
            ConfigurationError: missing, or of another type.
        """
        value = self._get(key, kind)
        if value is None:
            if default is None:
                self.fail(None, f"{key} is missing: it must be {_SPOKEN[kind]}")
            return default
        return value

    def take_if_given(self, key: str, kind: type[V]) -> V | None:
        """A value of one type, ``None`` when it is not given."""
        return self._get(key, kind)

    def take_number(
        self, key: str, kind: type[V], default: V, *, least: float, most: float = float("inf")
    ) -> V:
        """A number within bounds.

        Raises:
            ConfigurationError: of another type, or out of bounds.
        """
        value = self.take(key, kind, default)
        if not least <= float(value) <= most:
            bounds = f"at least {least:g}" if most == float("inf") else f"{least:g} to {most:g}"
            self.fail(key, f"{key} is {value}; it must be {bounds}")
        return value

    def take_choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """One of a few words.

        Raises:
            ConfigurationError: another word.
        """
        value = self.take(key, str, default)
        if value not in choices:
            self.fail(key, f"{key} is {value!r}; {_one_of(value, choices)}")
        return value

    def take_words(self, key: str, choices: Sequence[str], everything: str) -> frozenset[str]:
        """A list of words, or ``true`` for whatever there is; none when it is not given.

        Args:
            key: the key.
            choices: the words that are known.
            everything: what stands for ``true``.

        Raises:
            ConfigurationError: of another type, or a word that is not known.
        """
        self._known.append(key)
        given = self._table.get(key, False)
        if isinstance(given, bool):
            return frozenset({everything} if given else ())
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            self.fail(key, f"{key} must be true, false, or a list of texts in quotes")
        for one in given:
            if one not in choices:
                self.fail(key, f"{key} names {one!r}; {_one_of(one, choices)}")
        return frozenset(given)

    def take_anything(self, key: str) -> Mapping[str, object]:
        """A table whose keys somebody else knows, empty when it is not given."""
        return self._get_table(key)

    # --- sections --------------------------------------------------------------------------

    def section(self, key: str) -> Section:
        """The table of that name, empty when it is not given."""
        return Section(self.document, (*self.path, key), self._get_table(key))

    def sections(self, key: str) -> Iterator[tuple[str, Section]]:
        """The tables inside the table of that name, each with its own name."""
        outer = self.section(key)
        for name in outer._table:
            yield name, outer.section(name)

    def listed(self, key: str) -> list[Section]:
        """The tables of a list; none when it is not given."""
        self._known.append(key)
        rows = self._table.get(key, [])
        if not isinstance(rows, list):
            self._refuse_type(key, list)
        return [self._row(key, number, row) for number, row in enumerate(rows)]

    def _row(self, key: str, number: int, row: object) -> Section:
        path = (*self.path, key, number)
        if not isinstance(row, dict):
            self.document.fail(path, f"{self.name}: each of {key} must be a table in braces")
        return Section(self.document, path, row)

    # --- mistakes --------------------------------------------------------------------------

    def finish(self) -> None:
        """Refuse keys that nobody asked for: a misspelt one would silently have no effect.

        Raises:
            ConfigurationError: there is one.
        """
        for key in self._table:
            if key not in self._known:
                self.fail(key, f"unknown key {key!r}; {_one_of(key, sorted(self._known))}")

    def fail(self, key: str | None, message: str) -> NoReturn:
        """Refuse a value, or the whole table when ``key`` is ``None``.

        Raises:
            ConfigurationError: always.
        """
        path = self.path if key is None else (*self.path, key)
        self.document.fail(path, f"{self.name}: {message}" if self.name else message)

    def _get(self, key: str, kind: type[V]) -> V | None:
        self._known.append(key)
        value = self._table.get(key)
        if value is None:
            return None
        if kind is float and type(value) is int:
            return kind(value)
        # bool is an int in Python; a user who writes true for a number has made a mistake.
        if type(value) is not kind:
            self._refuse_type(key, kind)
        return value

    def _get_table(self, key: str) -> Mapping[str, object]:
        self._known.append(key)
        value = self._table.get(key, {})
        if not isinstance(value, dict):
            self._refuse_type(key, dict)
        return value

    def _refuse_type(self, key: str, kind: type) -> NoReturn:
        # The value is left out: it may be a secret in the wrong place.
        self.fail(key, f"{key} must be {_SPOKEN[kind]}")


def _one_of(given: str, known: Sequence[str]) -> str:
    """What could have been meant."""
    near = get_close_matches(given, known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"use one of: {', '.join(known)}" if known else "nothing is allowed here"
