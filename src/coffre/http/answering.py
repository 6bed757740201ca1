"""Answers: status, headers, and a body that is held whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


class Headers(Mapping[str, str]):
    """Headers of one answer: names in any case; those given twice are joined by ``", "``.

    Taken apart when first looked at: of most answers nothing but the status is read.
    """

    __slots__ = ("_lines", "_values")

    def __init__(self, lines: Sequence[bytes]) -> None:
        """Keep the lines of a head, without its status line."""
        self._lines = lines
        self._values: dict[str, str] | None = None

    def _parsed(self) -> dict[str, str]:
        if self._values is None:
            self._values = _parsed(self._lines)
        return self._values

    def __getitem__(self, name: str) -> str:
        """The value of a header; ``KeyError`` when the answer has none."""
        return self._parsed()[name.lower()]

    def __iter__(self) -> Iterator[str]:
        """The names, in lower case."""
        return iter(self._parsed())

    def __len__(self) -> int:
        """How many names."""
        return len(self._parsed())

    def __repr__(self) -> str:
        """The names alone: a value may be a token."""
        return f"Headers({', '.join(self)})"


def _parsed(lines: Sequence[bytes]) -> dict[str, str]:
    values: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            continue
        name, value = name.strip().lower(), value.strip()
        values[name] = f"{values[name]}, {value}" if name in values else value
    return values


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the service said: any status, redirects and refusals included."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    """The whole body; empty for HEAD, 204 and the like."""

    @property
    def done(self) -> bool:
        """Whether the service says that it did what it was asked (2xx)."""
        return 200 <= self.status < 300
