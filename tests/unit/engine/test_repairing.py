"""Repairing: what is owed is paid from a verified copy; nothing bad is lost, or touched unseen."""

from __future__ import annotations

import pytest

from coffre.contract import Capability, ObjectRef, OfferFullError
from coffre.engine import (
    BrakeError,
    DeletionOrder,
    Limits,
    RepairAction,
    RepairOutcome,
)
from coffre.engine.ledger import CopyState, LedgerError
from coffre.offer import Offer
from coffre.testing import BrokenRead, ErrorBefore, FlipOnRead, FlipOnWrite, LostWrite
from tests.unit.engine.support import CHARTER, LARGE, House, house_in, ref

DATA = pytest.mark.parametrize("data", [b"", CHARTER, LARGE], ids=["empty", "small", "large"])


def repaired(house: House, **named: bool) -> list[tuple[str, str, RepairAction]]:
    """What a repair did: identifier, offer, action."""
    outcomes = house.engine.repair(**named)  # type: ignore[arg-type]
    return [(one.ref.identifier, one.offer, one.action) for one in outcomes]


def spoil(house: House, wanted: ObjectRef, *names: str) -> None:
    """Damage copies, and have an audit find it."""
    for name in names:
        house.memory[name].damage(wanted)
    list(house.engine.audit())


def only(house: House) -> RepairOutcome:
    (outcome,) = house.engine.repair()
    return outcome


def test_nothing_owed_is_nothing_done(house: House) -> None:
    house.engine.put(CHARTER, ref())

    assert repaired(house) == []


@DATA
def test_a_copy_that_was_never_made_is_made(house: House, data: bytes) -> None:
    house.down("south")
    house.engine.put(data, ref(), strategy="lenient", metadata={"name": "Charter.txt"})
    house.up()

    outcome = only(house)

    assert (outcome.action, outcome.source) == (RepairAction.MADE, "north")
    assert house.held(ref()) == {"north": data, "south": data}
    assert not house.debts()
    assert house.findings() == []
    assert house.engine.stat(ref(), ask=True).copies[1].now == "present"


@DATA
def test_bad_bytes_are_set_aside_and_a_verified_copy_takes_their_place(
    house: House, data: bytes
) -> None:
    house.engine.put(data, ref())
    spoil(house, ref(), "south")
    bad = house.held(ref())["south"]

    outcome = only(house)

    assert (outcome.action, outcome.source) == (RepairAction.REWRITTEN, "north")
    (kept,) = house.memory["south"].quarantined
    assert (kept.data, kept.place) == (bad, outcome.quarantined)
    assert house.held(ref()) == {"north": data, "south": data}
    assert house.findings() == []


def test_a_repaired_copy_was_read_back_and_keeps_its_metadata(house: House) -> None:
    house.engine.put(CHARTER, ref(), metadata={"name": "Charter.txt"})
    spoil(house, ref(), "south")

    only(house)

    copy = house.record(ref()).copy_on("south")
    assert copy is not None
    assert (copy.state, str(copy.evidence)) == (CopyState.VERIFIED, "read")
    assert "bad bytes at" in copy.detail
    assert house.memory["south"].held(ref()).metadata == {"name": "Charter.txt"}


def test_the_log_tells_the_whole_story_of_a_copy(house: House) -> None:
    house.engine.put(CHARTER, ref())
    spoil(house, ref(), "south")
    only(house)

    kinds = [event.kind for event in house.ledger.history(ref())]
    assert kinds == ["object-deposited", "copy-corrupt", "copy-corrupt", "copy-repaired"]


def test_a_copy_that_reads_well_again_is_found_good_and_not_written(house: House) -> None:
    house.engine.put(CHARTER, ref())
    spoil(house, ref(), "south")
    house.memory["south"].damage(ref(), CHARTER)

    assert repaired(house) == [("charter", "south", RepairAction.FOUND_GOOD)]
    assert house.memory["south"].quarantined == []
    assert not house.debts()


# --- never on unknown, never from an unverified source --------------------------------------


def test_a_copy_that_cannot_be_looked_at_is_not_touched(house: House) -> None:
    house.engine.put(CHARTER, ref())
    spoil(house, ref(), "south")
    house.down("south")

    outcome = only(house)

    assert (outcome.action, outcome.code) == (RepairAction.FAILED, "offer-unavailable")
    assert house.memory["south"].quarantined == []
    assert house.debts() == {("charter", "south"): "object-corrupt"}


@pytest.mark.parametrize("fault", [BrokenRead(after=3), FlipOnRead(byte=3)], ids=["cut", "flip"])
def test_a_copy_that_is_read_unsteadily_is_not_touched(
    house: House, fault: BrokenRead | FlipOnRead
) -> None:
    house.engine.put(CHARTER, ref())
    spoil(house, ref(), "south")
    house.memory["south"].damage(ref(), CHARTER)
    house.chaos["south"].inject("get", fault)

    outcome = only(house)

    assert outcome.action is RepairAction.FAILED
    assert house.held(ref())["south"] == CHARTER
    assert house.memory["south"].quarantined == []


@pytest.mark.parametrize("other", ["corrupt", "missing", "down"])
def test_without_a_good_source_nothing_is_touched(house: House, other: str) -> None:
    house.engine.put(CHARTER, ref())
    spoil(house, ref(), "south")
    bad = house.held(ref())["south"]
    if other == "corrupt":
        house.memory["north"].damage(ref())
    elif other == "missing":
        house.memory["north"].forget(ref())
    else:
        house.down("north")

    outcome = only(house)

    assert (outcome.action, outcome.code) == (RepairAction.FAILED, "no-readable-copy")
    assert house.held(ref())["south"] == bad
    assert house.memory["south"].quarantined == []


def test_two_bad_copies_are_never_made_good_of_each_other(house: House) -> None:
    house.engine.put(CHARTER, ref())
    spoil(house, ref(), "north", "south")
    held = house.held(ref())

    assert {action for _, _, action in repaired(house)} == {RepairAction.FAILED}
    assert house.held(ref()) == held


def test_the_third_copy_serves_when_the_second_is_bad_too(house: House) -> None:
    house.engine.put(CHARTER, ref(), strategy="three")
    spoil(house, ref(), "north", "south")

    outcomes = list(house.engine.repair())

    assert {(one.offer, one.action) for one in outcomes} == {
        ("north", RepairAction.REWRITTEN),
        ("south", RepairAction.REWRITTEN),
    }
    assert set(house.held(ref()).values()) == {CHARTER}


@pytest.mark.parametrize("data", [CHARTER, LARGE], ids=["small", "large"])
def test_a_source_that_turns_bad_on_its_way_leaves_no_copy(house: House, data: bytes) -> None:
    """It read well when it was looked at, and not when it was copied."""
    house.engine.put(data, ref())
    house.memory["south"].forget(ref())
    list(house.engine.audit())

    house.chaos["north"].inject("get", FlipOnRead(byte=1), nth=2)

    outcome = only(house)

    assert outcome.action is RepairAction.FAILED
    assert "south" not in house.held(ref())


@pytest.mark.parametrize("fault", [LostWrite(), FlipOnWrite(byte=2)], ids=["lost", "flipped"])
def test_a_copy_that_was_not_written_as_sent_is_not_called_repaired(
    house: House, fault: LostWrite | FlipOnWrite
) -> None:
    house.engine.put(CHARTER, ref())
    house.memory["south"].forget(ref())
    list(house.engine.audit())
    house.chaos["south"].inject("put", fault)

    outcome = only(house)

    assert outcome.action is RepairAction.FAILED
    assert house.debts()
    assert repaired(house)[0][2] in (RepairAction.MADE, RepairAction.REWRITTEN)
    assert house.held(ref())["south"] == CHARTER


def test_where_bad_bytes_went_is_known_although_the_copy_failed(house: House) -> None:
    house.engine.put(CHARTER, ref())
    spoil(house, ref(), "south")
    house.chaos["south"].inject("put", ErrorBefore(OfferFullError))

    outcome = only(house)

    assert (outcome.action, outcome.code) == (RepairAction.FAILED, "offer-full")
    assert outcome.quarantined == house.memory["south"].quarantined[0].place
    copy = house.record(ref()).copy_on("south")
    assert copy is not None
    assert outcome.quarantined in copy.detail
    assert repaired(house) == [("charter", "south", RepairAction.MADE)]


def test_an_offer_without_a_quarantine_keeps_its_bad_bytes_where_they_are(house: House) -> None:
    south = house.offers["south"]
    house.offers["south"] = Offer(
        "south", south.driver, south.parameters, withheld=frozenset({Capability.QUARANTINE})
    )
    house.engine.put(CHARTER, ref())
    spoil(house, ref(), "south")
    bad = house.held(ref())["south"]

    assert only(house).code == "unsupported"
    assert house.held(ref())["south"] == bad


# --- one bad object never stops it -----------------------------------------------------------


def test_one_that_fails_does_not_stop_the_others(house: House) -> None:
    house.down("south")
    for name in ("a", "b", "c"):
        house.engine.put(CHARTER, ref(name), strategy="lenient")
    house.up()
    house.memory["north"].forget(ref("b"))

    assert repaired(house) == [
        ("a", "south", RepairAction.MADE),
        ("b", "south", RepairAction.FAILED),
        ("c", "south", RepairAction.MADE),
    ]


def test_one_that_somebody_is_at_work_on_is_left_to_them(house: House) -> None:
    house.down("south")
    for name in ("a", "b"):
        house.engine.put(CHARTER, ref(name), strategy="lenient")
    house.up()

    with house.ledger.claim([ref("a")]):
        first, second = house.engine.repair()

    assert (first.action, first.code) == (RepairAction.FAILED, "object-busy")
    assert second.action is RepairAction.MADE


def test_a_removed_offer_still_owes(house: House) -> None:
    house.engine.put(CHARTER, ref())
    spoil(house, ref(), "south")
    del house.offers["south"]

    assert only(house).code == "offer-unknown"


def test_a_ledger_that_cannot_be_written_stops_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise LedgerError("the disk of the ledger is full")

    house.down("south")
    for name in ("a", "b"):
        house.engine.put(CHARTER, ref(name), strategy="lenient")
    house.up()

    with monkeypatch.context() as patched:
        patched.setattr(house.ledger, "record_copy", refuse)
        with pytest.raises(LedgerError):
            list(house.engine.repair())

    assert set(house.debts()) == {("a", "south"), ("b", "south")}


# --- overtaken ---------------------------------------------------------------------------------


def test_an_object_deleted_while_the_repair_runs_does_not_come_back(house: House) -> None:
    house.down("south")
    for name in ("a", "b"):
        house.engine.put(CHARTER, ref(name), strategy="lenient")
    house.up()
    running = house.engine.repair()
    next(running)

    house.engine.delete(DeletionOrder(ref=ref("b"), author="a", reason="r"))
    rest = list(running)

    assert rest == []
    assert house.held(ref("b")) == {}


# --- scope and brake ---------------------------------------------------------------------------


def test_a_repair_can_be_narrowed(house: House) -> None:
    house.down("south")
    for place in (ref("a"), ref("b"), ref("a", tenant=1), ref("a", container="report")):
        house.engine.put(CHARTER, place, strategy="lenient")
    house.up()

    assert [one.ref for one in house.engine.repair(refs=[ref("b")])] == [ref("b")]
    assert [one.ref for one in house.engine.repair(tenant=1)] == [ref("a", tenant=1)]
    assert [one.ref for one in house.engine.repair(container="object")] == [ref("a")]


def owing(house: House, count: int, of: int) -> None:
    for number in range(of):
        if number == count:
            house.up()
        if number == 0:
            house.down("south")
        house.engine.put(CHARTER, ref(f"n{number}"), strategy="lenient")
    house.up()


@pytest.mark.parametrize(("owed", "of", "brakes"), [(3, 10, False), (5, 50, False), (6, 50, True)])
def test_a_repair_that_would_touch_too_large_a_share_stops_and_asks(
    tmp_path_factory: pytest.TempPathFactory, owed: int, of: int, brakes: bool
) -> None:
    limits = Limits(brake_share=0.1, brake_floor=3)
    with house_in(tmp_path_factory.mktemp("brake"), limits=limits) as house:
        owing(house, owed, of)
        if not brakes:
            assert len(repaired(house)) == owed
            return

        with pytest.raises(BrakeError, match="6 objects, 50 are stored"):
            house.engine.repair()
        assert len(house.debts()) == owed

        assert len(repaired(house, release_brake=True)) == owed


def test_a_repair_that_would_touch_too_many_stops_whatever_the_share(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    limits = Limits(brake_count=4, brake_share=1.0)
    with house_in(tmp_path_factory.mktemp("brake"), limits=limits) as house:
        owing(house, 5, 50)

        with pytest.raises(BrakeError):
            house.engine.repair()


def test_objects_deleted_long_ago_do_not_loosen_the_brake(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    limits = Limits(brake_share=0.2, brake_floor=3)
    with house_in(tmp_path_factory.mktemp("brake"), limits=limits) as house:
        for number in range(40):
            house.engine.put(CHARTER, ref(f"old{number}"))
            house.engine.delete(
                DeletionOrder(ref=ref(f"old{number}"), author="a", reason="retention is over")
            )
        owing(house, 5, 10)

        with pytest.raises(BrakeError):
            house.engine.repair()
