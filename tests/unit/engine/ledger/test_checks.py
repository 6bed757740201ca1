from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import Evidence
from coffre.engine.ledger import (
    Check,
    CopyState,
    DeletionOrder,
    JobProgress,
    JobState,
    Ledger,
)
from coffre.engine.ledger.checks import read_ranges, write_ranges
from coffre.testing import FakeClock
from tests.unit.engine.ledger.support import (
    NORTH,
    SOUTH,
    codes,
    deposit,
    digest,
    fill,
    kinds,
    ref,
    stored_id,
)


def good(object_id: int, offer: str = "north") -> Check:
    return Check(object_id=object_id, offer=offer, state=CopyState.VERIFIED, evidence=Evidence.READ)


def bad(object_id: int, state: CopyState | None, *, code: str = "") -> Check:
    return Check(
        object_id=object_id,
        offer="north",
        state=state,
        evidence=Evidence.READ,
        code=code,
        detail="looked",
    )


def test_all_successes_of_a_batch_share_one_event(ledger: Ledger, clock: FakeClock) -> None:
    fill(ledger, 300)
    ids = [record.id for record in ledger.objects_by_id()]
    clock.advance(3600)
    events = ledger.head().seq

    ledger.record_checks([good(number) for number in ids])

    assert ledger.head().seq == events + 1
    (event,) = ledger.events(events)
    body = json.loads(event.body)
    assert body["count"] == 300
    assert body["offers"] == {"north": {"READ": f"{ids[0]}-{ids[-1]}"}}
    assert all(
        record.copies[0].evidence is Evidence.READ and record.copies[0].checked_at == clock.now()
        for record in ledger.objects_by_id()
    )
    assert codes(ledger) == []


def test_the_list_of_checks_can_be_proved_from_its_event(ledger: Ledger) -> None:
    fill(ledger, 2)
    first, second = (record.id for record in ledger.objects_by_id())
    ledger.record_checks([good(second), good(first)])

    body = json.loads(list(ledger.events())[-1].body)
    lines = sorted(
        f"{number} north READ {digest(name)}\n"
        for number, name in zip(
            read_ranges(body["offers"]["north"]["READ"]), (b"000000", b"000001"), strict=True
        )
    )

    assert body["digest"] == "sha512:" + hashlib.sha512("".join(lines).encode()).hexdigest()


def test_each_failure_has_an_event_and_a_debt_of_its_own(ledger: Ledger) -> None:
    ledger.record_deposits([deposit(name) for name in "abcd"])
    a, b, c, d = (stored_id(ledger, name) for name in "abcd")

    ledger.record_checks(
        [
            bad(a, CopyState.CORRUPT, code="digest-mismatch"),
            good(b),
            bad(c, CopyState.MISSING),
            bad(d, None, code="offer-timeout"),
        ]
    )

    assert kinds(ledger)[5:] == ["copy-corrupt", "copy-missing", "copy-unknown", "copies-checked"]
    assert [(debt.object_id, debt.code) for debt in ledger.debts()] == [
        (a, "digest-mismatch"),
        (c, "copy-missing"),
    ]
    states = [record.copies[0].state for record in ledger.objects_by_id()]
    assert states == [
        CopyState.CORRUPT,
        CopyState.VERIFIED,
        CopyState.MISSING,
        CopyState.VERIFIED,
    ]


def test_unknown_changes_nothing_about_the_copy(ledger: Ledger, clock: FakeClock) -> None:
    ledger.record_deposits([deposit("a")])
    before = ledger.find(ref("a"))
    clock.advance(60)

    ledger.record_checks([bad(stored_id(ledger, "a"), None)])

    assert ledger.find(ref("a")) == before


def test_a_copy_found_good_again_pays_its_debt(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a")])
    number = stored_id(ledger, "a")
    ledger.record_checks([bad(number, CopyState.MISSING)])

    ledger.record_checks([good(number)])

    assert list(ledger.debts()) == []
    assert kinds(ledger)[-2:] == ["debt-paid", "copies-checked"]


def test_finding_the_same_fault_again_keeps_the_first_debt(
    ledger: Ledger, clock: FakeClock
) -> None:
    ledger.record_deposits([deposit("a")])
    number = stored_id(ledger, "a")
    ledger.record_checks([bad(number, CopyState.CORRUPT)])
    before = list(ledger.debts())
    clock.advance(60)

    ledger.record_checks([bad(number, CopyState.CORRUPT)])

    assert list(ledger.debts()) == before


def test_a_check_never_brings_a_deleted_copy_back(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a", copies=[NORTH, SOUTH])])
    tombstone = ledger.order_deletion(ref("a"), DeletionOrder(id="1", author="me", reason="law"))
    ledger.record_copy_deleted(tombstone.id, "north")

    ledger.record_checks([good(tombstone.id), bad(tombstone.id, CopyState.MISSING)])

    last = ledger.last_state(ref("a"))
    assert last is not None
    assert last.copies[0].state is CopyState.DELETED
    assert [(debt.offer, debt.kind) for debt in last.debts] == [("south", "deletion")]


def test_a_check_of_an_unknown_object_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="does not know"):
        ledger.record_checks([good(4711)])


def test_no_checks_are_no_event(ledger: Ledger) -> None:
    head = ledger.head()
    assert ledger.record_checks([]) == 0
    assert ledger.head() == head


def test_a_job_resumes_where_its_last_batch_ended(ledger: Ledger) -> None:
    fill(ledger, 4)
    ids = [record.id for record in ledger.objects_by_id()]
    job = ledger.start_job("audit", {"container": "object"})
    assert (job.cursor, job.state, job.scope) == (0, JobState.RUNNING, {"container": "object"})

    progress = JobProgress(job_id=job.id, cursor=ids[1], counts={"checked": 2})
    ledger.record_checks([good(ids[0]), good(ids[1])], progress=progress)

    resumed = ledger.find_job(job.id)
    assert resumed is not None
    assert [record.id for record in ledger.objects_by_id(resumed.cursor)] == ids[2:]
    assert resumed.counts == {"checked": 2}
    ledger.save_job(JobProgress(job_id=job.id, cursor=ids[3], counts={"checked": 4}))
    ledger.finish_job(job.id, {"checked": 4})
    (ended,) = ledger.jobs()
    assert (ended.state, ended.cursor, ended.counts) == (JobState.DONE, ids[3], {"checked": 4})
    assert kinds(ledger)[-3:] == ["job-started", "copies-checked", "job-finished"]
    assert ledger.find_job(4711) is None


@given(st.sets(st.integers(1, 60)))
def test_ranges_give_back_their_numbers(numbers: set[int]) -> None:
    text = write_ranges(numbers)
    assert (read_ranges(text) if text else []) == sorted(numbers)
