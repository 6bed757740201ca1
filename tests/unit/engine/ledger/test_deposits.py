from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coffre.contract import Digest, DigestAlgorithm, Evidence, ObjectConflictError
from coffre.engine.ledger import (
    CopyState,
    DebtKind,
    Deposit,
    DepositOutcome,
    Ledger,
    LedgerDamagedError,
    ObjectState,
    Recorded,
)
from coffre.testing import FakeClock
from tests.unit.engine.ledger.support import (
    NORTH,
    SOUTH,
    codes,
    deposit,
    digest,
    kinds,
    ref,
    stored_id,
)


def test_a_deposit_is_found_again_with_everything_that_was_said(
    ledger: Ledger, clock: FakeClock
) -> None:
    metadata = {"name": "dossier/Été \udcff\n.pdf", "b": "", "a": "2"}
    owed = ("east", "offer-unavailable", "maintenance")
    ledger.record_deposits([deposit("a", copies=[NORTH, SOUTH], debts=[owed], metadata=metadata)])

    found = ledger.find(ref("a"))

    assert found is not None
    assert (found.ref, found.size, found.digest) == (ref("a"), 7, digest(b"charter"))
    assert found.metadata == metadata
    assert found.strategy == "default"
    assert found.deposited_at == clock.now()
    assert found.state is ObjectState.STORED
    assert [(c.offer, c.state, c.evidence) for c in found.copies] == [
        ("north", CopyState.VERIFIED, Evidence.PRESENT),
        ("south", CopyState.VERIFIED, Evidence.READ),
    ]
    assert found.verified_copies == 2
    assert [(d.offer, d.kind, d.code, d.note) for d in found.debts] == [
        ("east", DebtKind.COPY, "offer-unavailable", "maintenance")
    ]
    assert codes(ledger) == []


def test_every_digest_algorithm_is_kept(ledger: Ledger) -> None:
    for algorithm in DigestAlgorithm:
        value = algorithm.of(b"old holdings")
        ledger.record_deposits([Deposit(ref=ref(f"by-{algorithm}"), size=12, digest=value)])

        found = ledger.find(ref(f"by-{algorithm}"))

        assert found is not None
        assert found.digest == value
    assert codes(ledger) == []


def test_what_was_never_deposited_is_not_found(ledger: Ledger) -> None:
    assert ledger.find(ref("a")) is None
    assert ledger.last_state(ref("a")) is None
    assert ledger.find_many([ref("a"), ref("b")]) == {}


def test_the_same_bytes_again_add_their_copy_and_pay_its_debt(ledger: Ledger) -> None:
    first = ledger.record_deposits([deposit("a", debts=[("south", "offer-full", "")])])
    again = ledger.record_deposits([deposit("a", copies=[SOUTH])])

    found = ledger.find(ref("a"))

    assert found is not None
    assert again == [Recorded(first[0].object_id, 3, DepositOutcome.REPEATED)]
    assert {copy.offer for copy in found.copies} == {"north", "south"}
    assert found.debts == ()
    assert kinds(ledger)[1:] == ["object-deposited", "copy-added"]


def test_the_same_deposit_again_changes_nothing_and_is_told(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a")])
    before = ledger.find(ref("a"))
    ledger.record_deposits([deposit("a")])

    assert ledger.find(ref("a")) == before
    assert kinds(ledger)[-1] == "deposit-repeated"


def test_repeating_a_deposit_does_not_lower_the_evidence(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a", copies=[("north", Evidence.READ)])])
    ledger.record_deposits([deposit("a", copies=[("north", Evidence.PRESENT)])])

    found = ledger.find(ref("a"))

    assert found is not None
    assert found.copies[0].evidence is Evidence.READ


def test_an_offer_with_a_verified_copy_does_not_owe_one(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a")])
    ledger.record_deposits([deposit("a", copies=[], debts=[("north", "offer-timeout", "")])])

    assert list(ledger.debts()) == []


def test_other_bytes_conflict_and_nothing_of_the_batch_is_kept(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a")])
    head = ledger.head()

    with pytest.raises(ObjectConflictError) as caught:
        ledger.record_deposits([deposit("b"), deposit("a", b"forgery"), deposit("c")])

    assert caught.value.ref == ref("a")
    assert ledger.head() == head
    assert ledger.find_many([ref("b"), ref("c")]) == {}


def test_a_conflict_late_in_a_batch_undoes_what_was_written_early(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a")])
    head = ledger.head()
    merging = [deposit("b"), deposit("b", copies=[SOUTH])]  # writes b's row before the end

    with pytest.raises(ObjectConflictError):
        ledger.record_deposits([*merging, deposit("a", b"forgery")])

    assert ledger.find(ref("b")) is None
    assert ledger.head() == head
    ledger.record_deposits(merging)
    assert codes(ledger) == []


def test_equal_values_of_two_algorithms_are_not_the_same_digest(ledger: Ledger) -> None:
    value = digest(b"charter").value
    twin = Digest(DigestAlgorithm.BLAKE2B, value)
    ledger.record_deposits([deposit("a")])

    with pytest.raises(ObjectConflictError):
        ledger.record_deposits([Deposit(ref=ref("a"), size=7, digest=twin)])


def test_another_algorithm_cannot_be_compared_and_says_so(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a", b"charter")])
    weak = Deposit(ref=ref("a"), size=7, digest=DigestAlgorithm.MD5.of(b"charter"))

    with pytest.raises(ObjectConflictError, match="sha512 digest, which cannot be compared"):
        ledger.record_deposits([weak])


def test_one_batch_may_name_an_object_twice(ledger: Ledger) -> None:
    recorded = ledger.record_deposits([deposit("a"), deposit("b"), deposit("a", copies=[SOUTH])])

    assert [r.outcome for r in recorded] == ["stored", "stored", "repeated"]
    assert recorded[2].object_id == recorded[0].object_id
    assert codes(ledger) == []


def test_a_replaced_object_leaves_a_trace_and_no_debt(ledger: Ledger) -> None:
    owed = [("south", "offer-full", "")]
    old = ledger.record_deposits([deposit("a", b"old", debts=owed)])[0]
    new = ledger.record_deposits([deposit("a", b"new")], replacing=True)[0]

    found = ledger.find(ref("a"))
    history = ledger.all_under(ref("a"))

    assert found is not None
    assert (found.id, found.digest) == (new.object_id, digest(b"new"))
    assert new.outcome is DepositOutcome.REPLACED
    assert [(r.id, r.state) for r in history] == [
        (new.object_id, ObjectState.STORED),
        (old.object_id, ObjectState.REPLACED),
    ]
    assert history[1].copies[0].state is CopyState.REPLACED
    assert list(ledger.debts()) == []
    assert codes(ledger) == []


def test_a_batch_may_replace_what_it_stored_itself(ledger: Ledger) -> None:
    batch = [deposit("a", b"1"), deposit("a", b"2"), deposit("a", b"3")]
    recorded = ledger.record_deposits(batch, replacing=True)

    assert [r.outcome for r in recorded] == ["stored", "replaced", "replaced"]
    under = ledger.all_under(ref("a"))
    assert [r.state for r in under] == ["stored", "replaced", "replaced"]
    assert [r.id for r in under] == [r.object_id for r in reversed(recorded)]
    assert codes(ledger) == []


def test_many_deposits_in_several_containers_are_found_in_one_question(ledger: Ledger) -> None:
    refs = [ref(f"{n:04}", container) for container in ("object", "report") for n in range(400)]
    ledger.record_deposits([deposit(r, str(r).encode()) for r in refs])

    found = ledger.find_many([*refs, ref("unknown")])

    assert set(found) == set(refs)
    assert all(found[r].digest == digest(str(r).encode()) for r in refs)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 15, 21, 63, 64, 65, 87, 256, 301])
def test_a_batch_of_any_length_is_recorded_whole(ledger: Ledger, count: int) -> None:
    """Rows are inserted many at a time: none is left over, none goes twice."""
    batch = [deposit(f"{n:03}", str(n).encode(), copies=[NORTH, SOUTH]) for n in range(count)]
    recorded = ledger.record_deposits(batch)

    assert [entry.event for entry in recorded] == list(range(2, count + 2))
    assert [(r.ref, r.digest, r.verified_copies) for r in ledger.objects_by_id()] == [
        (one.ref, one.digest, 2) for one in batch
    ]
    assert codes(ledger) == []


def test_an_empty_batch_is_no_event(ledger: Ledger) -> None:
    head = ledger.head()

    assert ledger.record_deposits([]) == []
    assert ledger.head() == head


def test_a_recovered_object_keeps_the_time_of_its_deposit(ledger: Ledger) -> None:
    long_ago = datetime(1999, 12, 31, 23, 59, 59, 7, tzinfo=UTC)
    found = Deposit(
        ref=ref("a"), size=7, digest=digest(b"charter"), copies=[NORTH], deposited_at=long_ago
    )

    assert ledger.record_recovered([found])[0].outcome is DepositOutcome.STORED

    record = ledger.find(ref("a"))
    assert record is not None
    assert record.deposited_at == long_ago
    assert kinds(ledger)[-1] == "object-recovered"
    assert codes(ledger) == []


def test_recovering_twice_adds_no_event(ledger: Ledger) -> None:
    ledger.record_recovered([deposit("a")])
    head = ledger.head()

    assert ledger.record_recovered([deposit("a")])[0].outcome is DepositOutcome.REPEATED
    assert ledger.head() == head


def test_recovering_other_bytes_reports_a_conflict_and_the_ledger_stays(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a")])

    recorded = ledger.record_recovered([deposit("a", b"rot", copies=[SOUTH]), deposit("b")])

    assert [r.outcome for r in recorded] == ["conflict", "stored"]
    found = ledger.find(ref("a"))
    assert found is not None
    assert found.digest == digest(b"charter")
    assert [copy.offer for copy in found.copies] == ["north"]


def test_a_negative_size_is_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerDamagedError):
        ledger.record_deposits([Deposit(ref=ref("a"), size=-1, digest=digest(b""))])
    assert ledger.find(ref("a")) is None


def test_an_object_has_the_number_of_its_event(ledger: Ledger) -> None:
    (recorded,) = ledger.record_deposits([deposit("a")])

    assert recorded.object_id == recorded.event == ledger.head().seq == stored_id(ledger, "a")
