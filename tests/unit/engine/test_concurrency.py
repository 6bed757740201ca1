"""Several at once: one reference has one winner, and nobody sees half of anything."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from coffre.contract import CoffreError
from coffre.engine import DeletionOrder, PutItem, Receipt
from tests.unit.engine.support import CHARTER, LARGE, House, ref


def all_at_once(*calls: Callable[[], object]) -> list[object]:
    """Start every call at the same moment; what each returned, or the error that it met."""
    answers: list[object] = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(number: int, call: Callable[[], object]) -> None:
        gate.wait()
        try:
            answers[number] = call()
        except CoffreError as error:
            answers[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def putting(house: House, data: bytes, container: str = "object") -> Callable[[], object]:
    return lambda: house.engine.put(data, ref(container=container))


@pytest.mark.parametrize("base", [CHARTER, LARGE], ids=["small", "large"])
def test_of_several_contents_for_one_reference_exactly_one_is_stored(
    house: House, base: bytes
) -> None:
    contents = [base + bytes([number]) for number in range(6)]

    answers = all_at_once(*(putting(house, data) for data in contents))

    stored = [answer for answer in answers if isinstance(answer, Receipt)]
    assert len(stored) == 1
    (winner,) = set(house.held(ref()).values())
    assert winner in contents
    assert house.record(ref()).digest == stored[0].digest
    codes = {one.code for one in answers if isinstance(one, CoffreError)}
    assert codes <= {"object-busy", "object-conflict"}
    assert house.findings() == []


def test_of_several_overwrites_the_ledger_and_the_offers_name_the_same_last_one(
    house: House,
) -> None:
    place = ref(container="tmp")
    house.engine.put(b"first", place)

    all_at_once(*(putting(house, bytes([number]) * 50, "tmp") for number in range(6)))

    assert len(set(house.held(place).values())) == 1
    assert house.findings() == []
    assert house.read(place) == house.held(place)["north"]


def test_jobs_with_the_same_objects_store_each_once(house: House) -> None:
    items = [PutItem(ref=ref(f"n{n:03}"), source=str(n).encode()) for n in range(300)]

    answers = all_at_once(*[lambda: list(house.engine.put_many(items))] * 3)

    for one in answers:
        assert isinstance(one, list)
        assert len(one) == 300
    assert len(list(house.ledger.objects())) == 300
    assert house.findings() == []


def test_a_put_and_a_deletion_at_once_end_in_one_of_two_ways(house: House) -> None:
    for _ in range(10):
        house.engine.put(CHARTER, ref())
        order = DeletionOrder(ref=ref(), author="archivist", reason="decision 12")

        all_at_once(putting(house, CHARTER), lambda order=order: house.engine.delete(order))  # type: ignore[misc]

        stored = house.ledger.find(ref()) is not None
        assert set(house.held(ref())) == ({"north", "south"} if stored else set())
        assert not house.debts()


def test_an_audit_and_a_repair_beside_puts_call_nothing_bad(house: House) -> None:
    items = [PutItem(ref=ref(f"n{n:03}"), source=str(n).encode()) for n in range(200)]

    _, findings, outcomes = all_at_once(
        lambda: list(house.engine.put_many(items)),
        lambda: list(house.engine.audit()),
        lambda: list(house.engine.repair()),
    )

    assert findings == []
    assert outcomes == []
    assert house.findings() == []
