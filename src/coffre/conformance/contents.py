"""Contents for checks: sources that break off, that are read piecemeal, that let others look."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from coffre.contract import Buffer
from coffre.streams import ReadableStream

PIECE = 64 * 1024
"""Bytes that a scripted content gives at a time."""

Step = bytes | BaseException | Callable[[], object]
"""What a scripted content does next: give bytes, raise, or call something that looks around."""


def some_bytes(size: int, start: int = 0) -> bytes:
    """Bytes that repeat with a period of 251, which is no power of two: a shift shows."""
    pattern = bytes((start + number) % 251 for number in range(251))
    return (pattern * (size // 251 + 1))[:size]


class ScriptedContent:
    """A source that follows a script each time it is opened."""

    def __init__(self, *steps: Step, size: int | None = None) -> None:
        """Write the script.

        Args:
            steps: in order: bytes to give, an error to raise, something to call.
            size: length to announce; that of the bytes in the script when ``None``.
        """
        self._steps = steps
        given = sum(len(step) for step in steps if isinstance(step, bytes))
        self.size = given if size is None else size
        """Length that a request should announce, in bytes."""
        self.opened = 0
        """How often it was opened."""
        self.closed = 0
        """How often a stream of it was closed."""

    def open(self) -> ReadableStream:
        """A stream that follows the script from its beginning."""
        self.opened += 1
        return _ScriptedStream(self._steps, self._count_close)

    def _count_close(self) -> None:
        self.closed += 1


class _ScriptedStream(ReadableStream):
    def __init__(self, steps: tuple[Step, ...], closed: Callable[[], None]) -> None:
        super().__init__()
        self._steps = steps
        self._closed: Callable[[], None] | None = closed

    def chunks(self) -> Iterator[Buffer]:
        for step in self._steps:
            if isinstance(step, bytes):
                for at in range(0, len(step), PIECE):
                    yield step[at : at + PIECE]
            elif isinstance(step, BaseException):
                raise step
            else:
                step()

    def close(self) -> None:
        closed, self._closed = self._closed, None
        if closed is not None:
            closed()


class OtherContent:
    """A source that gives one object when it is opened first, and another from then on."""

    def __init__(self, first: bytes, others: bytes) -> None:
        """Hold both."""
        self._first: bytes | None = first
        self._others = others

    def open(self) -> ReadableStream:
        """A stream of the first, or of the others."""
        first, self._first = self._first, None
        return ScriptedContent(self._others if first is None else first).open()


class PlainContent:
    """A source that knows only ``read``, and gives fewer bytes than asked for, as pipes do."""

    def __init__(self, data: bytes, *, at_most: int) -> None:
        """Hold the bytes.

        Args:
            data: the whole object.
            at_most: bytes that one ``read`` gives.
        """
        self._data = data
        self._at_most = at_most
        self.size = len(data)
        """Length, in bytes."""

    def open(self) -> PlainStream:
        """A fresh stream."""
        return PlainStream(self._data, self._at_most)


class PlainStream:
    """An open stream of a :class:`PlainContent`: the least that ``ByteStream`` asks for."""

    def __init__(self, data: bytes, at_most: int) -> None:
        """Open it at the first byte."""
        self._file = io.BytesIO(data)
        self._at_most = at_most

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, and never more than ``at_most``, unless all are asked for."""
        return self._file.read(size if size < 0 else min(size, self._at_most))

    def close(self) -> None:
        """Let the bytes go."""
        self._file.close()

    def __enter__(self) -> Self:
        """Use the stream; it is closed on leaving."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Close it."""
        self.close()
