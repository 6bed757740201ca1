"""Offer: one configured storage service, as everyone above the drivers holds it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from coffre.contract import (
    Capability,
    CoffreError,
    Connection,
    Digest,
    Evidence,
    GetRequest,
    GetResult,
    Listing,
    ListRequest,
    PutRequest,
    PutResult,
)
from coffre.offer.asking import AskedOffer
from coffre.offer.bulk import Bulk
from coffre.offer.checks import check_verifiable, checked_put, watched
from coffre.offer.confirmation import confirm_put
from coffre.offer.contents import guarded
from coffre.offer.examining import Examination
from coffre.offer.holding import HeldListing, HeldStream, Hold
from coffre.offer.verification import check_obtainable, is_enough
from coffre.offer.verification import verify as look_again


class Offer(AskedOffer):
    """One configured storage service. Safe to use from several threads at once.

    Every operation opens a connection, checks the request before anything is sent, holds the
    answer against the request, and tries again what may pass. Errors come signed with the
    offer's id; those of a content (a source, another offer) pass through unchanged.
    """

    def put(self, request: PutRequest, *, verify: Evidence | None = None) -> PutResult:
        """Store one object, whole or not at all.

        A put whose answer was lost is looked for before it is sent again. A result that does
        not claim to be durable after a lost answer is one that was found, not one that failed.

        Args:
            request: what to store.
            verify: evidence that the result must come with. ``READ`` reads the object back
                over a fresh connection, which may be answered from a cache; when that fails
                the object stays where it is.

        Raises:
            ObjectCorruptError: the offer holds something else than it was given.
            OfferUnavailableError: patience is over; ``effect_unknown`` tells the rest.
            CoffreError: as the contract says of ``Connection.put``.
        """
        check_obtainable(verify)
        self.standing.check_put(request.ref, self.id)
        request = guarded(request)
        with self._work:
            result = self._retrier.run(
                lambda: self._sessions.use(
                    request, lambda connection: checked_put(connection.put(request), request)
                ),
                partial(confirm_put, self._sessions, request),
            )
            return self._verified(request, result, verify)

    def put_many(
        self, requests: Sequence[PutRequest], *, verify: Evidence | None = None
    ) -> list[PutResult | CoffreError]:
        """Store several objects, each whole or not at all; one bad object never stops the others.

        Made durable together where the driver has a bulk service, else stored one by one.

        Returns:
            One outcome for each request, in order: a result, or the error that it met.

        Raises:
            OfferUnavailableError: the offer was closed; nothing was sent.
        """
        check_obtainable(verify)
        if self.standing.hindrance is not None:
            return [self.standing.refusal(request.ref, self.id) for request in requests]
        requests = [guarded(request) for request in requests]
        with self._work:
            outcomes = Bulk(self._sessions, self._retrier, requests).run()
            if verify is None and not self._digests_are_disproved:
                return outcomes
            return [
                self._verified_outcome(request, outcome, verify)
                for request, outcome in zip(requests, outcomes, strict=True)
            ]

    def _verified_outcome(
        self, request: PutRequest, outcome: PutResult | CoffreError, wanted: Evidence | None
    ) -> PutResult | CoffreError:
        if isinstance(outcome, CoffreError):
            return outcome
        try:
            return self._verified(request, outcome, wanted)
        except CoffreError as error:
            return error

    def _verified(
        self, request: PutRequest, result: PutResult, wanted: Evidence | None
    ) -> PutResult:
        if wanted is None or is_enough(result, wanted):
            # Whose digests were found to be wrong is not taken at its word: the bytes are read.
            if result.evidence is not Evidence.REPORTED or not self._digests_are_disproved:
                return result
            wanted = Evidence.READ
        return self._retrier.run(partial(look_again, self._sessions, request.ref, result, wanted))

    @property
    def _digests_are_disproved(self) -> bool:
        return Capability.OFFER_DIGEST in self.standing.withheld

    def get(
        self, request: GetRequest, *, expected: Digest | None = None, size: int | None = None
    ) -> GetResult:
        """Open one object for reading; close the result, it holds a connection.

        Only the opening is tried again. A stream that gives less than the object's length
        raises ``ConnectionLostError``: a cut is never taken for an end.

        Args:
            request: what to read.
            expected: digest that the whole object must have. The last byte is followed by the
                verdict: who reads to the end without an error has read the right bytes.
            size: length in bytes that it must have.

        Raises:
            ObjectCorruptError: another size, now; another digest, at the end of the stream.
            InvalidRequestError: a range together with ``expected``.
            CoffreError: as the contract says of ``Connection.get``.
        """
        check_verifiable(request, expected)

        def open_(connection: Connection) -> tuple[GetResult, HeldStream]:
            result = connection.get(request)
            try:
                stream = watched(result, request, expected=expected, size=size)
            except BaseException:
                result.stream.close()
                raise
            hold = Hold(self._sessions, connection, self._work)
            return result, HeldStream(stream, result.stream, request.ref, hold)

        self._work.begin()
        try:
            (result, stream), _ = self._retrier.run(lambda: self._sessions.hold(request, open_))
        except BaseException:
            self._work.end()
            raise
        # Built anew, not by dataclasses.replace(), which takes four times as long; a test sees
        # to it that no field is forgotten.
        return GetResult(
            stream=stream, size=result.size, metadata=result.metadata, recorded=result.recorded
        )

    def examine(self) -> Examination:
        """Read objects whole, to hold them against their digests: a block, for one thread.

        It keeps a connection from one object to the next; what fails ends that connection.
        """
        return Examination(self._sessions, self._retrier, self._work)

    def list(self, request: ListRequest) -> Listing:
        """List objects of one container, in order; close the listing, it holds a connection.

        Only the opening is tried again: whoever reads resumes after the last identifier seen.

        Raises:
            OfferFailedError: while reading on, entries came out of order; a defect.
            CoffreError: as the contract says of ``Connection.list``.
        """
        self._work.begin()
        try:
            listing, connection = self._retrier.run(
                lambda: self._sessions.hold(request, lambda opened: opened.list(request))
            )
        except BaseException:
            self._work.end()
            raise
        return HeldListing(listing, request, Hold(self._sessions, connection, self._work))
