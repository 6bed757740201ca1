"""Rebuilding: any one offer is enough to know what it holds; nothing is made up or revived."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from coffre.contract import (
    ConnectionParameters,
    ContainerEntry,
    ListEntry,
    Listing,
    ObjectRef,
    OfferFailedError,
    OfferUnavailableError,
)
from coffre.drivers.filesystem import FilesystemDriver
from coffre.engine import DeletionOrder, Engine, PutItem, StrategyError
from coffre.engine.ledger import CopyState, Ledger, ObjectRecord
from coffre.offer import NO_RETRY, Offer
from coffre.testing import BrokenListing, ErrorBefore, LostDelete
from tests.unit.engine.support import CHARTER, LARGE, STRATEGIES, House, ref, strategy


@contextmanager
def emptied(house: House, path: Path) -> Iterator[Engine]:
    """The same offers under a ledger that knows nothing."""
    with Ledger.open(str(path / "new.db"), author="tester", clock=house.clock) as ledger:
        yield Engine(house.offers, STRATEGIES, ledger, clock=house.clock)


def known(ledger: Ledger) -> list[tuple[object, ...]]:
    return [identity(record) for record in ledger.objects()]


def identity(record: ObjectRecord) -> tuple[object, ...]:
    return (record.ref, record.size, record.digest, dict(record.metadata))


def fill(house: House) -> None:
    house.engine.put(CHARTER, ref("a"), metadata={"name": "dossier/Charte n° 1.txt"})
    house.engine.put(LARGE, ref("b"))
    house.engine.put(b"", ref("c"))
    house.engine.put(CHARTER, ref("a", container="report", tenant=3))
    list(
        house.engine.put_many(PutItem(ref=ref(f"n{n}"), source=str(n).encode()) for n in range(300))
    )


def test_a_rebuilt_ledger_knows_the_same_objects(house: House, tmp_path: Path) -> None:
    fill(house)

    with emptied(house, tmp_path) as engine:
        summary = engine.rebuild("south")

        assert summary.complete
        assert summary.recovered == 304
        assert known(engine._context.ledger) == known(house.ledger)
        assert not list(engine.audit_ledger())


def test_nobody_has_read_the_bytes_for_that_and_the_ledger_says_so(
    house: House, tmp_path: Path
) -> None:
    house.engine.put(CHARTER, ref())

    with emptied(house, tmp_path) as engine:
        engine.rebuild("south")

        status = engine.stat(ref())
        by_offer = {copy.offer: copy for copy in status.copies}
        assert (by_offer["south"].state, str(by_offer["south"].evidence)) == ("declared",) * 2
        assert status.verified == 0
        assert by_offer["north"].state == "owed"
        assert by_offer["north"].owed == "not-seen-yet"


def test_a_declared_copy_is_verified_once_it_is_put_again(house: House, tmp_path: Path) -> None:
    house.engine.put(CHARTER, ref())
    with emptied(house, tmp_path) as engine:
        engine.rebuild("south")
        engine.rebuild("north")

        receipt = engine.put(CHARTER, ref())

        assert (receipt.verified, receipt.already_stored) == (2, True)
        assert engine.stat(ref()).verified == 2


def test_a_declared_copy_becomes_what_an_audit_sees_of_it(house: House, tmp_path: Path) -> None:
    for name in ("good", "bad", "gone"):
        house.engine.put(CHARTER, ref(name), strategy="alone")
    with emptied(house, tmp_path) as engine:
        engine.rebuild("north", strategy="alone")
        house.memory["north"].damage(ref("bad"))
        house.memory["north"].forget(ref("gone"))

        list(engine.audit())

        states = {name: engine.stat(ref(name)).copies[0].state for name in ("good", "bad", "gone")}
        assert states == {"good": "verified", "bad": "corrupt", "gone": "missing"}


def test_hearsay_changes_nothing_about_a_copy_that_somebody_looked_at(house: House) -> None:
    house.engine.put(CHARTER, ref("good"))
    house.engine.put(CHARTER, ref("bad"))
    house.memory["north"].damage(ref("bad"))
    list(house.engine.audit())
    head = house.ledger.head()

    house.engine.rebuild("north")

    assert house.states(ref("good"))["north"] is CopyState.VERIFIED
    assert house.states(ref("bad"))["north"] is CopyState.CORRUPT
    assert house.debts() == {("bad", "north"): "object-corrupt"}
    assert house.ledger.head() == head


def test_a_missed_copy_that_the_offer_names_again_is_declared(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.memory["north"].forget(ref())
    list(house.engine.audit())
    house.memory["north"].plant(ref(), CHARTER)

    house.engine.rebuild("north")

    assert house.states(ref())["north"] is CopyState.DECLARED
    assert house.debts() == {}


def test_the_date_of_the_deposit_comes_back(house: House, tmp_path: Path) -> None:
    house.engine.put(CHARTER, ref())

    with emptied(house, tmp_path) as engine:
        engine.rebuild("south")

        stored_at = house.memory["south"].held(ref()).stored_at
        assert abs((engine.stat(ref()).deposited_at - stored_at).total_seconds()) < 1


def test_a_second_run_recovers_nothing(house: House, tmp_path: Path) -> None:
    fill(house)
    with emptied(house, tmp_path) as engine:
        engine.rebuild("south")
        head = engine._context.ledger.head()

        summary = engine.rebuild("south")

        assert (summary.recovered, summary.known) == (0, 304)
        assert engine._context.ledger.head() == head


def test_a_rebuild_from_the_other_offer_pays_what_the_first_left_owed(
    house: House, tmp_path: Path
) -> None:
    fill(house)
    with emptied(house, tmp_path) as engine:
        engine.rebuild("south")

        summary = engine.rebuild("north")

        assert (summary.recovered, summary.known) == (0, 304)
        assert not list(engine.debts())
        assert list(engine.audit()) == []


def test_a_repair_after_a_rebuild_finds_good_what_is_there_and_makes_the_rest(
    house: House, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        house.engine.put(CHARTER, ref(name))
    house.memory["north"].forget(ref("b"))
    with emptied(house, tmp_path) as engine:
        engine.rebuild("south")

        actions = {one.ref.identifier: one.action.value for one in engine.repair()}

        assert actions == {"a": "found-good", "b": "made"}
        assert list(engine.audit()) == []


def test_an_intact_ledger_is_not_changed(house: House) -> None:
    fill(house)
    house.engine.put(CHARTER, ref("single"), strategy="alone")
    head = house.ledger.head()

    summary = house.engine.rebuild("north")

    assert (summary.recovered, summary.known) == (0, 305)
    assert house.ledger.head() == head


def test_an_object_without_a_record_is_counted_and_left_alone(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.engine.put(CHARTER, ref("a"))
    stat = Offer.stat

    def forgetful(offer: Offer, request: object) -> object:
        from dataclasses import replace

        return replace(stat(offer, request), recorded=None)  # type: ignore[arg-type]

    monkeypatch.setattr(Offer, "stat", forgetful)
    with emptied(house, tmp_path) as engine:
        summary = engine.rebuild("south")

        assert (summary.recovered, summary.without_record) == (0, 1)
        assert not list(engine._context.ledger.objects())
    assert house.held(ref("a")) == {"north": CHARTER, "south": CHARTER}


def test_other_bytes_than_the_ledger_expects_are_a_conflict_and_change_nothing(
    house: House,
) -> None:
    house.engine.put(CHARTER, ref())
    house.memory["east"].plant(ref(), b"other")
    before = house.record(ref())

    summary = house.engine.rebuild("east")

    assert summary.conflicts == 1
    assert house.record(ref()) == before


def test_the_expected_digest_is_the_recorded_one_and_not_that_of_the_bytes_found(
    house: House, tmp_path: Path
) -> None:
    house.engine.put(CHARTER, ref(), strategy="three")
    expected = identity(house.record(ref()))
    house.memory["south"].damage(ref(), CHARTER[:5])

    with emptied(house, tmp_path) as engine:
        engine.rebuild("south", strategy="three")

        ledger = engine._context.ledger
        assert known(ledger) == [expected]
        codes = {(found.code.value, found.offer) for found in engine.audit()}
        assert ("copy-corrupt", "south") in codes
        assert {one.action.value for one in engine.repair()} == {"found-good", "rewritten"}
        assert house.held(ref())["south"] == CHARTER


def test_what_was_deleted_by_order_does_not_come_back(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.chaos["south"].inject("delete", LostDelete())
    house.engine.delete(DeletionOrder(ref=ref(), author="archivist", reason="retention is over"))

    summary = house.engine.rebuild("south")

    assert (summary.recovered, summary.deleted) == (0, 1)
    assert house.ledger.find(ref()) is None


def test_a_deletion_still_owed_is_not_forgotten(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.down("south")
    house.engine.delete(DeletionOrder(ref=ref(), author="archivist", reason="retention is over"))
    house.up()

    house.engine.rebuild("south")

    assert house.debts() == {("charter", "south"): "deletion-ordered"}


# --- what goes wrong ----------------------------------------------------------------------


def test_an_offer_that_goes_down_half_way_is_an_error_and_not_objects_without_a_record(
    house: House, tmp_path: Path
) -> None:
    fill(house)
    house.chaos["south"].inject("stat", ErrorBefore(OfferUnavailableError), nth=280)

    with emptied(house, tmp_path) as engine:
        with pytest.raises(OfferUnavailableError):
            engine.rebuild("south")
        assert len(list(engine._context.ledger.objects())) == 256

        assert engine.rebuild("south").recovered == 304 - 256
        assert known(engine._context.ledger) == known(house.ledger)


def test_a_listing_that_breaks_is_an_error(house: House, tmp_path: Path) -> None:
    fill(house)
    house.chaos["south"].inject("list", BrokenListing(after=3))

    with emptied(house, tmp_path) as engine, pytest.raises(OfferUnavailableError):
        engine.rebuild("south")


def test_one_object_that_cannot_be_asked_about_does_not_stop_it(
    house: House, tmp_path: Path
) -> None:
    fill(house)
    house.chaos["south"].inject("stat", ErrorBefore(OfferFailedError), nth=7)

    with emptied(house, tmp_path) as engine:
        summary = engine.rebuild("south")

        assert (summary.recovered, summary.unreadable) == (303, 1)


def test_an_object_deleted_since_it_was_listed_is_no_trouble(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.engine.put(CHARTER, ref("a"))
    list_ = Offer.list

    def stale(offer: Offer, request: object) -> Listing:
        entries = list(list_(offer, request))  # type: ignore[arg-type]
        return Listing(iter([*entries, ListEntry(identifier="gone", size=1)]))

    monkeypatch.setattr(Offer, "list", stale)
    with emptied(house, tmp_path) as engine:
        summary = engine.rebuild("south")

        assert (summary.recovered, summary.unreadable, summary.without_record) == (1, 0, 0)


def test_a_name_that_cannot_be_a_reference_is_counted(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Offer, "containers", lambda *_: iter([ContainerEntry(tenant=0, container="object")])
    )
    monkeypatch.setattr(
        Offer, "list", lambda *_: Listing(iter([ListEntry(identifier="../etc", size=1)]))
    )
    with emptied(house, tmp_path) as engine:
        assert engine.rebuild("south").unreadable == 1


def test_an_offer_or_a_strategy_that_nobody_knows_is_refused(house: House) -> None:
    with pytest.raises(StrategyError):
        house.engine.rebuild("west")
    with pytest.raises(StrategyError):
        house.engine.rebuild("north", strategy="paranoid")


# --- on disk ------------------------------------------------------------------------------


def filesystem_offer(name: str, root: Path) -> Offer:
    driver = FilesystemDriver()
    parameters = ConnectionParameters.checked(
        driver.parameters, url=f"file://{root}", values={"flush": False}
    )
    driver.prepare(parameters)
    return Offer(name, driver, parameters, retry=NO_RETRY)


def test_a_directory_alone_gives_the_ledger_back(tmp_path: Path) -> None:
    offers = {name: filesystem_offer(name, tmp_path / name) for name in ("north", "south")}
    strategies = {"default": strategy("default", "north", "south", required=2)}
    with Ledger.open(str(tmp_path / "old.db"), author="tester") as ledger:
        engine = Engine(offers, strategies, ledger)
        for number, data in enumerate((b"", CHARTER, LARGE)):
            engine.put(data, numbered(number), metadata={"name": f"Pièce n° {number}"})
        before = known(ledger)
    shutil.rmtree(tmp_path / "north")
    offers["north"] = filesystem_offer("north", tmp_path / "new-north")

    with Ledger.open(str(tmp_path / "new.db"), author="tester") as ledger:
        engine = Engine(offers, strategies, ledger)
        engine.rebuild("south")

        assert known(ledger) == before
        assert {one.action.value for one in engine.repair()} == {"made"}
        assert list(engine.audit()) == []


def numbered(number: int) -> ObjectRef:
    return ref(f"piece-{number}")
