"""Checks: what a driver answered, held against what it was asked.

And the streams it gives, watched: a stream that ends early is a cut, of which nothing follows
for the object; one of the right length with other bytes is a corrupt object.
"""

from __future__ import annotations

from collections.abc import Callable

from coffre.contract import (
    CoffreError,
    ConnectionLostError,
    Digest,
    GetRequest,
    GetResult,
    InvalidRequestError,
    ObjectCorruptError,
    ObjectRef,
    OfferFailedError,
    PutRequest,
    PutResult,
    StatRequest,
    StatResult,
)
from coffre.streams import BoundedStream, ReadableStream, VerifyingStream, read_exactly


def checked_put(result: PutResult, request: PutRequest) -> PutResult:
    """The result of a put, when the offer holds what it was given.

    Raises:
        ObjectCorruptError: it holds an object of another size or digest than announced.
        OfferFailedError: the digest is under another algorithm; a defect of the driver.
    """
    digest = result.digest
    if result.size != request.size:
        raise ObjectCorruptError(
            f"the offer holds {result.size} bytes after a put of {request.size}", ref=request.ref
        )
    if digest.algorithm is not request.algorithm:
        raise OfferFailedError(
            f"the driver answered with a {digest.algorithm} digest, {request.algorithm} was asked "
            "for; this is a defect of the driver",
            ref=request.ref,
        )
    if request.expected is not None and digest.value != request.expected.value:
        raise ObjectCorruptError(
            f"the offer holds bytes of digest {digest}, {request.expected} was put",
            ref=request.ref,
        )
    return result


def checked_stat(result: StatResult, request: StatRequest) -> StatResult:
    """What an offer says of an object, when it says all that was asked.

    Raises:
        OfferFailedError: the digest asked for is missing or of another algorithm; a defect.
    """
    if request.digest is None:
        return result
    if result.digest is None or result.digest.algorithm is not request.digest:
        raise OfferFailedError(
            f"the driver did not give the {request.digest} digest it was asked for; "
            "this is a defect of the driver",
            ref=request.ref,
        )
    return result


def watched(
    result: GetResult, request: GetRequest, *, expected: Digest | None, size: int | None
) -> ReadableStream:
    """The stream of an open object, which raises rather than give other bytes than it should.

    Args:
        result: what the driver opened.
        request: what was asked.
        expected: digest of the whole object, when known.
        size: its length in bytes, when known.

    Raises:
        ObjectCorruptError: the object has another size; no byte was read.
    """
    if size is not None:
        _check_size(result, request, size)
    length = result.size - request.offset if request.length is None else request.length
    cut = _cut(request.ref)
    if expected is None:
        return BoundedStream(result.stream, length, cut)
    return VerifyingStream(result.stream, length, expected, _corrupt(request.ref), cut=cut)


def check_small(result: GetResult, request: GetRequest, *, expected: Digest, size: int) -> None:
    """Read an object that fits in memory, and judge it: as :func:`watched`, in a third of the time.

    Raises:
        ObjectCorruptError: another size, or other bytes.
        ConnectionLostError: the transfer gave another number of bytes than was said.
    """
    _check_size(result, request, size)
    data = read_exactly(result.stream, size)
    if len(data) != size or result.stream.read(1):
        raise _cut(request.ref)(f"not the {size} bytes that were announced")
    found = expected.algorithm.of(data)
    if found != expected:
        raise _corrupt(request.ref)(f"digest {found} was read, {expected} was expected")


def _check_size(result: GetResult, request: GetRequest, size: int) -> None:
    if result.size != size:
        raise ObjectCorruptError(
            f"the offer holds {result.size} bytes, {size} were expected", ref=request.ref
        )


def check_verifiable(request: GetRequest, expected: Digest | None) -> None:
    """Refuse to verify a part of an object against the digest of the whole.

    Raises:
        InvalidRequestError: a range was asked for together with a digest.
    """
    if expected is not None and (request.offset or request.length is not None):
        raise InvalidRequestError(
            "a range cannot be verified against the digest of the whole object", ref=request.ref
        )


def _cut(ref: ObjectRef) -> Callable[[str], CoffreError]:
    # The driver said how long the object is and gave another number of bytes without an
    # error: the transfer is broken, and the object may well be sound.
    return lambda why: ConnectionLostError(
        f"the transfer was cut: {why}", ref=ref, effect_unknown=False
    )


def _corrupt(ref: ObjectRef) -> Callable[[str], CoffreError]:
    return lambda why: ObjectCorruptError(f"the copy is not the object: {why}", ref=ref)
