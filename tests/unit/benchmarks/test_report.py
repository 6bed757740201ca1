"""A report never makes a figure look better than it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.cases import CASES
from benchmarks.claims import CLAIMS, Bound, Measure, claims_of
from benchmarks.machine import Machine, this_machine
from benchmarks.measuring import Figure, Pair, Sample
from benchmarks.report import (
    NOT_YET,
    TABLE_BEGINS,
    TABLE_ENDS,
    document_of,
    fill,
    lines_of,
    page_of,
    table_of,
    verdict_of,
    written,
)
from tests.unit.benchmarks.support import claim_of, figure_of

PAGES = Path(__file__).parents[3] / "docs/explanation"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return this_machine(tmp_path)


def test_what_must_be_small_is_rounded_up() -> None:
    assert written(claim_of(Bound.AT_MOST, 1.05), 1.0500001) == "1.051"


def test_what_must_be_large_is_rounded_down() -> None:
    assert written(claim_of(Bound.AT_LEAST, 3), 2.9999) == "2.999"


def test_a_figure_that_needs_no_rounding_stays_as_it_is() -> None:
    assert written(claim_of(Bound.AT_MOST, 1.05), 1.05) == "1.050"
    assert written(claim_of(Bound.AT_LEAST, 0.9), 0.9) == "0.900"


def test_a_miss_by_less_than_can_be_written_is_a_miss() -> None:
    figure = figure_of(claim_of(Bound.AT_LEAST, 3), 2.9999999)

    assert verdict_of(figure) == "MISSED"


def test_under_is_not_at_most() -> None:
    assert not claim_of(Bound.UNDER, 80, Measure.MEBIBYTES).is_met(80)
    assert claim_of(Bound.AT_MOST, 80, Measure.MEBIBYTES).is_met(80)


def test_the_terminal_shows_figure_span_target_verdict_and_both_arms() -> None:
    claim = claim_of()
    pairs = (Pair(Sample(1, 0.9), Sample(1.2, 1.1)),)
    figure = Figure(claim=claim, values=(1.0, 1.2, 1.1), setting="1 GiB", pairs=pairs)

    text = "\n".join(lines_of(claim, figure))

    assert "1.100 (1.000 to 1.200) x the time; target at most 1.05: MISSED" in text
    assert "reference  wall    1.0000 s   processor    0.9000 s   hashlib" in text


def test_what_could_not_be_measured_says_why() -> None:
    assert lines_of(claim_of(), "strace is not installed")[1] == (
        "    not measured: strace is not installed"
    )


def test_the_document_holds_every_run(machine: Machine) -> None:
    claim = CLAIMS[0]
    results = {claim.name: figure_of(claim, 1.0, 1.25)}

    document = document_of(results, machine, "python -m benchmarks", trial=False)

    (told,) = json.loads(json.dumps(document))["claims"]
    assert told["runs"] == [1.0, 1.25]
    assert told["value"] == 1.125
    assert told["met"] is False


def test_the_table_names_every_claim_measured_or_not() -> None:
    first, *others = CLAIMS

    rows = table_of({first.name: figure_of(first, 1.0)})[2:]

    assert len(rows) == len(CLAIMS)
    assert rows[0].endswith("| 1.000; 1 GiB | met |")
    assert all(f"`{claim.name}`" in row for claim, row in zip(CLAIMS, rows, strict=True))
    assert all(NOT_YET in row for row in rows[1:])
    assert others


def test_a_trial_says_so_on_the_page(machine: Machine) -> None:
    assert any("trial" in line for line in page_of({}, machine, "x", trial=True))
    assert not any("trial" in line for line in page_of({}, machine, "x", trial=False))


def test_figures_are_filled_in_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{TABLE_BEGINS}\nold\n{TABLE_ENDS}\nafter\n", encoding="utf-8")

    fill(page, ["new"])

    assert page.read_text(encoding="utf-8") == (
        f"before\n{TABLE_BEGINS}\n\nnew\n\n{TABLE_ENDS}\nafter\n"
    )


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here", encoding="utf-8")

    with pytest.raises(ValueError, match="no place for figures"):
        fill(page, ["new"])
    assert page.read_text(encoding="utf-8") == "nothing here"


@pytest.mark.parametrize("name", ["performance.md", "fairness.md", "drivers.md"])
def test_our_own_page_has_a_place_for_its_figures_and_names_every_claim(name: str) -> None:
    page = (PAGES / name).read_text(encoding="utf-8")
    _, _, rest = page.partition(TABLE_BEGINS)
    table, ends, _ = rest.partition(TABLE_ENDS)

    assert ends
    rows = [row.split("`")[1] for row in table.splitlines() if row.startswith("| `")]
    assert rows == [claim.name for claim in claims_of(name)]


def test_every_claim_is_told_on_a_page_of_ours() -> None:
    assert {claim.page for claim in CLAIMS} == {"performance.md", "fairness.md", "drivers.md"}


def test_a_page_of_another_name_tells_every_claim() -> None:
    assert claims_of("mine.md") == CLAIMS


def test_every_claim_has_a_case_and_every_case_a_claim() -> None:
    assert list(CASES) == [claim.name for claim in CLAIMS]


def test_a_claim_of_pools_or_drivers_and_its_page_are_named_alike() -> None:
    assert all((claim.page == "fairness.md") is claim.name.startswith("pool-") for claim in CLAIMS)
    assert all(
        (claim.page == "drivers.md") is claim.name.startswith("drivers-") for claim in CLAIMS
    )
