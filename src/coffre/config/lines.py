"""Lines: on which line of a TOML text each table and key stands.

``tomllib`` gives values and no places. This reads a text that ``tomllib`` has found correct, so
it may be lenient: it only has to see where keys, strings and brackets begin and end.

Source: TOML 1.0.0.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

KeyPath = tuple[str | int, ...]
"""Keys from the root down; a number is a position in an array, from 0."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")
_STRING = re.compile(
    # Multi-line strings may end in up to five quotes, two of which belong to them.
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)


class Lines:
    """The line of every key in one text."""

    def __init__(self, text: str) -> None:
        """Read the places.

        Args:
            text: correct TOML.
        """
        self._text = text
        self._at = 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._lines: dict[KeyPath, int] = {}
        self._arrays: dict[KeyPath, int] = {}
        """Arrays of tables, with the number of tables so far."""
        self._document()

    def of(self, path: KeyPath) -> int | None:
        """Line of a key, from 1; of the nearest one above it when it is not in the text."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path)

    # --- reading ---------------------------------------------------------------------------

    def _document(self) -> None:
        table: KeyPath = ()
        while self._more():
            if self._peek("[["):
                table = self._header(2)
            elif self._peek("["):
                table = self._header(1)
            else:
                self._pair(table)

    def _header(self, brackets: int) -> KeyPath:
        """``[a.b]`` or ``[[a.b]]``: the table that the next keys belong to."""
        line = self._line()
        self._at += brackets
        path = self._inside(self._key())
        if brackets == 2:
            number = self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, number)
        self._lines[path] = line
        self._more()
        self._at += brackets
        return path

    def _inside(self, keys: KeyPath) -> KeyPath:
        """The path of a header: one into an array of tables means its last table."""
        path: KeyPath = ()
        for position, key in enumerate(keys):
            path = (*path, key)
            self._lines.setdefault(path, self._line())
            if path in self._arrays and position < len(keys) - 1:
                path = (*path, self._arrays[path])
        return path

    def _pair(self, table: KeyPath) -> None:
        """``key = value``."""
        line = self._line()
        path = table
        for key in self._key():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._more()
        self._at += 1  # the equals sign
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._more()
        if self._peek("["):
            self._array(path)
        elif self._peek("{"):
            self._inline_table(path)
        else:
            self._at = self._end_of(_STRING if self._text[self._at] in "\"'" else _SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        number = 0
        while self._more() and not self._peek("]"):
            self._lines[*path, number] = self._line()
            self._value((*path, number))
            self._skip_comma()
            number += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._more() and not self._peek("}"):
            self._pair(path)
            self._skip_comma()
        self._at += 1

    def _key(self) -> KeyPath:
        """A dotted key, its parts decoded."""
        parts = [self._key_part()]
        while self._more() and self._peek("."):
            self._at += 1
            parts.append(self._key_part())
        return tuple(parts)

    def _key_part(self) -> str:
        self._more()
        start = self._at
        quoted = self._text[start] in "\"'"
        self._at = self._end_of(_STRING if quoted else _BARE)
        part = self._text[start : self._at]
        return str(tomllib.loads(f"key = {part}")["key"]) if quoted else part

    # --- characters ------------------------------------------------------------------------

    def _more(self) -> bool:
        """Skip blanks and comments; whether there is more."""
        self._at = self._end_of(_BLANK)
        return self._at < len(self._text)

    def _skip_comma(self) -> None:
        self._more()
        if self._peek(","):
            self._at += 1

    def _peek(self, what: str) -> bool:
        return self._text.startswith(what, self._at)

    def _end_of(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(f"not TOML at character {self._at}")
        return found.end()

    def _line(self) -> int:
        return bisect_right(self._starts, self._at)
