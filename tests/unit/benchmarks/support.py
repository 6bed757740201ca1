"""Figures that tests make up."""

from __future__ import annotations

from benchmarks.claims import Bound, Claim, Measure
from benchmarks.measuring import Figure


def claim_of(
    bound: Bound = Bound.AT_MOST, target: float = 1.05, measure: Measure = Measure.TIME
) -> Claim:
    return Claim("large-put", "a put", "hashlib", measure, bound, target)


def figure_of(claim: Claim, *values: float) -> Figure:
    return Figure(claim=claim, values=values, setting="1 GiB")
