"""The kit catches every liar, under the duty that it breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from coffre.conformance import DUTIES, LIMITS, SPEED, forking
from tests.liars.everyone import LIARS, NOT_YET_CAUGHT, Liar

Record = Callable[[str, object], None]


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.name)
def test_the_kit_finds_the_lie_under_its_duty(
    liar: Liar, record_property: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forking, "PATIENCE", 0.5)  # a child that hangs is not waited for long
    for name, value in (("liar", liar.name), ("lie", liar.lie), ("duty", liar.duty)):
        record_property(name, value)

    report, found = liar.tried()

    if liar.remark is None:
        assert liar.duty in found, f"{liar.lie} Nobody minded: {report.tally}"
        record_property("caught", liar.duty)
    else:
        assert any(liar.remark in text for text in report.remarks()), report.remarks()
        assert not found
        record_property("caught", "a remark")


def test_nobody_is_known_to_get_away() -> None:
    assert not NOT_YET_CAUGHT


def test_every_duty_has_a_liar_who_breaks_it() -> None:
    owed = {duty.id for duty in DUTIES.values() if duty.profile not in (LIMITS, SPEED)}

    assert owed - {liar.duty for liar in LIARS} == set()


def test_each_liar_has_a_name_and_a_lie_of_its_own() -> None:
    for what in (Counter(liar.name for liar in LIARS), Counter(liar.lie for liar in LIARS)):
        assert [text for text, count in what.items() if count > 1 or not text] == []
