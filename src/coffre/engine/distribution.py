"""Distribution: one content, read once and digested once, to several offers.

Small objects are read whole and go to the offers one after the other, in the caller's thread:
a thread costs more than they do. Large ones go through the ring of ``streams.Fanout``, one
thread an offer, in bounded memory whatever their size.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextvars import copy_context
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
from coffre.engine.interrupts import interruptible
from coffre.engine.outcomes import CopyOutcome
from coffre.offer import Offer, reserved
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
        KeyboardInterrupt: before anything was published; later ones are remembered by the
            :class:`~coffre.engine.interrupts.InterruptLater` outside.
    """
    if isinstance(parcel.content, BytesContent) and parcel.content.size <= SMALL:
        return _one_after_the_other(parcel, parcel.content, offers)
    return _AllAtOnce(parcel, offers).run()


def check_announced(content: BytesContent, announced: Digest | None, ref: ObjectRef) -> None:
    """Hold bytes in memory against the digest that the caller gave, before anything is sent.

    Raises:
        DigestMismatchError: they have another.
    """
    if announced is not None:
        hold_against(announced, content.digest(announced.algorithm), ref)


def hold_against(announced: Digest, found: Digest, ref: ObjectRef) -> None:
    """Refuse a source whose digest is not the announced one.

    Raises:
        DigestMismatchError: it is another.
    """
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


class _AllAtOnce:
    """One pass over a large source, with a thread for each offer."""

    def __init__(self, parcel: Parcel, offers: Sequence[Offer]) -> None:
        self._parcel = parcel
        self._fanout = Fanout(
            parcel.content,
            parcel.content.size,
            branches=len(offers),
            algorithm=parcel.algorithm,
            announced=parcel.announced,
        )
        self._outcomes: dict[int, CopyOutcome] = {}
        self._defects: list[BaseException] = []
        self._offers = offers
        self._threads: list[threading.Thread] = []

    def run(self) -> tuple[Digest, tuple[CopyOutcome, ...]]:
        """Read the source, and wait for every offer.

        Every offer holds its connection until the last byte, so all are set aside before the
        first: two passes that each had one, and waited for the other's, would wait for ever.
        """
        with interruptible(until=lambda: self._fanout.over), reserved(self._offers):
            try:
                digest = self._pass()
            finally:
                self._join()
        if self._defects:
            raise self._defects[0]
        return digest, tuple(self._outcomes[number] for number in range(len(self._offers)))

    def _pass(self) -> Digest:
        try:
            for number, offer in enumerate(self._offers):
                self._start(number, offer)
            return self._fanout.run()
        except BaseException as error:
            self._fanout.cancel()  # if a thread could not be started, those that were still wait
            if isinstance(error, CoffreError) and error.ref is None:
                error.ref = self._parcel.ref
            raise

    def _start(self, number: int, offer: Offer) -> None:
        # In the context of the one who waits for it: what was set aside is for both.
        thread = threading.Thread(
            target=copy_context().run,
            args=(self._put, number, offer),
            name=f"coffre-put-{offer.id}",
        )
        self._threads.append(thread)
        thread.start()

    def _join(self) -> None:
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _put(self, number: int, offer: Offer) -> None:
        branch = self._fanout.branches[number]
        try:
            self._outcomes[number] = _attempt(self._parcel, offer, branch, None)
        except BaseException as error:  # noqa: BLE001 - of a thread of ours: raised by run
            self._defects.append(error)
        finally:
            branch.abandon()  # an offer that failed before it opened its branch holds nobody up


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
        guarantees=offer.standing.word,
    )


def failed(offer: Offer, error: CoffreError) -> CopyOutcome:
    """Outcome of a copy that could not be made."""
    return CopyOutcome(
        offer=offer.id,
        evidence=None,
        guarantees=offer.standing.word,
        code=error.code,
        message=str(error),
    )
