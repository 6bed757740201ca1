"""Bulk puts: many objects, in rounds, until each has an outcome.

Where the driver has a bulk service, a round is one call of it: made durable together, that is
several times faster. Elsewhere the same round goes one by one over one connection, which is an
honest fallback: same results, slower. What failed and may pass goes into the next round, after
the pause that the retry policy decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from coffre.contract import (
    BulkPutRequest,
    Capability,
    CoffreError,
    Connection,
    OfferFailedError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    SupportsBulkPut,
    UnsupportedOperationError,
    refuse_unsupported,
)
from coffre.offer.checks import checked_put
from coffre.offer.confirmation import confirm_put
from coffre.offer.retry import Retrier, has_waited, leaves_doubt
from coffre.offer.sessions import Sessions

Outcome = PutResult | CoffreError
"""What became of one put of many."""


_STRIKES = 3
"""Connections in a row that carry nothing, after which the offer is left alone for a while."""


class Bulk:
    """One bulk put under way; used by one thread."""

    def __init__(
        self, sessions: Sessions, retrier: Retrier, requests: Sequence[PutRequest]
    ) -> None:
        """Prepare; nothing is sent yet."""
        self._sessions = sessions
        self._retrier = retrier
        self._requests = requests
        self._outcomes: dict[int, Outcome] = {}
        self._doubts: dict[int, CoffreError] = {}
        """Puts that may have had their effect, by the failure that left the doubt."""
        self._refused = False
        """A pool or a limit has been patient already, in this round."""

    def run(self) -> list[Outcome]:
        """Put every object; one outcome for each, in order."""
        waiting = list(range(len(self._requests)))
        while waiting:
            # The bulk service takes a reference once: a second put of it waits its turn.
            first = {self._requests[i].ref: i for i in reversed(waiting)}
            self._put_until_settled(sorted(first.values()))
            waiting = [i for i in waiting if i not in self._outcomes]
        return [self._outcomes[i] for i in range(len(self._requests))]

    def _put_until_settled(self, pending: list[int]) -> None:
        rounds = 0
        since = 0.0
        while True:
            self._round(self._confirmed(pending))
            rounds += 1
            since = since if rounds > 1 else self._retrier.clock.monotonic()
            decided = [(i, self._pause(i, rounds, since)) for i in pending]
            again = {i: pause for i, pause in decided if pause is not None}
            if not again:
                return
            pending = list(again)
            self._retrier.clock.sleep(max(again.values()))

    def _pause(self, index: int, rounds: int, since: float) -> float | None:
        """Seconds to wait before this put is tried again; ``None`` when its outcome stands."""
        outcome = self._outcomes[index]
        if isinstance(outcome, PutResult):
            return None
        if leaves_doubt(outcome):
            self._doubts.setdefault(index, outcome)
        doubt = self._doubts.get(index)
        if self._refused and doubt is None:
            return None
        pause = self._retrier.pause(outcome, rounds, since, in_doubt=doubt is not None)
        if pause is None and doubt is not None:
            self._outcomes[index] = doubt
        return pause

    def _confirmed(self, pending: list[int]) -> list[int]:
        """Look for what may be there already; what is left is to be sent."""
        to_send = []
        for position, index in enumerate(pending):
            try:
                found = self._found(index)
            except OfferUnavailableError as error:
                self._outcomes.update(dict.fromkeys(pending[position:], error))
                break
            except CoffreError as error:
                self._outcomes[index] = error
                continue
            if found is None:
                to_send.append(index)
            else:
                self._outcomes[index] = found
        return to_send

    def _found(self, index: int) -> PutResult | None:
        """What is held already, for a put that is in doubt and no longer will be."""
        if index not in self._doubts:
            return None
        found = confirm_put(self._sessions, self._requests[index])
        del self._doubts[index]
        return found

    # --- one round -------------------------------------------------------------------------

    def _round(self, pending: list[int]) -> None:
        """Try each pending put once; every one has an outcome afterwards."""
        left = pending
        strikes = 0
        self._refused = False
        while left:
            try:
                connection = self._sessions.open()
            except CoffreError as error:
                self._refused = has_waited(error)
                # A refusal on our side tells less than what the offer did before.
                told = self._outcomes if self._refused else {}
                self._outcomes.update({i: told.get(i, error) for i in left})
                return
            try:
                broke_at = self._over(connection, left)
            finally:
                self._sessions.end(connection)
            strikes = strikes + 1 if broke_at == 0 else 1
            last = self._outcomes[left[broke_at]] if broke_at < len(left) else None
            left = left[broke_at + 1 :]
            if last is not None and strikes >= _STRIKES:
                self._outcomes.update(dict.fromkeys(left, last))
                return

    def _over(self, connection: Connection, left: list[int]) -> int:
        """Put over one connection; where in ``left`` it broke, or past its end."""
        capabilities = self._sessions.effective(connection)
        allowed = [i for i in left if self._is_allowed(i, capabilities)]
        bulk = Capability.BULK_PUT in capabilities
        if bulk and len(allowed) > 1 and self._together(connection, allowed):
            return len(left)
        for index in allowed:
            outcome = self._outcomes[index] = self._alone(connection, index)
            if isinstance(outcome, OfferUnavailableError):
                # The session may be dead; whether the offer is, the next connection tells.
                return left.index(index)
        return len(left)

    def _is_allowed(self, index: int, capabilities: frozenset[Capability]) -> bool:
        request = self._requests[index]
        try:
            refuse_unsupported(request, capabilities, self._sessions.driver.contract)
        except UnsupportedOperationError as error:
            told = self._sessions.explained(error, request)
            self._outcomes[index] = self._sessions.sign(told, request.ref)
            return False
        return True

    def _alone(self, connection: Connection, index: int) -> Outcome:
        request = self._requests[index]
        try:
            with self._sessions.signing(request.ref):
                return checked_put(connection.put(request), request)
        except CoffreError as error:
            return error

    def _together(self, connection: Connection, indices: list[int]) -> bool:
        """Put with the bulk service; false when a content spoilt the call for the others."""
        puts = tuple(self._requests[i] for i in indices)
        service = cast(SupportsBulkPut, connection)
        try:
            with self._sessions.signing():
                outcomes = service.bulk_put(BulkPutRequest(puts=puts))
                if len(outcomes) != len(puts):
                    raise OfferFailedError(
                        f"the driver gave {len(outcomes)} outcomes for {len(puts)} puts; "
                        "this is a defect of the driver"
                    )
        except CoffreError as error:
            if error.offer != self._sessions.offer:
                return False
            self._outcomes.update(dict.fromkeys(indices, error))
            return True
        for index, outcome in zip(indices, outcomes, strict=True):
            self._outcomes[index] = self._checked(outcome, self._requests[index])
        return True

    def _checked(self, outcome: Outcome, request: PutRequest) -> Outcome:
        if isinstance(outcome, CoffreError):
            return self._sessions.sign(outcome, request.ref)
        try:
            with self._sessions.signing(request.ref):
                return checked_put(outcome, request)
        except CoffreError as error:
            return error
