"""Figures are had from pairs, run side by side in directories that are fresh each time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import measuring
from benchmarks.claims import Bound, Claim, Measure
from benchmarks.measuring import Arm, Figure, Sample, Work, compare
from coffre.testing import FakeClock
from tests.unit.benchmarks.support import claim_of, figure_of


class Arms:
    """Two arms that take the seconds they are told to, on a clock that stands still."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.ran: list[str] = []
        self.places: list[Path] = []

    def arm(self, name: str, *seconds: float) -> Arm:
        left = iter(seconds)

        @contextmanager
        def prepared(place: Path) -> Iterator[Work]:
            assert not list(place.iterdir())
            (place / "left behind").touch()
            self.places.append(place)

            def work() -> None:
                self.ran.append(name)
                self.clock.advance(next(left))

            self.clock.advance(1000)  # preparing is not timed
            yield work
            self.clock.advance(1000)

        return prepared


@pytest.fixture
def arms(monkeypatch: pytest.MonkeyPatch) -> Arms:
    clock = FakeClock()
    monkeypatch.setattr("benchmarks.measuring.time.perf_counter", clock.monotonic)
    monkeypatch.setattr("benchmarks.measuring.os.sync", lambda: None)
    return Arms(clock)


def figure(arms: Arms, place: Path, claim: Claim, *, objects: int = 1, keep: bool = True) -> Figure:
    reference = arms.arm("reference", 99, 1, 2, 4)
    ours = arms.arm("ours", 99, 3, 2, 6)
    return compare(
        claim, reference, ours, place=place, runs=3, setting="tests", objects=objects, keep=keep
    )


def test_runs_are_interleaved(arms: Arms, tmp_path: Path) -> None:
    figure(arms, tmp_path, claim_of())

    assert arms.ran == ["reference", "ours"] * 4


def test_every_run_has_a_fresh_directory_under_a_name_of_its_own(
    arms: Arms, tmp_path: Path
) -> None:
    figure(arms, tmp_path, claim_of())

    assert len(set(arms.places)) == len(arms.places) == 8


def test_what_the_runs_wrote_stays_so_that_deleting_slows_nobody_down(
    arms: Arms, tmp_path: Path
) -> None:
    figure(arms, tmp_path, claim_of())

    assert sorted(tmp_path.iterdir()) == sorted(arms.places)


def test_few_and_large_files_go_after_each_run(arms: Arms, tmp_path: Path) -> None:
    figure(arms, tmp_path, claim_of(), keep=False)

    assert not list(tmp_path.iterdir())


def test_the_ratio_is_the_median_of_the_ratios_of_each_pair(arms: Arms, tmp_path: Path) -> None:
    found = figure(arms, tmp_path, claim_of())

    assert found.values == (3.0, 1.0, 1.5)
    assert found.value == 1.5


def test_a_rate_is_the_other_way_round(arms: Arms, tmp_path: Path) -> None:
    found = figure(arms, tmp_path, claim_of(Bound.AT_LEAST, 0.9, Measure.RATE))

    assert found.values == (1 / 3, 1.0, 4 / 6)


def test_a_time_an_object_is_ours_alone(arms: Arms, tmp_path: Path) -> None:
    claim = claim_of(target=500, measure=Measure.MICROSECONDS)

    assert figure(arms, tmp_path, claim, objects=4000).values == (750.0, 500.0, 1500.0)


def test_processor_time_counts_children(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.05: pass"

    sample = measuring.timed(lambda: subprocess.run([sys.executable, "-c", burn], check=True))

    assert sample.cpu >= 0.05


@pytest.mark.parametrize("measure", [Measure.MEBIBYTES, Measure.CALLS])
def test_of_what_must_be_had_room_for_the_worst_run_counts(measure: Measure) -> None:
    assert figure_of(claim_of(measure=measure, target=80), 10, 90, 20).value == 90


def test_the_median_of_samples_is_of_wall_and_processor_apart() -> None:
    assert measuring.median([Sample(1, 9), Sample(2, 8), Sample(3, 7)]) == Sample(2, 8)
