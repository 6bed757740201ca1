"""Auditing: every copy read again; counts that add up; k faults, k findings; nothing changed."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from coffre.contract import ListEntry, Listing, ObjectRef, OfferFailedError
from coffre.engine import (
    Audit,
    AuditSummary,
    DeletionOrder,
    FindingCode,
    PutItem,
    StrategyError,
    auditing,
)
from coffre.engine.ledger import CopyState, LedgerError
from coffre.offer import Offer
from coffre.testing import (
    BrokenListing,
    BrokenRead,
    ErrorBefore,
    FalselyAbsent,
    FlipOnRead,
    IncompleteListing,
)
from tests.unit.engine.support import CHARTER, LARGE, House, house_in, ref, told


def fill(house: House, count: int, strategy: str = "lenient") -> list[ObjectRef]:
    refs = [ref(f"n{number:04}") for number in range(count)]
    items = [PutItem(ref=one, source=one.identifier.encode()) for one in refs]
    list(house.engine.put_many(items, strategy=strategy))
    return refs


def adds_up(summary: AuditSummary, findings: int) -> bool:
    """The summary says what its lines say."""
    looked_at = summary.verified + summary.corrupt + summary.missing + summary.unknown
    return summary.copies == looked_at and summary.findings == findings


def run(audit: Audit) -> tuple[list[tuple[str, str, str]], AuditSummary]:
    findings = told(audit)
    assert adds_up(audit.summary, len(findings) + audit.summary.told_before)
    return findings, audit.summary


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "PAGE", 10)


# --- all is well --------------------------------------------------------------------------


def test_an_empty_archive_has_nothing_wrong(house: House) -> None:
    findings, summary = run(house.engine.audit())

    assert findings == []
    assert summary.complete
    assert (summary.objects, summary.copies) == (0, 0)


def test_every_byte_of_every_copy_is_read(house: House) -> None:
    house.engine.put(CHARTER, ref("small"))
    house.engine.put(LARGE, ref("large"), strategy="three")
    house.engine.put(b"", ref("empty"), strategy="alone")

    findings, summary = run(house.engine.audit())

    assert findings == []
    assert (summary.objects, summary.copies, summary.verified) == (3, 6, 6)
    assert summary.bytes_read == 2 * len(CHARTER) + 3 * len(LARGE)
    assert summary.evidence == "read"


def test_bytes_of_bad_copies_are_counted_as_read_too(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.engine.put(LARGE, ref("large"))
    for name in ("charter", "large"):
        house.memory["south"].damage(ref(name))

    _, summary = run(house.engine.audit())

    # What is not good is seen twice before it is believed.
    assert summary.bytes_read == 3 * (len(CHARTER) + len(LARGE))


def test_an_audit_changes_no_byte_on_any_offer(house: House) -> None:
    refs = fill(house, 20)
    house.memory["north"].damage(refs[3])
    before = {one: house.held(one) for one in refs}

    run(house.engine.audit())

    assert {one: house.held(one) for one in refs} == before


def test_good_copies_gain_the_evidence_of_having_been_read(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.clock.advance(1000)

    run(house.engine.audit())

    for copy in house.record(ref()).copies:
        assert str(copy.evidence) == "read"
        assert copy.checked_at == house.clock.now()


# --- faults -------------------------------------------------------------------------------


def test_k_faults_are_exactly_k_findings(house: House, small_pages: None) -> None:
    refs = fill(house, 60)
    for number in (0, 7, 19):
        house.memory["north"].damage(refs[number])
    for number in (7, 20, 59):
        house.memory["south"].forget(refs[number])
    for number in (30, 31):
        house.memory["east"].plant(ref(f"stray{number}"), b"stray")

    findings, summary = run(house.engine.audit())

    assert findings == sorted(
        [("copy-corrupt", f"n{number:04}", "north") for number in (0, 7, 19)]
        + [("copy-missing", f"n{number:04}", "south") for number in (7, 20, 59)]
        + [("object-unrecorded", f"stray{number}", "east") for number in (30, 31)]
        + [("under-strategy", "n0007", "")]
    )
    assert (summary.objects, summary.copies, summary.verified) == (60, 120, 114)
    assert (summary.corrupt, summary.missing, summary.unrecorded) == (3, 3, 2)


def test_what_was_found_is_a_debt(house: House) -> None:
    (one,) = fill(house, 1)
    house.memory["north"].damage(one)

    run(house.engine.audit())

    assert house.states(one)["north"] is CopyState.CORRUPT
    assert house.debts() == {("n0000", "north"): "object-corrupt"}


def test_a_copy_that_came_back_pays_its_debt(house: House) -> None:
    (one,) = fill(house, 1)
    house.memory["north"].damage(one)
    run(house.engine.audit())
    house.memory["north"].damage(one, b"n0000")

    findings, _ = run(house.engine.audit())

    assert findings == []
    assert not house.debts()


def test_a_copy_that_was_never_made_is_told(house: House) -> None:
    house.down("south")
    house.engine.put(CHARTER, ref(), strategy="lenient")
    house.up()

    findings, summary = run(house.engine.audit())

    assert findings == [("copy-owed", "charter", "south")]
    assert (summary.copies, summary.owed) == (1, 1)


def test_fewer_copies_than_required_are_told_once(house: House) -> None:
    fill(house, 3, "default")
    house.memory["north"].damage(ref("n0001"))

    findings, summary = run(house.engine.audit())

    assert findings == [("copy-corrupt", "n0001", "north"), ("under-strategy", "n0001", "")]
    assert summary.under_strategy == 1


# --- unknown is not lost ------------------------------------------------------------------


def test_an_offer_that_is_down_is_unknown_and_never_counted_lost(house: House) -> None:
    refs = fill(house, 5, "default")
    house.down("south")

    findings, summary = run(house.engine.audit())

    assert findings == sorted(
        [("copy-unknown", one.identifier, "south") for one in refs]
        + [("offer-unlisted", "", "south")]
    )
    assert (summary.unknown, summary.missing, summary.corrupt) == (5, 0, 0)
    assert summary.under_strategy == 0
    assert all(house.states(one)["south"] is CopyState.VERIFIED for one in refs)
    assert not house.debts()


def test_an_offer_that_was_removed_is_unknown(house: House) -> None:
    fill(house, 1)
    del house.offers["south"]

    findings, _ = run(house.engine.audit())

    assert findings == [("copy-unknown", "n0000", "south")]
    assert not house.debts()


def test_a_transfer_that_breaks_is_unknown(house: House) -> None:
    fill(house, 1)
    house.chaos["north"].inject("get", BrokenRead(after=2))

    findings, _ = run(house.engine.audit())

    assert findings == [("copy-unknown", "n0000", "north")]
    assert not house.debts()


@pytest.mark.parametrize("fault", [FlipOnRead(byte=0), FalselyAbsent()], ids=["flip", "absent"])
def test_a_copy_seen_bad_then_good_is_unsteady_and_not_called_bad(
    house: House, fault: FlipOnRead | FalselyAbsent
) -> None:
    (one,) = fill(house, 1)
    house.chaos["north"].inject("get", fault)

    findings = list(house.engine.audit())

    assert [(found.code, found.offer) for found in findings] == [(FindingCode.UNKNOWN, "north")]
    assert "then verified" in findings[0].detail
    assert house.states(one)["north"] is CopyState.VERIFIED


def test_a_copy_that_somebody_is_at_work_on_is_not_called_bad(house: House) -> None:
    (one,) = fill(house, 1)
    house.memory["north"].forget(one)

    with house.ledger.claim([one]):
        findings, _ = run(house.engine.audit())

    assert findings == [("copy-unknown", "n0000", "north")]
    assert not house.debts()


def test_an_object_deleted_while_the_audit_runs_is_not_missed(
    house: House, small_pages: None
) -> None:
    fill(house, 25, "default")
    house.memory["north"].damage(ref("n0000"))
    audit = house.engine.audit()
    findings = [next(audit)]

    house.engine.delete(DeletionOrder(ref=ref("n0012"), author="a", reason="b"))
    findings += audit

    assert {one.ref for one in findings} == {ref("n0000")}
    assert audit.summary.objects == 24
    assert adds_up(audit.summary, len(findings))


def test_an_object_replaced_while_the_audit_runs_is_not_called_corrupt(
    house: House, small_pages: None
) -> None:
    fill(house, 10, "default")
    place = ref("x", container="tmp")
    house.engine.put(b"old", place)
    house.memory["north"].damage(ref("n0000"))
    audit = house.engine.audit()
    findings = [next(audit)]

    house.engine.put(b"new", place)
    findings += audit

    assert {one.ref for one in findings} == {ref("n0000")}


def test_a_debt_paid_while_the_audit_runs_is_not_told(house: House, small_pages: None) -> None:
    fill(house, 10, "default")
    house.memory["north"].damage(ref("n0000"))
    house.down("south")
    house.engine.put(CHARTER, ref("owed"), strategy="lenient")
    house.up()
    audit = house.engine.audit()
    findings = [next(audit)]

    house.engine.put(CHARTER, ref("owed"), strategy="lenient")
    findings += audit

    assert {one.ref for one in findings} == {ref("n0000")}


# --- one bad object never stops it ---------------------------------------------------------


def test_an_offer_that_fails_on_one_object_does_not_stop_it(house: House) -> None:
    fill(house, 30)
    house.chaos["north"].inject("get", ErrorBefore(OfferFailedError))

    findings, summary = run(house.engine.audit(threads=1))

    assert findings == [("copy-unknown", "n0000", "north")]
    assert summary.verified == 59


def test_a_driver_that_raises_what_it_must_not_does_not_stop_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(house, 3)

    def explode(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(house.chaos["north"], "connect", explode)

    findings, _ = run(house.engine.audit())

    assert [code for code, _, offer in findings if offer == "north"] == [
        *["copy-unknown"] * 3,
        "offer-unlisted",
    ]


def test_a_listing_that_breaks_is_told_and_the_other_offers_are_listed(house: House) -> None:
    fill(house, 3)
    house.memory["south"].plant(ref("stray"), b"stray")
    house.chaos["north"].inject("list", BrokenListing(after=1))

    findings, summary = run(house.engine.audit())

    assert findings == [("object-unrecorded", "stray", "south"), ("offer-unlisted", "", "north")]
    assert summary.unknown_listings == 1


def test_a_listing_that_hides_entries_condemns_nothing(house: House) -> None:
    """Only what is listed and unknown is told; copies are looked at one by one."""
    fill(house, 3)
    house.chaos["north"].inject("list", IncompleteListing(keep=1))

    assert run(house.engine.audit())[0] == []


def test_a_listed_name_that_cannot_be_a_reference_is_told_and_does_not_stop_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(house, 1)
    list_ = Offer.list

    def with_strangers(offer: Offer, request: object) -> Listing:
        names = [entry.identifier for entry in list_(offer, request)]  # type: ignore[arg-type]
        entries = [ListEntry(identifier=name, size=1) for name in ["../etc", *names]]
        return Listing(iter(entries))

    monkeypatch.setattr(Offer, "list", with_strangers)
    findings = list(house.engine.audit())

    assert [found.ref for found in findings] == [None, None]
    assert "'../etc'" in findings[0].detail


# --- unrecorded ----------------------------------------------------------------------------


def test_objects_of_other_tenants_and_containers_are_found_too(house: House) -> None:
    house.memory["east"].plant(ref("a", container="report", tenant=7), b"a")

    findings = list(house.engine.audit())

    assert [found.ref for found in findings] == [ref("a", container="report", tenant=7)]


def test_a_copy_on_an_offer_that_the_ledger_does_not_name_is_told(house: House) -> None:
    house.engine.put(CHARTER, ref(), strategy="alone")
    house.memory["east"].plant(ref(), b"who put this here?")

    assert house.findings() == [("object-unrecorded", "charter", "east")]


def test_an_object_being_stored_is_not_called_unrecorded(house: House) -> None:
    house.memory["north"].plant(ref(), CHARTER)

    with house.ledger.claim([ref()]):
        assert house.findings() == []


# --- scope ---------------------------------------------------------------------------------


def test_a_scope_narrows_what_is_read_and_what_is_told(house: House) -> None:
    for tenant in (0, 1):
        for container in ("object", "report"):
            house.engine.put(CHARTER, ref(container=container, tenant=tenant))
    for name in ("north", "south"):
        house.memory[name].damage(ref(container="report", tenant=1))

    assert run(house.engine.audit(tenant=0))[1].copies == 4
    assert run(house.engine.audit(container="object"))[1].findings == 0
    findings, summary = run(house.engine.audit(tenant=1, container="report", offers=["south"]))
    assert findings == [("copy-corrupt", "charter", "south")]
    assert (summary.objects, summary.copies) == (1, 1)


def test_an_offer_that_is_not_configured_cannot_be_looked_at(house: House) -> None:
    with pytest.raises(StrategyError, match="'west' is not configured"):
        list(house.engine.audit(offers=["west"]))


# --- interrupted, and gone on with ---------------------------------------------------------


@pytest.mark.parametrize("stop_after", [1, 2, 5, 8])
def test_an_interrupted_audit_goes_on_where_it_stopped(
    house: House, small_pages: None, stop_after: int
) -> None:
    refs = fill(house, 100)
    for number in range(0, 100, 12):
        house.memory["north"].damage(refs[number])
    first = house.engine.audit()
    before = [next(first).ref for _ in range(stop_after)]
    del first

    second = house.engine.audit()
    after = [found.ref for found in second]

    assert second.summary.resumed
    assert second.summary.complete
    assert second.summary.copies == 200
    assert second.summary.corrupt == 9
    assert adds_up(second.summary, second.summary.told_before + len(after))
    assert not set(before) & set(after)


def test_an_audit_that_went_to_its_end_is_not_resumed(house: House) -> None:
    fill(house, 3)
    run(house.engine.audit())

    _, summary = run(house.engine.audit())

    assert not summary.resumed
    assert summary.copies == 6


def test_another_scope_does_not_resume_it(house: House, small_pages: None) -> None:
    refs = fill(house, 30)
    house.memory["north"].damage(refs[0])
    next(house.engine.audit())

    assert run(house.engine.audit(tenant=0))[1].copies == 60


def test_an_audit_can_be_started_anew(house: House, small_pages: None) -> None:
    refs = fill(house, 30)
    house.memory["north"].damage(refs[0])
    next(house.engine.audit())

    findings, summary = run(house.engine.audit(resume=False))

    assert (len(findings), summary.copies, summary.resumed) == (1, 60, False)


def test_an_audit_interrupted_long_ago_is_started_anew(house: House, small_pages: None) -> None:
    refs = fill(house, 30)
    house.memory["north"].damage(refs[0])
    next(house.engine.audit())
    house.clock.advance(timedelta(days=8).total_seconds())

    _, summary = run(house.engine.audit())

    assert (summary.copies, summary.resumed, summary.told_before) == (60, False, 0)


def test_an_audit_stopped_while_listing_counts_nothing_twice(house: House) -> None:
    refs = fill(house, 3)
    house.memory["north"].damage(refs[0])
    for number in range(3):
        house.memory["east"].plant(ref(f"stray{number}"), b"stray")
    first = house.engine.audit()
    for _ in range(3):
        next(first)
    del first

    findings, summary = run(house.engine.audit())

    assert (summary.corrupt, summary.unrecorded, summary.told_before) == (1, 3, 1)
    assert [code for code, _, _ in findings] == ["object-unrecorded"] * 3


def test_an_audit_that_still_runs_is_not_taken_over(house: House, small_pages: None) -> None:
    refs = fill(house, 30)
    house.memory["north"].damage(refs[0])
    first = house.engine.audit()
    found = [next(first)]

    findings, summary = run(house.engine.audit())
    found += first

    assert (len(findings), summary.copies, summary.resumed) == (1, 60, False)
    assert (len(found), first.summary.copies, first.summary.complete) == (1, 60, True)


def test_progress_is_told_page_by_page(house: House, small_pages: None) -> None:
    fill(house, 25)
    seen: list[int] = []

    run(house.engine.audit(progress=lambda summary: seen.append(summary.objects)))

    assert seen == [10, 20, 25]


def test_an_audit_that_cannot_be_recorded_fails(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise LedgerError("the disk of the ledger is full")

    fill(house, 3)
    monkeypatch.setattr(house.ledger, "record_checks", refuse)

    with pytest.raises(LedgerError):
        list(house.engine.audit())


def test_a_ledger_that_fails_while_listing_is_not_laid_at_an_offers_door(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise LedgerError("the ledger is damaged")

    house.memory["north"].plant(ref(), CHARTER)
    monkeypatch.setattr(house.ledger, "last_state", refuse)

    with pytest.raises(LedgerError):
        list(house.engine.audit())


def test_a_closed_audit_keeps_no_thread(house: House, small_pages: None) -> None:
    refs = fill(house, 30)
    house.memory["north"].damage(refs[0])
    before = threading.active_count()
    audit = house.engine.audit()
    next(audit)
    assert threading.active_count() > before

    audit.close()

    assert threading.active_count() == before
    assert list(audit) == []
    assert not audit.summary.complete


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_any_number_of_threads_finds_the_same(tmp_path: Path, threads: int) -> None:
    with house_in(tmp_path) as house:
        refs = fill(house, 100)
        for number in range(0, 100, 9):
            house.memory["south"].damage(refs[number])

        findings, summary = run(house.engine.audit(threads=threads))

        assert len(findings) == 12
        assert summary.copies == 200
