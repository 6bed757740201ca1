"""Silence: an offer that is away is not asked again for every copy.

Each look at a copy is patient: it tries again, and waits between. For one copy that is right; for
ten thousand on an offer that is down it would be hours. So after a first failure the offer is
asked whether it answers at all, and when it says no, the other copies of the same page of a job
are unknown at once (law 2). The next page asks again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

from coffre.contract import (
    ConnectionLostError,
    Evidence,
    OfferTimeoutError,
    OfferUnavailableError,
)
from coffre.engine.context import Context
from coffre.engine.ledger import ObjectRecord
from coffre.engine.looking import NOT_CONFIGURED, Look, at_rest, look_over
from coffre.offer import Offer

_AWAY = frozenset({OfferUnavailableError.code, OfferTimeoutError.code, ConnectionLostError.code})


class Silence:
    """What is known of offers that do not answer, during one page of a job. Thread-safe."""

    def __init__(self) -> None:
        """Nobody was asked yet."""
        self._lock = threading.Lock()  # guards both; held while an offer is asked, so once
        self._answers: set[str] = set()
        self._silent: dict[str, Look] = {}

    def look(self, offer: Offer | None, record: ObjectRecord) -> Look:
        """Look at one copy, unless its offer is known not to answer."""
        (seen,) = self.looks(offer, (record,))
        return seen

    def looks(self, offer: Offer | None, records: Iterable[ObjectRecord]) -> Iterator[Look]:
        """Look at copies on one offer, over one connection; at none once it does not answer."""
        if offer is None:
            yield from (NOT_CONFIGURED for _ in records)
            return
        with offer.examine() as examination:
            for record in records:
                seen = self.of(offer)
                if seen is None:
                    seen = look_over(examination, record)
                    self.heard(offer, seen.code, seen.detail)
                yield seen

    def of(self, offer: Offer) -> Look | None:
        """What there is to say of any copy on an offer that does not answer; else nothing."""
        return self._silent.get(offer.id)

    def heard(self, offer: Offer, code: str, detail: str) -> None:
        """Note how a request ended; one that found nobody has the offer asked, once.

        Args:
            offer: who was asked.
            code: error code, empty when there was none.
            detail: the reason, for people.
        """
        if code not in _AWAY:
            return
        with self._lock:
            if offer.id in self._answers or offer.id in self._silent:
                return
            if offer.is_available():
                self._answers.add(offer.id)
            else:
                told = f"not asked again: {detail}"
                self._silent[offer.id] = Look(None, Evidence.DECLARED, code, told)


def look_at_each(
    context: Context, silence: Silence, copies: tuple[str, Sequence[ObjectRecord]]
) -> list[Look | None]:
    """Look at copies on one offer, named by its id, that others may be working on meanwhile."""
    name, records = copies
    looks = silence.looks(context.offers.get(name), records)
    return [at_rest(context, record, seen) for record, seen in zip(records, looks, strict=True)]
