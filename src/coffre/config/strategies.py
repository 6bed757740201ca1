"""Strategies of a configuration: which offers, how many verified copies, under which digest."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from coffre.config.section import Section
from coffre.contract import DigestAlgorithm, Evidence
from coffre.engine import Strategy, StrategyError, StrategyOffer
from coffre.manager import OfferSettings

DEFAULT = "default"
"""Name of the strategy that is used when none is named."""

_VERIFY = {"written": Evidence.PRESENT, "reported": Evidence.REPORTED, "read": Evidence.READ}
_STRONG = [str(algorithm) for algorithm in DigestAlgorithm if not algorithm.weak]


def read_strategies(root: Section, offers: Mapping[str, OfferSettings]) -> Mapping[str, Strategy]:
    """Read ``[strategies.*]``.

    Args:
        root: the whole configuration.
        offers: the offers it configures, by id.

    Raises:
        ConfigurationError: a strategy contradicts itself or the offers, or there is no default.
    """
    found = {
        name: _strategy(name, section, offers) for name, section in root.sections("strategies")
    }
    if DEFAULT not in found:
        root.fail(
            "strategies",
            "no strategy 'default' is configured: add [strategies.default] with offers",
        )
    return found


def _strategy(name: str, section: Section, offers: Mapping[str, OfferSettings]) -> Strategy:
    rows = section.listed("offers")
    copies = tuple(_copy(number, row, offers) for number, row in enumerate(rows, start=1))
    if not copies:
        section.fail(None, 'offers is missing: write offers = [{offer = "north", rank = 1}, ...]')
    _refuse_one_place_twice(section, [offers[copy.offer] for copy in copies])
    required = section.take_number("required", int, len(copies), least=1)
    if required > len(copies):
        section.fail(
            "required", f"{required} verified copies are required, of {len(copies)} offers"
        )
    try:
        strategy = Strategy(
            name=name,
            copies=copies,
            required=required,
            algorithm=DigestAlgorithm(section.take_choice("algorithm", _STRONG, "sha512")),
            verify=_VERIFY[section.take_choice("verify", list(_VERIFY), "written")],
        )
    except StrategyError as error:
        raise section.document.error((*section.path, "offers"), str(error)) from error
    section.finish()
    return strategy


def _copy(number: int, row: Section, offers: Mapping[str, OfferSettings]) -> StrategyOffer:
    offer = row.take("offer", str)
    if offer not in offers:
        near = get_close_matches(offer, offers, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"configured are: {', '.join(offers)}"
        row.fail("offer", f"no offer {offer!r} is configured; {hint}")
    copy = StrategyOffer(
        offer=offer,
        rank=row.take_number("rank", int, number, least=0),
        referent=row.take("referent", bool, False),
    )
    row.finish()
    return copy


def _refuse_one_place_twice(section: Section, offers: list[OfferSettings]) -> None:
    """Two offers in one place are one copy, whatever they are called."""
    places: dict[tuple[str, str], str] = {}
    for offer in offers:
        other = places.setdefault((offer.driver, offer.url.rstrip("/")), offer.id)
        if other != offer.id:
            section.fail(
                "offers",
                f"offers {other!r} and {offer.id!r} are the same place: two copies there are one",
            )
