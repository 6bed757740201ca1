"""A check that hangs is given up: it begins no other step, and the report says what is left."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from coffre.conformance import Harness
from coffre.conformance.bench import Bench
from coffre.conformance.check import Check, check
from coffre.conformance.report import Outcome
from coffre.conformance.trying import attempt
from coffre.contract import ConnectionParameters, ObjectRef
from coffre.testing import MemoryDriver, MemoryOffer

URL = "memory://giving-up"


@pytest.fixture
def harness() -> Iterator[Harness]:
    MemoryOffer.discard(URL)
    harness = Harness(MemoryDriver(), ConnectionParameters(url=URL))
    harness.patience = 0.05
    yield harness
    MemoryOffer.discard(URL)


def hanging(until: threading.Event, ended: threading.Event) -> Check:
    @check("put.whole")
    def it_hangs(bench: Bench) -> None:
        try:
            with bench.session() as session:
                session.put("before")
                until.wait(10)
                session.put("after")
        finally:
            ended.set()

    return it_hangs


def test_what_was_given_up_begins_no_other_step_and_cleans_up(harness: Harness) -> None:
    until, ended = threading.Event(), threading.Event()
    (trial,) = hanging(until, ended).trials()

    verdict = attempt(trial, harness, seed=1, capabilities=frozenset())

    assert verdict.outcome is Outcome.FAILED
    (remark,) = verdict.remarks
    assert "still at work in a thread" in remark
    offer = MemoryOffer.at(URL)
    assert [ref.identifier for ref in offer.refs()] == ["before"]
    until.set()
    assert ended.wait(10)
    for left in [one for one in threading.enumerate() if trial.id in one.name]:
        left.join(10)
    assert offer.refs() == []


def test_what_is_not_tried_names_the_hook_for_programs_and_not_for_people(
    harness: Harness,
) -> None:
    @check("put.whole")
    def it_wants_to_damage(bench: Bench) -> None:
        bench.harness.damage(ObjectRef(tenant=0, container="object", identifier="it"))

    (trial,) = it_wants_to_damage.trials()
    harness.patience = 10
    told = attempt(trial, harness, seed=1, capabilities=frozenset()).to_json()

    assert told["hook"] == "damage"
    assert told["reason"] == "no object can be damaged behind the driver's back"
