"""Strategies: which offers hold copies, in what order they are read, how many must be verified.

Source: VITAM's storage strategies (rank, referent); DESIGN, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from coffre.contract import CoffreError, DigestAlgorithm, Evidence


class StrategyError(CoffreError, ValueError):
    """A strategy that contradicts itself, or that nobody defined."""

    code = "strategy"


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyOffer:
    """The place of one offer in a strategy."""

    offer: str
    """Id of the offer."""
    rank: int
    """Reading order: the lowest rank is read first."""
    referent: bool = False
    """The offer whose listing is the reference; at most one in a strategy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """Where copies go: N offers, of which W must hold a verified copy before a put succeeds."""

    name: str
    copies: tuple[StrategyOffer, ...]
    """The N offers, sorted by rank."""
    required: int
    """W: fewer verified copies than this, and a put fails. Those still missing are debts."""
    algorithm: DigestAlgorithm = DigestAlgorithm.SHA512
    """Algorithm of the expected digest."""
    verify: Evidence = Evidence.PRESENT
    """Least evidence that makes a copy count: ``PRESENT`` as written, ``READ`` read back."""
    offers: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Ids of the offers, in reading order: those of ``copies``, which every object asks for."""

    def __post_init__(self) -> None:
        """Put the offers in reading order and check them.

        Raises:
            StrategyError: no offer, one named twice, two with one rank, two referents, or a
                number of required copies that cannot be met.
        """
        ordered = tuple(sorted(self.copies, key=lambda copy: copy.rank))
        object.__setattr__(self, "copies", ordered)
        object.__setattr__(self, "offers", tuple(copy.offer for copy in ordered))
        for wrong, why in (
            (not ordered, "names no offer"),
            (len(set(self.offers)) != len(ordered), "names an offer twice"),
            (len({copy.rank for copy in ordered}) != len(ordered), "gives two offers one rank"),
            (sum(copy.referent for copy in ordered) > 1, "has two referents"),
            (self.algorithm.weak, f"uses {self.algorithm}, which is weak"),
            (
                not 1 <= self.required <= len(ordered),
                f"requires {self.required} verified copies of {len(ordered)} offers",
            ),
        ):
            if wrong:
                raise StrategyError(f"strategy {self.name!r} {why}")
