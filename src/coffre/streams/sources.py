"""Contents: bytes in memory, a file, and an open stream that can be read once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from coffre.contract import (
    Buffer,
    ByteStream,
    Digest,
    DigestAlgorithm,
    SourceChangedError,
    SourceError,
)
from coffre.streams.passing import Passage
from coffre.streams.reading import CHUNK, ReadableStream


class BytesContent:
    """Bytes already in memory; their digest is computed once, however many offers ask."""

    def __init__(self, data: bytes, known: Digest | None = None) -> None:
        """Hold the bytes.

        Args:
            data: the whole object.
            known: its digest, when the caller has just computed it from these very bytes.
        """
        self.data = data
        self.size = len(data)
        """Length, in bytes."""
        self._digests = {} if known is None else {known.algorithm: known}

    def digest(self, algorithm: DigestAlgorithm) -> Digest:
        """Digest of the bytes."""
        found = self._digests.get(algorithm)
        if found is None:
            found = self._digests[algorithm] = algorithm.of(self.data)
        return found

    def open(self) -> ReadableStream:
        """A fresh stream over the bytes."""
        return _BytesStream(self)


class _BytesStream(ReadableStream):
    def __init__(self, content: BytesContent) -> None:
        super().__init__()
        self._content = content

    def chunks(self) -> Iterator[Buffer]:
        return iter((self._content.data,) if self._content.data else ())

    def attests(self, algorithm: DigestAlgorithm) -> bool:
        return True

    def attested(self, algorithm: DigestAlgorithm) -> Digest:
        return self._content.digest(algorithm)

    def read(self, size: int = -1, /) -> bytes:
        if size < 0 and self._source is None:
            self._source = iter(())
            return self._content.data
        return super().read(size)


class FileContent:
    """A regular file, which must not change while it is read."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Look at the file.

        Args:
            path: a regular file, or a symbolic link to one.

        Raises:
            SourceError: it cannot be looked at, or is a directory, a socket, a fifo or a device.
        """
        self.path = os.fspath(path)
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise SourceError(f"{self.path}: {error.strerror}") from error
        except ValueError as error:  # a NUL in the name
            raise SourceError(f"{self.path!a} cannot be the name of a file") from error
        if not stat.S_ISREG(found.st_mode):
            raise SourceError(f"{self.path} is not a regular file")
        self.size = found.st_size

    def open(self) -> FileStream:
        """A fresh stream over the file.

        Raises:
            SourceError: the file vanished, or cannot be read.
        """
        return FileStream(self.open_descriptor(), self.path)

    def open_descriptor(self) -> int:
        """A fresh descriptor of the file, for whoever makes a stream of another kind over it.

        Raises:
            SourceError: the file vanished, or cannot be read.
        """
        return self._opened()[0]

    def _opened(self) -> tuple[int, os.stat_result]:
        try:
            # O_NONBLOCK: a fifo put in the file's place must not hang the open.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise SourceError(f"{self.path}: {error.strerror}") from error
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise SourceError(f"{self.path} is not a regular file any more")
        return descriptor, found

    def read(self, at_most: int) -> bytes | None:
        """The whole file in one go when it has at most that many bytes, else ``None``.

        Raises:
            SourceError: the file vanished, changed, or cannot be read.
        """
        if self.size > at_most:
            return None
        descriptor, before = self._opened()
        try:
            data = os.pread(descriptor, self.size + 1, 0)
            while len(data) < self.size and (more := os.pread(descriptor, self.size, len(data))):
                data += more
            after = os.fstat(descriptor)
        except OSError as error:
            raise SourceError(f"{self.path}: {error.strerror}") from error
        finally:
            os.close(descriptor)
        if len(data) != self.size or _is_changed(before, after):
            raise SourceChangedError(f"{self.path} changed while it was read; put it again")
        return data


def _is_changed(before: os.stat_result, now: os.stat_result) -> bool:
    return (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns)


class FileStream(ReadableStream):
    """An open file, read into one buffer that is lent chunk after chunk.

    It keeps its own position, so that descriptors of one file can be read side by side.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        """Take over an open descriptor of a regular file; it is closed with the stream."""
        super().__init__()
        self._descriptor = descriptor
        self._name = name
        self._before = os.fstat(descriptor)
        self._position = 0
        self._passage = Passage(descriptor, 0, self._before.st_size)

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer as far as the file goes; 0 at the end.

        Raises:
            SourceError: the file cannot be read, or changed meanwhile.
        """
        try:
            count = os.preadv(self._descriptor, (buffer,), self._position)
        except OSError as error:
            raise SourceError(f"{self._name}: {error.strerror}") from error
        if not count:
            self._check_unchanged()
        self._position += count
        self._passage.reached(self._position)
        return count

    def chunks(self) -> Iterator[Buffer]:
        """The bytes of the file."""
        buffer = memoryview(bytearray(min(CHUNK, max(self._before.st_size, 1))))
        while count := self.readinto(buffer):
            yield buffer[:count]

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, straight from the file."""
        if size < 0:
            return super().read(size)
        try:
            data = os.pread(self._descriptor, size, self._position)
        except OSError as error:
            raise SourceError(f"{self._name}: {error.strerror}") from error
        if not data and size:
            self._check_unchanged()
        self._position += len(data)
        self._passage.reached(self._position)
        return data

    def _check_unchanged(self) -> None:
        if _is_changed(self._before, os.fstat(self._descriptor)):
            raise SourceChangedError(f"{self._name} changed while it was read; put it again")

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class OnceContent:
    """An open stream as a content that can be opened once: for passes that never retry."""

    def __init__(self, stream: ByteStream) -> None:
        """Hold the stream."""
        self._stream: ByteStream | None = stream

    def open(self) -> ByteStream:
        """The stream itself, the first time.

        Raises:
            SourceError: it was opened before.
        """
        stream, self._stream = self._stream, None
        if stream is None:
            raise SourceError("this source can be read once only")
        return stream
