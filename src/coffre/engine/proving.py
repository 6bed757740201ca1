"""Proving: what an offer really gives is tried, recorded in the ledger, and held against it.

The ledger keeps every probe as an event: dated, signed with who did it, chained, and seen by
every machine that works with these holdings. The last one of an offer counts, as long as the
driver, its version and the parameters are those that were tried.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from coffre.contract import Capability, InvalidRequestError
from coffre.engine.context import Context
from coffre.engine.ledger import EventKind
from coffre.offer import Offer, Standing
from coffre.probe import (
    Guarantee,
    ProbeRecord,
    ProbeSettings,
    Subject,
    TrialRecord,
    hindrance,
    judge,
    withheld,
    worst,
)

logger = logging.getLogger("coffre.engine")

Told = Callable[[int, int, TrialRecord], object]
"""Told after each trial: how many are done, of how many, and what came of the last."""


def probe(
    context: Context,
    name: str,
    *,
    settings: ProbeSettings | None = None,
    progress: Told | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> ProbeRecord:
    """Try an offer, record what was seen, and rely on that from now on.

    Args:
        context: the engine's.
        name: id of the offer.
        settings: how far to go; the usual way when ``None``.
        progress: told after each trial.
        stopped: asked before each trial. A probe that was stopped records nothing.

    Raises:
        StrategyError: the offer is not configured.
        OfferError: no session could be opened; nothing was tried, and nothing is recorded.
        LedgerError: what was seen could not be recorded; the offer stands as before.
    """
    from coffre.probe.running import run_probe  # with the kit: heavy, and rarely needed

    offer = context.offer(name)
    record = run_probe(
        offer.id,
        offer.driver,
        offer.parameters,
        settings=settings or ProbeSettings(),
        progress=progress,
        stopped=stopped,
        clock=context.clock,
    )
    if not stopped():
        context.ledger.record_event(EventKind.OFFER_PROBED, record.to_json())
        offer.stand(_standing(offer, record))
    return record


def guarantees(context: Context, name: str) -> tuple[Guarantee, ...]:
    """What one offer gives, as far as it is known now; the offer is not asked.

    Raises:
        StrategyError: the offer is not configured.
    """
    return _judged(context.offer(name), last_probe(context, name))


def last_probe(context: Context, name: str) -> ProbeRecord | None:
    """The last probe of an offer that was recorded, however old."""
    return _read(context.ledger.probes().get(name))


def tell_offers(context: Context) -> None:
    """Have every offer stand as its last probe left it; one of which there is none stays."""
    records = context.ledger.probes()
    for name, offer in context.offers.items():
        record = _read(records.get(name))
        if record is not None or offer.require_proved:
            offer.stand(_standing(offer, record))


def _judged(offer: Offer, record: ProbeRecord | None) -> tuple[Guarantee, ...]:
    subject, declared = Subject.of(offer.driver, offer.parameters), offer.driver.capabilities
    if record is not None and not subject.difference(record.subject):
        # Sessions may declare less than their driver: what they declared is what was tried.
        declared = frozenset(one for one in Capability if one.value in record.capabilities)
    return judge(record, subject, declared)


def _standing(offer: Offer, record: ProbeRecord | None) -> Standing:
    found = _judged(offer, record)
    return Standing(
        word=str(worst(found)),
        withheld=withheld(found),
        hindrance=hindrance(found, offer.require_proved),
    )


def _read(told: Mapping[str, object] | None) -> ProbeRecord | None:
    """A record; one that this version cannot read counts as none, and is told in the log."""
    if told is None:
        return None
    try:
        return ProbeRecord.from_json(told)
    except InvalidRequestError as error:
        logger.warning("offer %s: %s", told.get("offer"), error)
        return None
