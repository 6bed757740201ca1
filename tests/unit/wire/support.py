"""Bodies that come in pieces, as the network cuts them."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self


class Arriving:
    """A plain stream, not one of ours, that gives at most ``step`` bytes at a time."""

    def __init__(self, data: bytes, step: int = 7) -> None:
        self.data = data
        self.step = step
        self.position = 0
        self.closed = False

    def read(self, size: int = -1, /) -> bytes:
        most = self.step if size < 0 else min(size, self.step)
        taken = self.data[self.position : self.position + most]
        self.position += len(taken)
        return taken

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def cut(data: bytes, step: int) -> Iterator[bytes]:
    """The same bytes in pieces of that many."""
    return (data[start : start + step] for start in range(0, len(data), step))
