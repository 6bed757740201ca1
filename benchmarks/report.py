"""Reports: a table for a terminal, JSON, and the tables of docs/explanation.

A figure is never rounded in our favour: what must be small is rounded up, what must be large is
rounded down; whether a target is met is decided before any rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap

from benchmarks.claims import CLAIMS, Bound, Claim, Measure
from benchmarks.machine import Machine
from benchmarks.measuring import Figure, Sample, median

Results = Mapping[str, Figure | str]
"""By claim: its figure, or why there is none."""

NOT_YET = "not measured yet"
MARGIN = 116
"""Characters in a line of a page, outside tables."""
TABLE_BEGINS = "<!-- figures: written by `python -m benchmarks --markdown` -->"
TABLE_ENDS = "<!-- end of figures -->"

_DIGITS = {
    Measure.TIME: 3,
    Measure.RATE: 3,
    Measure.PROCESSOR: 3,
    Measure.MICROSECONDS: 1,
    Measure.EACH: 3,
    Measure.MILLISECONDS: 1,
    Measure.MEBIBYTES: 1,
    Measure.KIBIBYTES: 2,
    Measure.CALLS: 1,
    Measure.COUNT: 0,
    Measure.SHARE: 3,
    Measure.TURNS: 2,
}


def written(claim: Claim, value: float) -> str:
    """A value of a claim, rounded against us."""
    scale = 10 ** _DIGITS[claim.measure]
    # The inner rounding takes away what binary fractions add: 1.05 is not 1.0500000000000003.
    exact = round(value * scale, 6)
    whole = math.floor(exact) if claim.bound is Bound.AT_LEAST else math.ceil(exact)
    return f"{whole / scale:.{_DIGITS[claim.measure]}f}"


def target_of(claim: Claim) -> str:
    """``at most 1.05 x the time``."""
    return f"{claim.bound.value} {claim.target:g} {claim.measure.value}"


def span_of(figure: Figure) -> str:
    """The figure, and the least and the most of its runs."""
    claim, values = figure.claim, figure.values
    text = written(claim, figure.value)
    if len(values) == 1:
        return text
    return f"{text} ({written(claim, min(values))} to {written(claim, max(values))})"


def verdict_of(figure: Figure) -> str:
    """Whether the target is met."""
    return "met" if figure.is_met else "MISSED"


# --- terminal --------------------------------------------------------------------------------


def lines_of(claim: Claim, result: Figure | str) -> list[str]:
    """What the terminal shows of one claim."""
    lines = [f"{claim.name}: {claim.says}"]
    if isinstance(result, str):
        return [*lines, f"    not measured: {result}"]
    lines.append(
        f"    {span_of(result)} {claim.measure.value};"
        f" target {claim.bound.value} {claim.target:g}: {verdict_of(result)}"
    )
    lines.append(f"    with {result.setting}; {len(result.values)} runs")
    if result.pairs:
        reference = median([pair.reference for pair in result.pairs])
        ours = median([pair.ours for pair in result.pairs])
        lines.append(f"    coffre     {_seconds(ours)}")
        lines.append(f"    reference  {_seconds(reference)}   {claim.against}")
    lines.extend(f"    {name}: {value:.2f}" for name, value in result.notes.items())
    return lines


def _seconds(sample: Sample) -> str:
    return f"wall {sample.wall:9.4f} s   processor {sample.cpu:9.4f} s"


# --- JSON ------------------------------------------------------------------------------------


def document_of(
    results: Results, machine: Machine, command: str, *, trial: bool
) -> dict[str, object]:
    """Everything, the single runs included."""
    return {
        "machine": asdict(machine),
        "command": command,
        "trial": trial,
        "claims": [_told(claim, results[claim.name]) for claim in CLAIMS if claim.name in results],
    }


def _told(claim: Claim, result: Figure | str) -> dict[str, object]:
    told: dict[str, object] = {
        "name": claim.name,
        "says": claim.says,
        "against": claim.against or None,
        "unit": claim.measure.value,
        "bound": claim.bound.value,
        "target": claim.target,
    }
    if isinstance(result, str):
        return told | {"value": None, "met": None, "why_not": result}
    return told | {
        "value": result.value,
        "met": result.is_met,
        "runs": result.values,
        "setting": result.setting,
        "notes": result.notes,
        "pairs": [asdict(pair) for pair in result.pairs],
    }


# --- Markdown --------------------------------------------------------------------------------


def table_of(results: Results, claims: Sequence[Claim] = CLAIMS) -> list[str]:
    """Every claim of some, in a table; those without a figure are told as not measured."""
    rows = [
        "| name | what | held against | target | measured | |",
        "|---|---|---|---|---|---|",
    ]
    for claim in claims:
        result = results.get(claim.name, NOT_YET)
        if isinstance(result, str):
            measured, verdict = result, ""
        else:
            measured = f"{span_of(result)}; {result.setting}"
            verdict = verdict_of(result)
        rows.append(
            f"| `{claim.name}` | {claim.says} | {claim.against or 'nothing'} | {target_of(claim)} "
            f"| {measured} | {verdict} |"
        )
    return rows


def page_of(
    results: Results,
    machine: Machine,
    command: str,
    *,
    trial: bool,
    claims: Sequence[Claim] = CLAIMS,
) -> list[str]:
    """The table, and what it must be read with."""
    heading = [*wrap(f"Machine: {machine}.", MARGIN), "", *wrap(f"Command: `{command}`", MARGIN)]
    if trial:
        heading += ["", "**A trial, smaller than what is claimed: these figures say nothing.**"]
    return [*heading, "", *table_of(results, claims)]


def fill(path: Path, lines: Iterable[str]) -> None:
    """Write figures into a page, between its two marks.

    Raises:
        ValueError: the page does not have them.
    """
    before, begins, rest = path.read_text(encoding="utf-8").partition(TABLE_BEGINS)
    _, ends, after = rest.partition(TABLE_ENDS)
    if not (begins and ends):
        raise ValueError(f"{path} has no place for figures, between {TABLE_BEGINS} and its end")
    body = "\n".join(["", "", *lines, "", ""])
    path.write_text(before + begins + body + ends + after, encoding="utf-8")
