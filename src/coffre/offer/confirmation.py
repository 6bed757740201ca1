"""Confirmation: did a request whose answer was lost have its effect?

Asked before the request is sent again. Three answers, as everywhere: it had, it had not, and
(by an error) not known.
"""

from __future__ import annotations

from coffre.contract import (
    Capability,
    Connection,
    DeleteRequest,
    DeleteResult,
    Digest,
    Evidence,
    ObjectCorruptError,
    ObjectNotFoundError,
    ObjectRef,
    PutRequest,
    PutResult,
    StatRequest,
    StatResult,
    UnsupportedOperationError,
)
from coffre.offer.sessions import Sessions
from coffre.offer.verification import ask_digest, read_back
from coffre.streams import copy_digesting


def confirm_put(sessions: Sessions, request: PutRequest) -> PutResult | None:
    """Whether the offer holds the object whose put was not answered.

    Returns:
        What is held, with the evidence that was had for it; ``None`` when the reference holds
        nothing or other bytes, so that the put is to be sent again. A stat says nothing of
        flushes, so the result does not claim that the object is durable.

    Raises:
        OfferError: not known.
        SourceError: the content cannot be read again, to know what to look for.
    """
    found = _stat(sessions, request.ref)
    if found is None or found.size != request.size:
        return None
    digest = request.expected or _digest_of(request)
    try:
        evidence = _evidence(sessions, request.ref, found, digest)
    except (ObjectCorruptError, ObjectNotFoundError):
        return None
    return PutResult(size=found.size, digest=digest, evidence=evidence, durable=False)


def _evidence(sessions: Sessions, ref: ObjectRef, found: StatResult, digest: Digest) -> Evidence:
    """The cheapest look that tells whether the object is the one that was put.

    Raises:
        ObjectCorruptError: it is another one.
    """
    recorded = found.recorded
    if recorded is not None and recorded.algorithm is digest.algorithm:
        # A driver publishes the record together with the object, in one step.
        if not recorded.matches(digest):
            raise ObjectCorruptError(f"the offer recorded digest {recorded}", ref=ref)
        return Evidence.PRESENT
    if Capability.OFFER_DIGEST in sessions.capabilities():
        ask_digest(sessions, ref, found.size, digest)
        return Evidence.REPORTED
    read_back(sessions, ref, found.size, digest)
    return Evidence.READ


def confirm_delete(sessions: Sessions, request: DeleteRequest) -> DeleteResult | None:
    """Whether the object whose deletion was not answered is gone.

    Returns:
        That it existed, when it is gone: of this deletion there is no better account.
        ``None`` when it is still there, so that the deletion is to be sent again.

    Raises:
        OfferError: not known.
    """
    return DeleteResult(existed=True) if _stat(sessions, request.ref) is None else None


def never_twice() -> None:
    """For a request whose effect cannot be looked up: it is not sent again.

    Raises:
        UnsupportedOperationError: always; whoever asked raises the doubt itself.
    """
    raise UnsupportedOperationError("this operation cannot be confirmed, so it is not repeated")


def _stat(sessions: Sessions, ref: ObjectRef) -> StatResult | None:
    request = StatRequest(ref=ref)

    def ask(connection: Connection) -> StatResult:
        return connection.stat(request)

    try:
        return sessions.use(request, ask)
    except ObjectNotFoundError:
        return None


def _digest_of(request: PutRequest) -> Digest:
    """Digest of the content, read once more: nothing announced it."""
    with request.content.open() as stream:
        return copy_digesting(stream, lambda _: None, request.algorithm).digest
