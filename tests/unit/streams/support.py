"""Sources, and offers that take branches in their own ways."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from coffre.contract import Buffer, ByteStream, Digest, DigestAlgorithm
from coffre.streams import Branch, Fanout, ReadableStream, copy_digesting

PATIENCE = 30.0
"""Seconds after which a test says that something hangs."""

Offer = Callable[[Branch], bytes]
"""Takes a branch in its own way, and returns what it would have published."""


def some_bytes(size: int) -> bytes:
    """Bytes of which no two chunks are alike."""
    pattern = bytes(range(251))
    return (pattern * (size // 251 + 1))[:size]


@dataclass
class Trickle:
    """A content that is not ours: plain reads, shorter than asked for."""

    data: bytes
    step: int = 7919
    error: BaseException | None = None
    """Raised where the data end."""
    close_error: BaseException | None = None
    reads: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.data)

    def open(self) -> ByteStream:
        return _TrickleStream(self)


class _TrickleStream:
    def __init__(self, content: Trickle) -> None:
        self.content = content
        self.position = 0

    def read(self, size: int = -1, /) -> bytes:
        content = self.content
        taken = content.data[self.position : self.position + min(size, content.step)]
        self.position += len(taken)
        content.reads.append(self.position)
        if not taken and content.error is not None:
            raise content.error
        return taken

    def close(self) -> None:
        if self.content.close_error is not None:
            raise self.content.close_error

    def __enter__(self) -> _TrickleStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def whole(branch: Branch) -> bytes:
    """Read to the end, as our drivers do."""
    pieces: list[bytes] = []
    with branch.open() as stream:
        copy_digesting(stream, lambda chunk: pieces.append(bytes(chunk)), DigestAlgorithm.SHA512)
    return b"".join(pieces)


def by_length(size: int, step: int = 1000) -> Offer:
    """Read as many bytes as were announced and never ask for the end, as HTTP clients do."""

    def offer(branch: Branch) -> bytes:
        pieces: list[bytes] = []
        left = size
        with branch.open() as stream:
            while left and (piece := stream.read(min(step, left))):
                pieces.append(piece)
                left -= len(piece)
        return b"".join(pieces)

    return offer


@dataclass
class Outcome:
    """What came of one offer: bytes, or the error it met."""

    data: bytes | None = None
    error: BaseException | None = None


def drive(fanout: Fanout, offers: Sequence[Offer]) -> tuple[Digest | BaseException, list[Outcome]]:
    """Run a pass as the engine does: a thread for each offer, the source in this one."""
    outcomes = [Outcome() for _ in offers]

    def put(branch: Branch, offer: Offer, outcome: Outcome) -> None:
        try:
            outcome.data = offer(branch)
        except BaseException as error:  # noqa: BLE001 - of a thread: handed over
            outcome.error = error.with_traceback(None)
        finally:
            branch.abandon()

    threads = [
        threading.Thread(target=put, args=arguments, daemon=True)
        for arguments in zip(fanout.branches, offers, outcomes, strict=True)
    ]
    for thread in threads:
        thread.start()
    result: Digest | BaseException
    try:
        result = fanout.run()
    except BaseException as error:  # noqa: BLE001 - the result, for the test to look at
        result = error.with_traceback(None)
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "an offer hangs"
    return result, outcomes


class Pieces(ReadableStream):
    """A stream of ours that gives these chunks, then may fail."""

    def __init__(self, *chunks: bytes, error: BaseException | None = None) -> None:
        super().__init__()
        self._pieces = chunks
        self._error = error
        self.closed = 0

    def chunks(self) -> Iterator[Buffer]:
        yield from self._pieces
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        self.closed += 1
