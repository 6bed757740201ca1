"""An offer's objects, asked about and deleted, one or many.

Many are done in one call where the driver can, else one by one, which is an honest fallback: same
outcomes, slower.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar, cast

from coffre.contract import (
    AnyRequest,
    BulkDeleteRequest,
    BulkStatRequest,
    Capability,
    CoffreError,
    Connection,
    DeleteRequest,
    DeleteResult,
    StatRequest,
    StatResult,
    SupportsBulkDelete,
    SupportsBulkStat,
)
from coffre.offer.checks import checked_stat
from coffre.offer.confirmation import confirm_delete
from coffre.offer.many import Many, as_many
from coffre.offer.retry import leaves_doubt
from coffre.offer.services import OfferServices

Part = TypeVar("Part")
Outcome = TypeVar("Outcome")


class AskedOffer(OfferServices):
    """Questions and deletions; part of ``Offer``."""

    # --- one object ------------------------------------------------------------------------

    def stat(self, request: StatRequest) -> StatResult:
        """Ask whether an object is there, its size, and what was kept with it.

        Raises:
            CoffreError: as the contract says of ``Connection.stat``.
        """
        with self._work:
            return self._retrier.run(
                lambda: self._sessions.use(
                    request, lambda connection: checked_stat(connection.stat(request), request)
                )
            )

    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Remove one object; removing what is not there succeeds, and says so.

        After a lost answer an object that is gone counts as deleted, and as having existed.

        Raises:
            CoffreError: as the contract says of ``Connection.delete``.
        """
        with self._work:
            return self._retrier.run(
                lambda: self._sessions.use(request, lambda connection: connection.delete(request)),
                partial(confirm_delete, self._sessions, request),
            )

    # --- many ------------------------------------------------------------------------------

    def stat_many(self, requests: Sequence[StatRequest]) -> list[StatResult | CoffreError]:
        """Ask about several objects; one call where the driver can, else one by one.

        Returns:
            One outcome for each, in order. ``ObjectNotFoundError`` is *absent*; any other error
            leaves it unknown.

        Raises:
            InvalidRequestError: an object is named twice; nothing was asked.
            OfferUnavailableError: the offer was closed.
        """
        BulkStatRequest(stats=requests)  # refuses what no driver is given

        def call(
            connection: Connection, parts: list[StatRequest]
        ) -> list[StatResult | CoffreError]:
            service = cast(SupportsBulkStat, connection)
            told = as_many(service.bulk_stat(BulkStatRequest(stats=parts)), parts)
            return [_checked(one, part) for one, part in zip(told, parts, strict=True)]

        with self._work:
            many = Many(self._sessions, requests, self.stat)
            return many.run(
                self._together(
                    Capability.BULK_STAT, call, lambda parts: BulkStatRequest(stats=parts)
                )
            )

    def delete_many(self, requests: Sequence[DeleteRequest]) -> list[DeleteResult | CoffreError]:
        """Remove several objects; one that may not be removed does not stop the others.

        Returns:
            One outcome for each, in order. ``existed`` is ``None`` when the service does not
            tell, or when an answer was lost and asking again could not tell any more.

        Raises:
            InvalidRequestError: an object is named twice; nothing was deleted.
            OfferUnavailableError: the offer was closed.
        """
        BulkDeleteRequest(deletes=requests)  # refuses what no driver is given
        doubts: list[CoffreError] = []

        def call(
            connection: Connection, parts: list[DeleteRequest]
        ) -> list[DeleteResult | CoffreError]:
            service = cast(SupportsBulkDelete, connection)
            try:
                told = as_many(service.bulk_delete(BulkDeleteRequest(deletes=parts)), parts)
            except CoffreError as error:
                doubts.extend([error] if leaves_doubt(error) else [])
                raise
            return [_of_a_second_try(one) if doubts else one for one in told]

        with self._work:
            many = Many(self._sessions, requests, self.delete)
            return many.run(
                self._together(
                    Capability.BULK_DELETE, call, lambda parts: BulkDeleteRequest(deletes=parts)
                )
            )

    def _together(
        self,
        capability: Capability,
        call: Callable[[Connection, list[Part]], Sequence[Outcome]],
        request_of: Callable[[list[Part]], AnyRequest],
    ) -> Callable[[list[Part]], Sequence[Outcome]] | None:
        """How many are done in one call; ``None`` where they are not."""
        if capability not in self._sessions.capabilities():
            return None

        def together(parts: list[Part]) -> Sequence[Outcome]:
            return self._repeated(request_of(parts), lambda connection: call(connection, parts))

        return together


def _checked(outcome: StatResult | CoffreError, part: StatRequest) -> StatResult | CoffreError:
    try:
        return outcome if isinstance(outcome, CoffreError) else checked_stat(outcome, part)
    except CoffreError as error:
        return error


def _of_a_second_try(outcome: DeleteResult | CoffreError) -> DeleteResult | CoffreError:
    """Of what is absent now, nobody can tell whether the first request has removed it."""
    if isinstance(outcome, DeleteResult) and not outcome.existed:
        return replace(outcome, existed=None)
    return outcome
