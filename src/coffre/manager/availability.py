"""Availability: asking many offers at once, none for longer than is reasonable."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from coffre.contract import Clock
from coffre.offer import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What came of asking one offer whether it answers."""

    offer: str
    """Id of the offer."""
    available: bool
    """It answered, and would accept a session; whoever does not answer in time is not available."""
    seconds: float | None
    """How long the answer took; ``None`` when there was none in time."""


def ask_all(offers: Iterable[Offer], *, timeout: float, clock: Clock) -> list[Availability]:
    """Ask every offer at the same time, through its driver.

    A driver that hangs costs its own thread, not the answer about the others: the threads are
    daemons, and one that is still waiting is left behind.

    Args:
        offers: whom to ask.
        timeout: most seconds to wait for all answers together.
        clock: measures.

    Returns:
        One answer for each offer, in order.
    """
    asked = list(offers)
    answers: SimpleQueue[Availability] = SimpleQueue()
    deadline = clock.monotonic() + timeout
    for offer in asked:
        threading.Thread(
            target=_ask, args=(offer, clock, answers), name=f"coffre-ask-{offer.id}", daemon=True
        ).start()
    found: dict[str, Availability] = {}
    while len(found) < len(asked):
        try:
            answer = answers.get(timeout=max(deadline - clock.monotonic(), 0))
        except Empty:
            break
        found[answer.offer] = answer
    return [found.get(offer.id, _silent(offer)) for offer in asked]


def _ask(offer: Offer, clock: Clock, answers: SimpleQueue[Availability]) -> None:
    started = clock.monotonic()
    available = offer.is_available()
    answers.put(
        Availability(offer=offer.id, available=available, seconds=clock.monotonic() - started)
    )


def _silent(offer: Offer) -> Availability:
    return Availability(offer=offer.id, available=False, seconds=None)
