"""Deleting: by a signed order only, everywhere in the end, and never anything newer."""

from __future__ import annotations

import pytest

from coffre.contract import ForbiddenError, ObjectNotFoundError
from coffre.engine import DeletionOrder, InvalidOrderError, RepairAction
from coffre.engine.ledger import ClaimedError, LedgerError, ObjectState
from coffre.testing import LostDelete
from tests.unit.engine.support import CHARTER, LARGE, House, ref


def order(identifier: str = "charter", container: str = "object") -> DeletionOrder:
    return DeletionOrder(
        ref=ref(identifier, container=container), author="archivist", reason="retention is over"
    )


def test_every_copy_goes_and_the_order_stays(house: House) -> None:
    house.engine.put(CHARTER, ref(), strategy="three")

    deletion = house.engine.delete(order())

    assert deletion.deleted == ("east", "north", "south")
    assert not deletion.owed
    assert house.held(ref()) == {}
    last = house.ledger.last_state(ref())
    assert last is not None
    assert last.state is ObjectState.DELETED


def test_the_log_tells_who_ordered_it_and_why(house: House) -> None:
    house.engine.put(CHARTER, ref())

    deletion = house.engine.delete(order())

    kinds = [event.kind for event in house.ledger.history(ref())]
    assert kinds == [
        "object-deposited",
        "deletion-ordered",
        "copy-deleted",
        "copy-deleted",
        "deletion-completed",
    ]
    (ordered,) = [one for one in house.ledger.history(ref()) if one.kind == "deletion-ordered"]
    for text in ("archivist", "retention is over", deletion.order):
        assert text in ordered.body


@pytest.mark.parametrize(
    ("author", "reason"), [("", "why"), ("who", ""), (" ", "why"), ("x", "\n")]
)
def test_an_order_that_nobody_signs_or_explains_is_refused(author: str, reason: str) -> None:
    with pytest.raises(InvalidOrderError, match="who decided it, and why"):
        DeletionOrder(ref=ref(), author=author, reason=reason)


def test_a_container_that_forbids_it_keeps_its_objects(house: House) -> None:
    house.engine.put(CHARTER, ref(container="report"))

    with pytest.raises(ForbiddenError, match="never deleted"):
        house.engine.delete(order(container="report"))

    assert house.held(ref(container="report")) == {"north": CHARTER, "south": CHARTER}


def test_what_is_not_stored_cannot_be_deleted(house: House) -> None:
    with pytest.raises(ObjectNotFoundError):
        house.engine.delete(order())


def test_what_was_deleted_cannot_be_deleted_again(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.engine.delete(order())

    with pytest.raises(ObjectNotFoundError):
        house.engine.delete(order())


def test_what_somebody_is_at_work_on_is_left_alone(house: House) -> None:
    house.engine.put(CHARTER, ref())

    with house.ledger.claim([ref()]), pytest.raises(ClaimedError):
        house.engine.delete(order())

    assert house.held(ref()) == {"north": CHARTER, "south": CHARTER}


def test_an_order_that_cannot_be_recorded_deletes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise LedgerError("the disk of the ledger is full")

    house.engine.put(CHARTER, ref())
    monkeypatch.setattr(house.ledger, "order_deletion", refuse)

    with pytest.raises(LedgerError):
        house.engine.delete(order())

    assert house.held(ref()) == {"north": CHARTER, "south": CHARTER}


# --- an offer that is down ----------------------------------------------------------------


def test_an_offer_that_is_down_owes_the_deletion_and_repair_does_it(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.down("south")

    deletion = house.engine.delete(order())

    assert deletion.deleted == ("north",)
    assert deletion.owed == {"south": "offer-unavailable"}
    assert house.findings() == [
        ("deletion-owed", "charter", "south"),
        ("offer-unlisted", "", "south"),
    ]

    house.up()
    (outcome,) = house.engine.repair()
    assert (outcome.offer, outcome.action) == ("south", RepairAction.DELETED)
    assert house.held(ref()) == {}
    assert house.findings() == []


def test_an_offer_that_is_down_during_the_repair_still_owes_it(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.down("south")
    house.engine.delete(order())

    (outcome,) = house.engine.repair()

    assert (outcome.action, outcome.code) == (RepairAction.FAILED, "offer-unavailable")
    assert house.debts() == {("charter", "south"): "deletion-ordered"}


def test_an_offer_that_owed_a_copy_is_asked_to_delete_too(house: House) -> None:
    """Its put may have had its effect without our knowing."""
    house.down("south")
    house.engine.put(CHARTER, ref(), strategy="lenient")
    house.up()
    house.memory["south"].plant(ref(), CHARTER)

    house.engine.delete(order())

    assert house.held(ref()) == {}


def test_a_removed_offer_owes_its_deletion(house: House) -> None:
    house.engine.put(CHARTER, ref())
    del house.offers["south"]

    deletion = house.engine.delete(order())

    assert deletion.owed == {"south": "offer-unknown"}


def test_an_offer_that_only_says_it_deleted_is_found_by_an_audit(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.chaos["south"].inject("delete", LostDelete())

    house.engine.delete(order())

    assert house.findings() == [("object-unrecorded", "charter", "south")]


def test_a_leftover_on_one_offer_is_found_although_another_owes_a_deletion(house: House) -> None:
    house.engine.put(CHARTER, ref(), strategy="three")
    house.chaos["south"].inject("delete", LostDelete())
    house.down("east")
    house.engine.delete(order())
    house.up()

    assert house.findings() == [
        ("deletion-owed", "charter", "east"),
        ("object-unrecorded", "charter", "south"),
    ]


# --- put again afterwards -----------------------------------------------------------------


@pytest.mark.parametrize("data", [CHARTER, LARGE], ids=["small", "large"])
def test_the_same_bytes_put_again_are_not_deleted_by_the_old_order(
    house: House, data: bytes
) -> None:
    house.engine.put(data, ref())
    house.down("south")
    house.engine.delete(order())
    house.up()

    house.engine.put(data, ref())
    outcomes = list(house.engine.repair())

    assert outcomes == []
    assert house.held(ref()) == {"north": data, "south": data}


def test_other_bytes_put_again_replace_those_that_the_old_order_was_about(house: House) -> None:
    house.engine.put(CHARTER, ref(), strategy="lenient")
    house.down("south")
    house.engine.delete(order())
    house.up()

    receipt = house.engine.put(b"a new charter", ref(), strategy="lenient")
    assert [copy.code for copy in receipt.owed] == ["object-conflict"]
    actions = [(one.offer, one.action) for one in house.engine.repair()]

    assert actions == [("south", RepairAction.DELETED), ("south", RepairAction.MADE)]
    assert house.held(ref()) == {"north": b"a new charter", "south": b"a new charter"}
    assert house.findings() == []


def test_bytes_that_an_offer_still_holds_of_a_newer_object_are_not_deleted(house: House) -> None:
    """The offer did not answer the new put; what it holds is the new object all the same."""
    house.engine.put(CHARTER, ref())
    house.down("south")
    house.engine.delete(order())
    house.engine.put(CHARTER, ref(), strategy="lenient")
    house.up()
    house.memory["north"].forget(ref())

    (outcome,) = house.engine.repair()

    assert (outcome.offer, outcome.action) == ("south", RepairAction.FOUND_GOOD)
    assert house.held(ref()) == {"south": CHARTER}
    assert house.read(ref()) == CHARTER


def test_bytes_put_again_while_the_repair_runs_are_not_deleted(house: House) -> None:
    """The repair has read what is owed before; it looks again once it holds the claim."""
    for name in ("a", "b"):
        house.engine.put(CHARTER, ref(name))
    house.down("south")
    for name in ("a", "b"):
        house.engine.delete(order(name))
    house.up()
    running = house.engine.repair()
    next(running)

    house.engine.put(CHARTER, ref("b"))
    rest = list(running)

    assert rest == []
    assert house.held(ref("b")) == {"north": CHARTER, "south": CHARTER}
