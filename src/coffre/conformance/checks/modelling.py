"""Checks by model: random histories, and a dictionary that says what each step owes."""

from __future__ import annotations

from coffre.conformance.bench import Bench
from coffre.conformance.broken import NotTried
from coffre.conformance.check import check
from coffre.conformance.duty import LIMITS


@check("model.same")
def short_histories(bench: Bench) -> None:
    """Ten histories of up to thirty steps, by three sessions."""
    search(bench, histories=10, steps=30)


@check("model.same", profile=LIMITS)
def long_histories(bench: Bench) -> None:
    """Fifty histories of up to sixty steps, by three sessions."""
    search(bench, histories=50, steps=60)


def search(bench: Bench, *, histories: int, steps: int) -> None:
    """Try them, where hypothesis is installed."""
    try:
        from coffre.conformance.histories import search as search_with
        from coffre.conformance.model import Machine
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "hypothesis":
            raise
        raise NotTried("hypothesis is not installed (pip install 'coffre[conformance]')") from None
    seconds = bench.patience * 0.8
    search_with(bench, Machine, histories=histories, steps=steps, seconds=seconds)
