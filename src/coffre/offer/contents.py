"""Contents that are not ours: their errors are theirs, and are not laid at the driver's door."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import lru_cache

from coffre.contract import Buffer, ByteStream, CoffreError, Content, PutRequest, SourceError
from coffre.streams import ReadableStream, chunks_of


def guarded(request: PutRequest) -> PutRequest:
    """The request, its content guarded when it is of a kind that this package does not make."""
    content = guard(request.content)
    return request if content is request.content else dataclasses.replace(request, content=content)


def guard(content: Content) -> Content:
    """The content, guarded when it is of a kind that this package does not make."""
    return content if _ours(type(content)) else _Guarded(content)


@lru_cache(maxsize=128)
def _ours(kind: type) -> bool:
    """Whether a content raises the errors of the contract only, and knows it."""
    return kind.__module__.startswith("coffre.streams.")


class _Guarded:
    """A content whose stray errors become a ``SourceError``, so that nobody blames the driver."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def open(self) -> ByteStream:
        try:
            stream = self._content.open()
        except CoffreError:
            raise
        except Exception as error:
            raise _unreadable(error) from error
        # Our own streams attest digests and lend buffers; wrapping them would lose that.
        return stream if isinstance(stream, ReadableStream) else _GuardedStream(stream)


class _GuardedStream(ReadableStream):
    def __init__(self, stream: ByteStream) -> None:
        super().__init__()
        self._stream = stream

    def chunks(self) -> Iterator[Buffer]:
        try:
            yield from chunks_of(self._stream)
        except CoffreError:
            raise
        except Exception as error:
            raise _unreadable(error) from error

    def close(self) -> None:
        self._stream.close()


def _unreadable(error: Exception) -> SourceError:
    return SourceError(f"the source could not be read: {error}")
