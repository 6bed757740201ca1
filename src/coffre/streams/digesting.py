"""Copies that digest what passes, for drivers: size and digest come from the bytes themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from coffre.contract import (
    Buffer,
    ByteStream,
    Digest,
    DigestAlgorithm,
    DigestMismatchError,
    PutRequest,
    SizeMismatchError,
)
from coffre.streams.reading import ReadableStream, chunks_of


class Copied(NamedTuple):
    """What passed through a copy."""

    size: int
    """Bytes."""
    digest: Digest
    """Of exactly those bytes."""


def copy_digesting(
    stream: ByteStream,
    write: Callable[[Buffer], object],
    algorithm: DigestAlgorithm,
    *,
    at_most: int | None = None,
) -> Copied:
    """Write a stream to its end, and say what passed.

    A stream that can attest the digest of the bytes it gave is believed, since it is ours and
    digested those very buffers; any other is digested here.

    Args:
        stream: open at the first byte; not closed.
        write: takes a buffer, which is only lent, and must take all of it.
        algorithm: of the digest wanted.
        at_most: stop with an error after more bytes than this.

    Raises:
        SizeMismatchError: more than ``at_most`` bytes came.
    """
    if isinstance(stream, ReadableStream) and stream.attests(algorithm):
        size = _copy(stream, write, at_most)
        return Copied(size, stream.attested(algorithm))
    hasher = algorithm.new()

    def write_and_digest(chunk: Buffer) -> None:
        hasher.update(chunk)
        write(chunk)

    size = _copy(stream, write_and_digest, at_most)
    return Copied(size, Digest(algorithm, hasher.digest()))


def _copy(stream: ByteStream, write: Callable[[Buffer], object], at_most: int | None) -> int:
    size = 0
    for chunk in chunks_of(stream):
        size += len(chunk)
        if at_most is not None and size > at_most:
            raise SizeMismatchError(f"more than the {at_most} bytes announced were received")
        write(chunk)
    return size


def check_received(request: PutRequest, copied: Copied) -> None:
    """Hold what was received against what the request announced, before it is published.

    Raises:
        SizeMismatchError: another length.
        DigestMismatchError: other bytes.
    """
    if copied.size != request.size:
        raise SizeMismatchError(
            f"{copied.size} bytes received, {request.size} announced", ref=request.ref
        )
    if request.expected is not None and not copied.digest.matches(request.expected):
        raise DigestMismatchError(
            f"the bytes received have digest {copied.digest}, announced was {request.expected}",
            ref=request.ref,
        )
