"""Claims: what is said of coffre's speed, memory and start, one line each.

The claims are the stable part. A run fills in figures; the pages in docs/explanation list every
claim, measured or not.
"""

from __future__ import annotations

from benchmarks.claims.budget import budgets
from benchmarks.claims.claim import Bound, Claim, Measure
from benchmarks.claims.drivers import DRIVERS
from benchmarks.claims.pools import POOLS
from benchmarks.claims.storing import STORING

CLAIMS = (*STORING, *POOLS, *DRIVERS)

__all__ = ["CLAIMS", "Bound", "Claim", "Measure", "budgets", "claim", "claims_of"]


def claim(name: str) -> Claim:
    """The claim of that name."""
    return next(each for each in CLAIMS if each.name == name)


def claims_of(page: str) -> tuple[Claim, ...]:
    """Those told on a page; on a page that tells none by its name, all of them."""
    return tuple(each for each in CLAIMS if each.page == page) or CLAIMS
