"""Silence: an offer that is down costs a job one wait a page, not one for each copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.contract import OfferUnavailableError
from coffre.engine import DeletionOrder, PutItem, RepairAction, auditing, repairing
from coffre.offer import RetryPolicy
from coffre.testing import ErrorBefore
from tests.unit.engine.support import CHARTER, House, house_in, ref

COUNT = 60
PAGES = 3
THREADS = 2


@pytest.fixture
def patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Offers that are asked four times before a request fails, and small pages."""
    monkeypatch.setattr(auditing, "PAGE", COUNT // PAGES)
    monkeypatch.setattr(repairing, "PAGE", COUNT // PAGES)
    with house_in(tmp_path, retry=RetryPolicy(attempts=4)) as house:
        yield house


def fill(house: House, strategy: str = "lenient") -> None:
    items = (PutItem(ref=ref(f"n{n}"), source=str(n).encode()) for n in range(COUNT))
    list(house.engine.put_many(items, strategy=strategy))


def refuse_all(house: House, name: str) -> None:
    """Every session fails, and the offer says that it does not answer."""
    house.chaos[name].calm()
    house.chaos[name].fired.clear()
    for operation in ("connect", "is_available"):
        house.chaos[name].inject(operation, ErrorBefore(OfferUnavailableError), times=None)


def fired(house: House, name: str, operation: str) -> int:
    return sum(one.operation == operation for one in house.chaos[name].fired)


def test_an_audit_asks_an_offer_that_is_down_a_few_times_a_page(patient: House) -> None:
    fill(patient)
    refuse_all(patient, "south")
    audit = patient.engine.audit(offers=["south"], threads=THREADS)

    findings = [one for one in audit if one.code == "copy-unknown"]

    assert (audit.summary.unknown, audit.summary.verified) == (COUNT, 0)
    assert fired(patient, "south", "is_available") == PAGES
    # Four attempts for each thread that was at it, and for the listing at the end.
    assert fired(patient, "south", "connect") <= 4 * (PAGES * THREADS + 1)
    assert sum(one.detail.startswith("not asked again: ") for one in findings) >= COUNT - 6


def test_a_repair_asks_an_offer_that_is_down_once_a_page(patient: House) -> None:
    patient.down("south")
    fill(patient)
    patient.up()
    refuse_all(patient, "south")

    outcomes = list(patient.engine.repair(release_brake=True))

    assert [one.action for one in outcomes] == [RepairAction.FAILED] * COUNT
    assert {one.code for one in outcomes} == {"offer-unavailable"}
    assert fired(patient, "south", "connect") == 4 * PAGES


def test_a_source_that_is_down_is_not_waited_for_again_either(patient: House) -> None:
    patient.down("south")
    fill(patient)
    patient.up()
    refuse_all(patient, "north")

    outcomes = list(patient.engine.repair(release_brake=True))

    assert {one.code for one in outcomes} == {"no-readable-copy"}
    assert fired(patient, "north", "connect") == 4 * PAGES


def test_a_deletion_is_not_asked_for_again_while_the_offer_is_down(patient: House) -> None:
    for number in range(4):
        patient.engine.put(CHARTER, ref(f"n{number}"))
    patient.down("south")
    for number in range(4):
        one = ref(f"n{number}")
        patient.engine.delete(DeletionOrder(ref=one, author="archivist", reason="old"))
    patient.up()
    refuse_all(patient, "south")

    outcomes = list(patient.engine.repair())

    assert [one.code for one in outcomes] == ["offer-unavailable"] * 4
    assert fired(patient, "south", "connect") == 4


def test_an_offer_that_says_it_answers_is_asked_for_every_copy(patient: House) -> None:
    fill(patient)
    chaos = patient.chaos["south"]
    chaos.inject("connect", ErrorBefore(OfferUnavailableError), times=4)

    audit = patient.engine.audit(offers=["south"], threads=1)
    list(audit)

    assert (audit.summary.unknown, audit.summary.verified) == (1, COUNT - 1)
