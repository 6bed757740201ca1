"""Put: bytes to a file that nobody knows of, flushed; then a row, and the object is there."""

from __future__ import annotations

import os

from coffre.contract import (
    SYSTEM_CLOCK,
    Buffer,
    Evidence,
    NotReadyError,
    ObjectConflictError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    as_text,
)
from coffre.drivers.cold.errors import offer_error, translating
from coffre.drivers.cold.held import Held, find
from coffre.drivers.cold.library import Library
from coffre.drivers.cold.reading import digest_file, open_cached
from coffre.streams import Copied, check_received, copy_digesting, write_all
from coffre.tree import record_line


def put(library: Library, request: PutRequest) -> PutResult:
    """Store one object; see ``Connection.put``.

    A failure before the row leaves a file that no row names: it is removed here, or swept when
    the process died. The file stays locked until the row is there.
    """
    with translating(request.ref):
        descriptor, token = library.new_file()
    known = False
    try:
        copied = _receive(descriptor, request)
        with translating(request.ref):
            library.settle(descriptor, library.cached(token))
            known = _register(library, request, token, copied)
            if not known:
                return _result_of_same(library, request, copied)
    finally:
        if not known:
            library.discard(token)
        os.close(descriptor)
    return PutResult(
        size=copied.size,
        digest=copied.digest,
        evidence=Evidence.PRESENT,
        durable=library.settings.flush,
    )


def _receive(descriptor: int, request: PutRequest) -> Copied:
    """Pull the content into the file; its own errors pass through unchanged."""

    def write(data: Buffer) -> None:
        try:
            write_all(descriptor, data)
        except OSError as error:
            raise offer_error(error, request.ref) from error

    with request.content.open() as stream:
        copied = copy_digesting(stream, write, request.algorithm, at_most=request.size)
    check_received(request, copied)
    return copied


def _register(library: Library, request: PutRequest, token: str, copied: Copied) -> bool:
    """Make the object visible; false when the reference holds something already."""
    ref = request.ref
    moment = as_text(SYSTEM_CLOCK.now())
    record = record_line(ref, copied.size, copied.digest, moment, request.metadata)
    catalogue = library.catalogue
    with catalogue.changing():
        return (
            catalogue.do(
                "INSERT INTO objects (tenant, container, identifier, size, digest, record, "
                "arrived, token) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                ref.tenant,
                ref.container,
                ref.identifier,
                copied.size,
                str(copied.digest),
                record,
                library.now(),
                token,
            )
            > 0
        )


def _result_of_same(library: Library, request: PutRequest, copied: Copied) -> PutResult:
    """The acknowledgement of bytes that were there before.

    Raises:
        ObjectConflictError: other bytes are there, and stay.
        NotReadyError: it cannot be told which, before the tape is read.
        OfferUnavailableError: it was deleted while it was compared; put it again.
    """
    found = find(library, request.ref)
    if found is None:
        # Rare enough that the caller's retry is simpler than a loop of ours.
        raise OfferUnavailableError("others delete this object just now", ref=request.ref)
    evidence = _compare(library, request, found, copied)
    if evidence is None:
        raise ObjectConflictError(
            f"{request.ref} holds other bytes already; they stay as they are", ref=request.ref
        )
    return PutResult(
        size=copied.size,
        digest=copied.digest,
        evidence=evidence,
        already_there=True,
        durable=library.settings.flush,
    )


def _compare(library: Library, request: PutRequest, found: Held, copied: Copied) -> Evidence | None:
    """How it is known that the bytes are the same; ``None`` when they are others.

    On disk they are read now. On tape only, the digest that was verified when they were packed
    is compared: nobody mounts a tape to store what is there.
    """
    if found.size != copied.size or found.damage is not None:
        return None
    descriptor = open_cached(library, found)
    if descriptor is not None:
        try:
            same = digest_file(descriptor, found.size, request.algorithm).matches(copied.digest)
        finally:
            os.close(descriptor)
        return Evidence.REPORTED if same else None
    if found.digest.algorithm is not request.algorithm:
        raise NotReadyError(
            f"{request.ref} is on tape, known by a {found.digest.algorithm} digest: ask for "
            f"access before it is compared by {request.algorithm}",
            ref=request.ref,
        )
    return Evidence.PRESENT if found.digest.matches(copied.digest) else None
