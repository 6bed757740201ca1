"""The kit catches every liar, under the duty that it breaks; and nobody who is honest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coffre.conformance import DUTIES, LIMITS, SPEED, forking
from tests.liars.everyone import LIARS, Liar

Record = Callable[[str, object], None]


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.name)
def test_the_kit_finds_the_lie_under_its_duty(
    liar: Liar, record_property: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forking, "PATIENCE", 0.5)  # a child that hangs is not waited for long

    report, found = liar.tried()

    record_property("liar", liar.name)
    record_property("lie", liar.lie)
    record_property("duty", liar.duty)
    if liar.remark is not None:
        told = any(liar.remark in text for text in report.remarks())
        assert told, f"no word of it among {report.remarks()}"
        assert not found
        record_property("caught", "a remark")
        return
    tried = {verdict.trial: verdict.reason for verdict in report.verdicts}
    assert liar.duty in found, f"not found; {report.tally}, tried: {tried}"
    record_property("caught", liar.duty)
