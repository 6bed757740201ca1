"""Sweeping: what puts that died left behind on the offers; never what a live one is writing.

An offer that cannot be swept is told as such, and the others are swept (law 12).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from coffre.contract import CoffreError, InvalidRequestError, SweepRequest
from coffre.engine.context import Context
from coffre.offer import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOutcome:
    """What a sweep did on one offer."""

    offer: str
    removed: int = 0
    """Leftovers removed."""
    kept: int = 0
    """Leftovers left alone: too young, or still being written."""
    freed: int = 0
    """Bytes given back."""
    code: str = ""
    """Error code when it could not be swept; nothing is known of leftovers there, then."""
    message: str = ""

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        return {
            "offer": self.offer,
            "removed": self.removed,
            "kept": self.kept,
            "freed": self.freed,
            "code": self.code or None,
            "message": self.message or None,
        }


def sweep(context: Context, name: str | None, older_than: float) -> Iterator[SweepOutcome]:
    """Remove leftovers, offer by offer.

    Args:
        context: the engine's surroundings.
        name: this offer only; every one when ``None``.
        older_than: only leftovers that nobody touched for so many seconds.

    Raises:
        StrategyError: no such offer.
        InvalidRequestError: less than no time.
    """
    if older_than < 0:
        raise InvalidRequestError("leftovers cannot be younger than nothing: a time in seconds")
    offers = list(context.offers.values()) if name is None else [context.offer(name)]
    return (_sweep_one(offer, SweepRequest(older_than=older_than)) for offer in offers)


def _sweep_one(offer: Offer, request: SweepRequest) -> SweepOutcome:
    try:
        done = offer.sweep(request)
    except CoffreError as error:
        return SweepOutcome(offer=offer.id, code=error.code, message=str(error))
    return SweepOutcome(offer=offer.id, removed=done.removed, kept=done.kept, freed=done.freed)
