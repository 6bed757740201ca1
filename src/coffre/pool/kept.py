"""Streams, listings and iterators that keep their connection until they are closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import ParamSpec, Protocol, Self, TypeVar

from coffre.contract import (
    Buffer,
    ByteStream,
    Connection,
    Digest,
    DigestAlgorithm,
    ListEntry,
    Listing,
)
from coffre.streams import ReadableStream

P = ParamSpec("P")
R = TypeVar("R")


class Owner(Protocol):
    """The connection through which something was opened."""

    @property
    def inside(self) -> Connection:
        """The connection that does the work; raises when it must not be used any more."""
        ...

    def watched(self, call: Callable[P, R], /, *given: P.args, **named: P.kwargs) -> R:
        """Call the inside, and have a look at what it raises."""
        ...

    def released(self) -> None:
        """One of the things that were open is closed."""
        ...

    def dropped(self) -> None:
        """As :meth:`released`, of a finaliser: takes no lock."""
        ...


class _Kept:
    """Part of a stand-in that is open, until it is released once."""

    def __init__(self, owner: Owner) -> None:
        self.owner: Owner | None = owner

    def release(self) -> None:
        owner, self.owner = self.owner, None
        if owner is not None:
            owner.released()

    def __del__(self) -> None:
        # Dropped without being closed: the owner's lease or permit must not stay away for ever.
        owner, self.owner = self.owner, None
        if owner is not None:
            owner.dropped()


def kept_stream(stream: ByteStream, owner: Owner) -> ByteStream:
    """A stand-in of the same kind: streams of ours lend their buffers, others are read."""
    if isinstance(stream, ReadableStream):
        return KeptChunks(stream, owner)
    return KeptStream(stream, owner)


class KeptStream:
    """A stream that is read; keeps its connection until closed."""

    def __init__(self, stream: ByteStream, owner: Owner) -> None:
        """Stand for an open stream."""
        self._stream = stream
        self._owner = owner
        self._kept = _Kept(owner)

    def read(self, size: int = -1, /) -> bytes:
        """Read on."""
        self._owner.inside  # noqa: B018 - refuses what is not ours any more
        return self._owner.watched(self._stream.read, size)

    def close(self) -> None:
        """Close it; the connection may go home."""
        try:
            self._owner.watched(self._stream.close)
        finally:
            self._kept.release()

    def __enter__(self) -> Self:
        """Use the stream; it is closed on leaving."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def __getattr__(self, name: str) -> object:
        """Whatever else the stream has."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._stream, name)


class KeptChunks(ReadableStream):
    """A stream of ours, whose buffers pass through uncopied; keeps its connection until closed."""

    def __init__(self, stream: ReadableStream, owner: Owner) -> None:
        """Stand for an open stream."""
        super().__init__()
        self._stream = stream
        self._owner = owner
        self._kept = _Kept(owner)

    def chunks(self) -> Iterator[Buffer]:
        """The bytes, in order."""
        chunks = self._stream.chunks()
        while True:
            self._owner.inside  # noqa: B018 - refuses what is not ours any more
            chunk = self._owner.watched(next, chunks, None)
            if chunk is None:
                return
            yield chunk

    def attests(self, algorithm: DigestAlgorithm) -> bool:
        """As the stream inside does."""
        return self._stream.attests(algorithm)

    def attested(self, algorithm: DigestAlgorithm) -> Digest:
        """As the stream inside does."""
        return self._stream.attested(algorithm)

    def close(self) -> None:
        """Close it; the connection may go home."""
        try:
            self._owner.watched(self._stream.close)
        finally:
            self._kept.release()


class KeptListing(Listing):
    """A listing that keeps its connection until closed."""

    def __init__(self, listing: Listing, owner: Owner) -> None:
        """Stand for an open listing."""
        super().__init__(listing)
        self._listing = listing
        self._owner = owner
        self._kept = _Kept(owner)

    def __next__(self) -> ListEntry:
        """The next entry."""
        self._owner.inside  # noqa: B018 - refuses what is not ours any more
        try:
            return self._owner.watched(next, self._listing)
        except StopIteration:
            self.complete = self._listing.complete
            raise

    def close(self) -> None:
        """Close it; the connection may go home."""
        try:
            self._owner.watched(self._listing.close)
        finally:
            self._kept.release()


class KeptIterator(Iterator[object]):
    """What a service names one by one; keeps its connection until its end, or until closed."""

    def __init__(self, iterator: Iterator[object], owner: Owner) -> None:
        """Stand for an open iterator."""
        self._iterator = iterator
        self._owner = owner
        self._kept = _Kept(owner)

    def __next__(self) -> object:
        """The next one."""
        self._owner.inside  # noqa: B018 - refuses what is not ours any more
        try:
            return self._owner.watched(next, self._iterator)
        except BaseException:  # the end is one, too
            self._kept.release()
            raise

    def close(self) -> None:
        """Read no more."""
        close = getattr(self._iterator, "close", None)
        try:
            if callable(close):
                self._owner.watched(close)
        finally:
            self._kept.release()
