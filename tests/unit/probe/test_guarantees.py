"""What an offer gives follows from what was seen, on what, and when: without any offer."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from coffre.contract import Capability, ConnectionParameters, InvalidRequestError, Secret
from coffre.probe import (
    BASIC,
    EVERYTHING,
    WRITING,
    ProbeRecord,
    State,
    Subject,
    TrialRecord,
    hindrance,
    judge,
    withheld,
    worst,
)
from coffre.probe.trials import EVERY_TRIAL
from coffre.testing import MemoryDriver

SUBJECT = Subject(
    driver="memory",
    version="1.0",
    contract="1.0",
    url="memory://north",
    parameters=(("password", "Secret(***)"), ("user", "ada")),
)
DECLARED = frozenset({Capability.CREATE_ONLY, Capability.REPLACE})
GUARANTEES = (*BASIC, "create-only", "replace")


def trial(guarantee: str, outcome: str = "passed", seen: str = "") -> TrialRecord:
    return TrialRecord(
        trial=f"{guarantee}/a-trial",
        duty=guarantee,
        guarantee=guarantee,
        outcome=outcome,
        seen=seen,
    )


def record(*other: TrialRecord) -> ProbeRecord:
    """Everything passed, but for what is given."""
    names = [one.guarantee for one in other]
    return ProbeRecord(
        offer="north",
        subject=SUBJECT,
        at=datetime(2026, 11, 24, 20, 1, tzinfo=UTC),
        coffre="0.1.0",
        part_size=9,
        capabilities=("create-only", "replace"),
        trials=(*(trial(name) for name in GUARANTEES if name not in names), *other),
        left=("left on the offer: something",),
    )


def states(found: ProbeRecord | None, subject: Subject = SUBJECT) -> dict[str, State]:
    return {one.name: one.state for one in judge(found, subject, DECLARED)}


# --- three states ------------------------------------------------------------------------------


def test_without_a_probe_everything_is_declared() -> None:
    assert states(None) == dict.fromkeys(GUARANTEES, State.DECLARED)


def test_what_passed_every_trial_is_proved() -> None:
    assert states(record()) == dict.fromkeys(GUARANTEES, State.PROVED)


def test_one_trial_that_failed_disproves_however_many_passed() -> None:
    seen = record(
        trial("create-only"), trial("create-only", "failed", "two winners"), trial("create-only")
    )

    assert states(seen)["create-only"] is State.DISPROVED
    assert states(seen)["replace"] is State.PROVED


def test_what_could_not_be_tried_proves_and_disproves_nothing() -> None:
    seen = record(trial("replace"), trial("replace", "not tried", "the offer did not answer"))
    (found,) = (one for one in judge(seen, SUBJECT, DECLARED) if one.name == "replace")

    assert found.state is State.DECLARED
    assert found.why == "not tried: the offer did not answer"
    assert found.effective


def test_a_capability_without_a_trial_is_declared_and_no_more() -> None:
    (found,) = (
        one for one in judge(record(), SUBJECT, {Capability.OFFER_LOG}) if one.name == "offer-log"
    )

    assert (found.state, found.why) == (State.DECLARED, "no trial of it")


# --- the same subject ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (replace(SUBJECT, version="1.1"), "it was version 1.0 of the driver, and is 1.1"),
        (replace(SUBJECT, contract="1.1"), "it was version 1.0 of the driver, and is 1.0"),
        (replace(SUBJECT, driver="other"), "it was driver memory, and is other"),
        (replace(SUBJECT, url="memory://new"), "it was memory://north, and is memory://new"),
        (replace(SUBJECT, parameters=(("user", "eve"),)), "another password, user"),
    ],
)
def test_what_was_seen_of_something_else_is_stale(now: Subject, why: str) -> None:
    broken = record(trial("create-only", "failed", "two winners"))
    found = judge(broken, now, DECLARED)

    assert {one.state for one in found} == {State.DECLARED}
    assert found[0].why == f"probed on 2026-11-24, but {why}".replace("but it was", "but it was")


def test_a_subject_is_of_the_driver_and_its_parameters_and_shows_no_secret() -> None:
    values = (("password", Secret("hunter2-of-the-archive")), ("user", "ada"))
    subject = Subject.of(MemoryDriver(), ConnectionParameters(url="memory://x", values=values))

    assert subject.parameters == (("password", "Secret(***)"), ("user", "ada"))
    assert "hunter2" not in repr(subject)


# --- what follows --------------------------------------------------------------------------------


def test_a_disproved_capability_is_withheld_with_its_trial_and_date() -> None:
    found = judge(record(trial("replace", "failed", "the old bytes")), SUBJECT, DECLARED)

    assert withheld(found) == {
        Capability.REPLACE: "disproved on 2026-11-24 by trial replace/a-trial (the old bytes)"
    }
    assert hindrance(found) is None
    assert worst(found) is State.DISPROVED


@pytest.mark.parametrize("name", WRITING)
def test_nothing_is_put_where_a_promise_of_every_put_is_broken(name: str) -> None:
    found = judge(record(trial(name, "failed", "seen")), SUBJECT, DECLARED)

    assert hindrance(found) == f"{name} was disproved on 2026-11-24 by trial {name}/a-trial (seen)"
    assert withheld(found) == {}


def test_a_broken_listing_keeps_nobody_from_storing() -> None:
    assert hindrance(judge(record(trial("list.order", "failed")), SUBJECT, DECLARED)) is None


def test_proof_that_is_demanded_must_be_there() -> None:
    unprobed, probed = judge(None, SUBJECT, DECLARED), judge(record(), SUBJECT, DECLARED)

    for demanded in ({"create-only"}, {EVERYTHING}):
        assert hindrance(unprobed, demanded) is not None
        assert hindrance(probed, demanded) is None
    assert hindrance(unprobed, {"create-only"}) == (
        "create-only must be proved, and is declared: not probed"
    )
    assert hindrance(probed, {"retention"}) == "retention must be proved, and is not even declared"


# --- as JSON -------------------------------------------------------------------------------------


def test_a_record_comes_back_from_json() -> None:
    seen = record(trial("replace", "failed", "é\n"))

    assert ProbeRecord.from_json(json.loads(json.dumps(seen.to_json()))) == seen


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"at": "yesterday"}, {"trials": "none"}, {"trials": [{"trial": 1}]},
     {"url": None}, {"part_size": "9"}, {"parameters": [["one"]]}],
)  # fmt: skip
def test_what_is_no_record_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError, match="probe again"):
        ProbeRecord.from_json(record().to_json() | change)


def test_what_is_missing_is_no_record() -> None:
    told = record().to_json()
    del told["at"]
    with pytest.raises(InvalidRequestError):
        ProbeRecord.from_json(told)


def test_the_basic_duties_are_those_that_have_trials() -> None:
    tried = {check.duty.id for check in EVERY_TRIAL if not check.needs}

    assert tried == set(BASIC)
