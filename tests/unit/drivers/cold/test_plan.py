"""The plan of the drives: who is served when, computed without a file and without a clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.drivers.cold.plan import Drive, Plan, Recall
from coffre.drivers.cold.settings import Settings

SETTINGS = Settings("/library", robot_time=10, mount_time=5, seek_time=2, read_speed=100)
LONG = 1e9


def recalls(*tapes: int, size: int = 100, asked: float = 0.0) -> list[Recall]:
    return [Recall(seq, tape, size, asked) for seq, tape in enumerate(tapes, 1)]


def served(settings: Settings, count: int, wanted: list[Recall], until: float = LONG) -> None:
    Plan(settings, [Drive(number) for number in range(1, count + 1)]).run(wanted, until)


def test_a_recall_takes_robot_mount_seek_and_reading() -> None:
    (one,) = wanted = recalls(7)
    served(SETTINGS, 1, wanted)
    assert (one.drive, one.done) == (1, 10 + 5 + 2 + 1)


def test_a_tape_that_is_in_the_drive_is_not_fetched_again() -> None:
    wanted = recalls(7, 7)
    served(SETTINGS, 1, wanted)
    assert [one.done for one in wanted] == [18, 21]


def test_one_drive_serves_in_the_order_in_which_it_was_asked() -> None:
    wanted = recalls(1, 2, 3)
    served(SETTINGS, 1, wanted)
    assert [one.done for one in wanted] == [18, 36, 54]


def test_two_drives_read_two_tapes_at_once() -> None:
    wanted = recalls(1, 2)
    served(SETTINGS, 2, wanted)
    assert [(one.drive, one.done) for one in wanted] == [(1, 18), (2, 18)]


def test_a_tape_is_never_in_two_drives() -> None:
    wanted = recalls(7, 7, 8)
    served(SETTINGS, 2, wanted)
    assert [(one.drive, one.done) for one in wanted] == [(1, 18), (1, 21), (2, 18)]


def test_what_begins_later_than_now_still_waits() -> None:
    wanted = recalls(1, 2)
    served(SETTINGS, 1, wanted, until=17.9)
    assert [one.done for one in wanted] == [18, None]


def test_nobody_is_served_before_it_was_asked() -> None:
    (one,) = wanted = recalls(1, asked=100)
    served(SETTINGS, 1, wanted, until=99)
    assert one.done is None
    served(SETTINGS, 1, wanted)
    assert one.done == 118


def test_a_tape_that_sticks_lets_the_others_pass() -> None:
    wanted = recalls(1, 2)
    served(replace(SETTINGS, unmountable="T00001"), 1, wanted)
    assert [one.done for one in wanted] == [None, 18]


def test_without_a_drive_everybody_waits() -> None:
    (one,) = wanted = recalls(1)
    served(SETTINGS, 0, wanted)
    assert one.done is None


def test_a_mount_that_fails_takes_its_time_and_is_tried_again() -> None:
    wanted = recalls(*range(1, 51))
    served(replace(SETTINGS, mount_failures=0.5), 1, wanted)
    failed = sum(one.attempt for one in wanted)
    assert failed > 10
    assert max(one.done or 0 for one in wanted) == 50 * 18 + failed * 15


def test_a_drive_that_breaks_is_out_for_its_repair_and_the_object_comes_all_the_same() -> None:
    wanted = recalls(*range(1, 51))
    served(replace(SETTINGS, drive_failures=0.5, repair_time=1000), 2, wanted)
    assert sum(one.attempt for one in wanted) > 10
    assert all(one.done for one in wanted)
    assert max(one.done or 0 for one in wanted) > 5000


def test_a_library_in_which_everything_fails_at_once_still_has_an_end() -> None:
    hopeless = replace(SETTINGS, robot_time=0, mount_time=0, mount_failures=1.0)
    (one,) = wanted = recalls(1)
    served(hopeless, 1, wanted, until=100)
    assert one.done is None
    assert one.attempt == 101


@given(
    tapes=st.lists(st.integers(1, 4), min_size=1, max_size=12),
    looks=st.lists(st.floats(0, 400), max_size=6),
    failures=st.sampled_from([0.0, 0.3]),
    drives=st.integers(1, 3),
)
def test_the_plan_is_the_same_however_often_somebody_looks(
    tapes: list[int], looks: list[float], failures: float, drives: int
) -> None:
    settings = replace(SETTINGS, mount_failures=failures, drive_failures=failures, repair_time=50)
    once, often = recalls(*tapes), recalls(*tapes)
    served(settings, drives, once)
    state = [Drive(number) for number in range(1, drives + 1)]
    for look in [*sorted(looks), LONG]:
        Plan(settings, state).run([one for one in often if one.done is None], look)
    assert often == once


@pytest.mark.parametrize(
    "wrong", [{"drives": 0}, {"read_speed": 0}, {"robot_time": -1.0}, {"mount_failures": 1.5}]
)
def test_a_library_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    from coffre.contract import ParameterError

    with pytest.raises(ParameterError, match=next(iter(wrong))):
        Settings("/library", **wrong)  # type: ignore[arg-type]
