"""Distribution: one content, read once and digested once, to several offers.

Small objects are read whole and go to the offers one after the other, in the caller's thread:
a thread costs more than they do. Large ones go through the ring of ``streams.Fanout``, one
thread an offer, in bounded memory whatever their size.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from coffre.contract import (
    NO_METADATA,
    Capability,
    CoffreError,
    Content,
    Digest,
    DigestAlgorithm,
    DigestMismatchError,
    Evidence,
    ObjectRef,
    PutRequest,
    PutResult,
)
from coffre.engine.outcomes import CopyOutcome
from coffre.offer import Offer
from coffre.streams import BytesContent, Fanout

SMALL = 1024 * 1024
"""Bytes up to which an object is read whole, and no thread is used for it."""


class SizedContent(Content, Protocol):
    """A content whose length is known before it is read."""

    @property
    def size(self) -> int:
        """Length, in bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One object on its way to its offers."""

    ref: ObjectRef
    content: SizedContent
    algorithm: DigestAlgorithm
    announced: Digest | None = None
    """Digest that the caller gave, under any algorithm."""
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    replace: bool = False
    verify: Evidence = Evidence.PRESENT

    def request(self, offer: Offer, content: Content, expected: Digest | None) -> PutRequest:
        """What one offer is asked; metadata it cannot keep stay in the ledger alone."""
        keeps = Capability.METADATA in offer.capabilities
        return PutRequest(
            ref=self.ref,
            content=content,
            size=self.content.size,
            algorithm=self.algorithm,
            expected=expected,
            metadata=self.metadata if keeps else NO_METADATA,
            replace=self.replace,
        )


def distribute(parcel: Parcel, offers: Sequence[Offer]) -> tuple[Digest, tuple[CopyOutcome, ...]]:
    """Send one object to every offer given.

    Returns:
        The digest of what was read, and the outcome of each offer, in order. An offer that
        fails is an outcome; it stops nobody.

    Raises:
        SourceError: the source failed, vanished or changed; nothing was published anywhere.
        SizeMismatchError: it does not have its announced size; nothing was published.
        DigestMismatchError: it does not have the announced digest; nothing was published.
    """
    if isinstance(parcel.content, BytesContent):
        return _one_after_the_other(parcel, parcel.content, offers)
    return _all_at_once(parcel, offers)


def check_announced(content: BytesContent, announced: Digest | None, ref: ObjectRef) -> None:
    """Hold bytes in memory against the digest that the caller gave, before anything is sent.

    Raises:
        DigestMismatchError: they have another.
    """
    if announced is None:
        return
    found = content.digest(announced.algorithm)
    if not found.matches(announced):
        raise DigestMismatchError(
            f"the source has digest {found}, announced was {announced}; nothing was stored",
            ref=ref,
        )


def _one_after_the_other(
    parcel: Parcel, content: BytesContent, offers: Sequence[Offer]
) -> tuple[Digest, tuple[CopyOutcome, ...]]:
    check_announced(content, parcel.announced, parcel.ref)
    digest = content.digest(parcel.algorithm)
    return digest, tuple(_attempt(parcel, offer, content, digest) for offer in offers)


def _all_at_once(parcel: Parcel, offers: Sequence[Offer]) -> tuple[Digest, tuple[CopyOutcome, ...]]:
    fanout = Fanout(
        parcel.content,
        parcel.content.size,
        branches=len(offers),
        algorithm=parcel.algorithm,
        announced=parcel.announced,
    )
    outcomes: list[CopyOutcome | None] = [None] * len(offers)

    def put(number: int, offer: Offer) -> None:
        branch = fanout.branches[number]
        try:
            outcomes[number] = _attempt(parcel, offer, branch, None)
        finally:
            branch.abandon()  # an offer that failed before it opened its branch holds nobody up

    threads = [
        threading.Thread(target=put, args=(number, offer), name=f"coffre-put-{offer.id}")
        for number, offer in enumerate(offers)
    ]
    for thread in threads:
        thread.start()
    try:
        digest = fanout.run()
    finally:
        for thread in threads:
            thread.join()
    return digest, tuple(outcome for outcome in outcomes if outcome is not None)


def _attempt(
    parcel: Parcel, offer: Offer, content: Content, expected: Digest | None
) -> CopyOutcome:
    """Put one copy, and turn whatever comes of it into an outcome."""
    try:
        request = parcel.request(offer, content, expected)
        return stored(offer, offer.put(request, verify=parcel.verify))
    except CoffreError as error:
        return failed(offer, error)


def stored(offer: Offer, result: PutResult) -> CopyOutcome:
    """Outcome of a copy that was put and verified."""
    return CopyOutcome(
        offer=offer.id,
        evidence=result.evidence,
        already_there=result.already_there,
        durable=result.durable,
    )


def failed(offer: Offer, error: CoffreError) -> CopyOutcome:
    """Outcome of a copy that could not be made."""
    return CopyOutcome(offer=offer.id, evidence=None, code=error.code, message=str(error))
