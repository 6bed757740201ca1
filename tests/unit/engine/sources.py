"""Sources that are not what they seem: they lie, break, change, or can be read once only."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Self

from coffre.contract import ByteStream
from coffre.streams import FileContent


class Stream:
    """A stream of somebody else's making; not one of ours, and not a file."""

    def read(self, size: int = -1, /) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class OnceOnly(Stream):
    """A stream of unknown length that gives few bytes at a time, and cannot seek."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    def read(self, size: int = -1, /) -> bytes:
        return self._inner.read(min(size, 70_001) if size >= 0 else 70_001)


class Breaking(Stream):
    """A stream that raises half-way."""

    def __init__(self, good: int, error: Exception) -> None:
        self._left = good
        self._error = error

    def read(self, size: int = -1, /) -> bytes:
        if self._left <= 0:
            raise self._error
        self._left -= 65536
        return bytes(65536)


class BreakingContent:
    """A content that breaks half-way, while it is being sent to the offers."""

    size = 3_000_000

    def __init__(self, error: Exception) -> None:
        self._error = error

    def open(self) -> ByteStream:
        return Breaking(2_000_000, self._error)


class Lying:
    """A content that says one length and gives another."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self.size = size

    def open(self) -> ByteStream:
        return OnceOnly(self._data)


class ChangingFile:
    """A content over a file that grows the moment it is opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = path.stat().st_size

    def open(self) -> ByteStream:
        stream = FileContent(self._path).open()
        with self._path.open("ab") as out:
            out.write(b"more")
        return stream
