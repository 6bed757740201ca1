"""Verification: looking at what was written, rather than believing what was said of it.

Evidence ``READ`` means that the bytes came back over a fresh connection and were digested
here. It does not mean that they came from the medium: an operating system, or a service, may
answer from a cache what it has just taken in. Only an audit, later, reads what has aged.
"""

from __future__ import annotations

import dataclasses
from collections import deque

from coffre.contract import (
    Capability,
    Connection,
    Digest,
    Evidence,
    GetRequest,
    InvalidRequestError,
    ObjectCorruptError,
    ObjectRef,
    PutResult,
    StatRequest,
)
from coffre.offer.checks import checked_stat, watched
from coffre.offer.sessions import Sessions


def check_obtainable(wanted: Evidence | None) -> None:
    """Refuse evidence that a put cannot come with.

    Raises:
        InvalidRequestError: more than reading back was asked for.
    """
    if wanted is not None and wanted > Evidence.READ:
        raise InvalidRequestError(f"a put cannot come with evidence {str(wanted)!r}, at most read")


def is_enough(result: PutResult, wanted: Evidence | None) -> bool:
    """Whether a put came with the evidence wanted; ``READ`` is only had by reading."""
    return wanted is None or (wanted <= result.evidence and wanted < Evidence.READ)


def verify(sessions: Sessions, ref: ObjectRef, result: PutResult, wanted: Evidence) -> PutResult:
    """Look again at what was put, and say so in the result.

    Args:
        sessions: opens the fresh connection.
        ref: what was put.
        result: what the driver said of it.
        wanted: ``REPORTED``: the offer digests what it holds, where it can; else, and for
            ``READ``, the bytes are read back.

    Raises:
        ObjectCorruptError: the offer holds something else.
        ObjectNotFoundError: the offer holds nothing.
        OfferUnavailableError: nobody could look.
    """
    if wanted <= Evidence.REPORTED and Capability.OFFER_DIGEST in sessions.capabilities():
        ask_digest(sessions, ref, result.size, result.digest)
        return dataclasses.replace(result, evidence=Evidence.REPORTED)
    read_back(sessions, ref, result.size, result.digest)
    return dataclasses.replace(result, evidence=Evidence.READ)


def read_back(sessions: Sessions, ref: ObjectRef, size: int, digest: Digest) -> None:
    """Read a whole object over a fresh connection, in bounded memory, and digest it here.

    Raises:
        ObjectCorruptError: other bytes, or another number of them.
        OfferError: it could not be read to its end.
    """
    request = GetRequest(ref=ref, describe=False)

    def read(connection: Connection) -> None:
        with connection.get(request) as result:
            stream = watched(result, request, expected=digest, size=size)
            deque(stream.chunks(), maxlen=0)  # run through to the verdict, keeping nothing

    sessions.use(request, read)


def ask_digest(sessions: Sessions, ref: ObjectRef, size: int, digest: Digest) -> None:
    """Have the offer digest the object it holds.

    Raises:
        ObjectCorruptError: it is another digest, or another size.
        OfferError: the offer could not be asked.
    """
    request = StatRequest(ref=ref, digest=digest.algorithm)

    def ask(connection: Connection) -> None:
        found = checked_stat(connection.stat(request), request)
        if found.size != size or found.digest != digest:
            raise ObjectCorruptError(
                f"the offer holds {found.size} bytes of digest {found.digest}, "
                f"{size} bytes of digest {digest} were expected",
                ref=ref,
            )

    sessions.use(request, ask)
