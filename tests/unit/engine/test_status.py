"""Status: what is known of each copy and since when, and what the offers say when asked."""

from __future__ import annotations

import pytest

from coffre.contract import InvalidReferenceError, ObjectNotFoundError
from coffre.engine import DeletionOrder
from tests.unit.engine.support import CHARTER, House, ref, sha512


def test_an_object_is_told_as_it_was_deposited(house: House) -> None:
    house.engine.put(CHARTER, ref(), metadata={"name": "Charter.txt"})

    status = house.engine.stat(ref())

    assert (status.size, status.digest, status.verified) == (len(CHARTER), sha512(CHARTER), 2)
    assert status.metadata == {"name": "Charter.txt"}
    assert status.strategy == "default"
    assert status.deposited_at == house.clock.now()
    assert [(copy.offer, copy.state, copy.now) for copy in status.copies] == [
        ("north", "verified", ""),
        ("south", "verified", ""),
    ]


def test_what_is_owed_shows_beside_what_is_held(house: House) -> None:
    house.down("south")
    house.engine.put(CHARTER, ref(), strategy="lenient")

    north, south = house.engine.stat(ref()).copies

    assert (north.state, north.owed) == ("verified", "")
    assert (south.state, south.owed, south.evidence) == ("owed", "offer-unavailable", None)


def test_asked_now_each_offer_answers_for_itself(house: House) -> None:
    house.engine.put(CHARTER, ref(), strategy="three")
    house.memory["north"].forget(ref())
    house.memory["south"].damage(ref(), b"short")
    house.down("east")

    answers = {copy.offer: copy.now for copy in house.engine.stat(ref(), ask=True).copies}

    assert answers == {"north": "absent", "south": "size-mismatch", "east": "offer-unavailable"}


def test_asking_changes_nothing_in_the_ledger(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.memory["north"].forget(ref())
    head = house.ledger.head()

    house.engine.stat(ref(), ask=True)

    assert house.ledger.head() == head


def test_an_offer_that_was_removed_is_told_as_unknown(house: House) -> None:
    house.engine.put(CHARTER, ref())
    del house.offers["south"]

    assert house.engine.stat(ref(), ask=True).copies[1].now == "offer-unknown"


def test_what_is_not_stored_has_no_status(house: House) -> None:
    with pytest.raises(ObjectNotFoundError):
        house.engine.stat(ref())


def test_a_listing_is_sorted_bytewise_and_can_be_narrowed_and_resumed(house: House) -> None:
    for name in ("b", "a.txt", "B", "a-1", "a_2"):
        house.engine.put(CHARTER, ref(name))
    house.engine.put(CHARTER, ref("x", container="report"))

    def names(**named: str) -> list[str]:
        return [one.ref.identifier for one in house.engine.list(0, "object", **named)]

    assert names() == ["B", "a-1", "a.txt", "a_2", "b"]
    assert names(prefix="a") == ["a-1", "a.txt", "a_2"]
    assert names(after="a.txt") == ["a_2", "b"]
    assert list(house.engine.list(1, "object")) == []


def test_what_was_deleted_is_not_listed(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.engine.delete(DeletionOrder(ref=ref(), author="archivist", reason="retention is over"))

    assert list(house.engine.list(0, "object")) == []


@pytest.mark.parametrize("container", ["", "../etc", "a b"])
def test_a_container_that_cannot_exist_is_refused(house: House, container: str) -> None:
    with pytest.raises(InvalidReferenceError):
        house.engine.list(0, container)


def test_counts_tell_what_the_ledger_holds(house: House) -> None:
    house.engine.put(CHARTER, ref("a"))
    house.down("south")
    house.engine.put(CHARTER, ref("b"), strategy="lenient")

    counts = house.engine.counts()

    assert counts.objects == {"stored": 2}
    assert counts.copies == {"verified": 3}
    assert counts.debts == {"copy": 1}
    assert counts.bytes_stored == 2 * len(CHARTER)
