"""Every operation of the engine ends, and well, when every limit is one: nothing waits for itself.

One connection with each offer, one thread at each offer, one thread at all of them. Each test has
a patience: what would wait for ever fails, with the stacks of all threads.
"""

from __future__ import annotations

import faulthandler
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import pytest

from coffre.contract import DeleteRequest, ObjectRef
from coffre.drivers.filesystem import FilesystemDriver
from coffre.engine import DeletionOrder, Engine, PutItem, Receipt, RepairAction
from coffre.engine.ledger import Ledger
from coffre.manager import (
    DriverManager,
    DriverSettings,
    ManagerSnapshot,
    OfferLimits,
    OfferSettings,
    ThreadLimit,
)
from coffre.offer import NO_RETRY
from coffre.pool import PoolSettings
from coffre.testing import MemoryDriver, MemoryOffer
from tests.unit.engine.support import CHARTER, LARGE, NAMES, ref, strategy

PATIENCE = 120.0
"""Seconds; the tests take less than one each."""
ONE = ThreadLimit(threads=1, threads_timeout=20.0)
ONE_OF_EACH = OfferLimits(pool=PoolSettings(max_size=1, timeout=20.0, nested="raise"), limit=ONE)
THREE = {"default": strategy("default", *NAMES, required=3)}
RING_AND_MORE = LARGE * 3
"""More than the ring holds: its last bytes come only when every offer has taken its first."""


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A test that hangs ends, and shows where."""
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@contextmanager
def opened(kind: str, directory: Path, *, total: int | None) -> Iterator[DriverManager]:
    token = uuid.uuid4().hex
    urls = {
        name: f"memory://{token}-{name}" if kind == "memory" else f"file://{directory / name}"
        for name in NAMES
    }
    values = {} if kind == "memory" else {"create": True, "flush": False}
    offers = [
        OfferSettings(
            id=name, driver=kind, url=url, parameters=values, retry=NO_RETRY, limits=ONE_OF_EACH
        )
        for name, url in urls.items()
    ]
    shared = {kind: DriverSettings(max_total=total, limit=ONE)}
    drivers = {"memory": MemoryDriver(), "filesystem": FilesystemDriver()}
    with DriverManager(offers, drivers=drivers, driver_settings=shared, limit=ONE) as manager:
        yield manager
        check_idle(manager.snapshot())
    for url in urls.values():
        if kind == "memory":
            MemoryOffer.discard(url)


def check_idle(seen: ManagerSnapshot) -> None:
    """Everything came home, and there never was a second connection."""
    for one in seen.offers:
        pool = one.pool
        assert (pool.held, pool.waiting, pool.timed_out, pool.leaks) == (0, 0, 0, 0), one.offer
        assert pool.held + pool.idle <= 1
        assert not pool.refused
    assert all(limit.inside == limit.waiting == limit.timed_out == 0 for limit in seen.limits)


@pytest.fixture(params=["memory", "filesystem"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DriverManager]:
    with opened(request.param, tmp_path, total=None) as manager:
        yield manager


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(str(tmp_path / "ledger.db"), author="tester") as ledger:
        yield ledger


@pytest.fixture
def engine(manager: DriverManager, ledger: Ledger) -> Engine:
    return Engine(manager, THREE, ledger, author="tester")


def spoil(engine: Engine, name: str, wanted: ObjectRef) -> None:
    """Take a copy away behind the engine's back."""
    engine.offers[name].delete(DeleteRequest(ref=wanted))


@pytest.mark.parametrize(
    "data", [CHARTER, LARGE, RING_AND_MORE], ids=["small", "large", "more-than-the-ring"]
)
def test_an_object_goes_to_three_offers_and_comes_back(engine: Engine, data: bytes) -> None:
    receipt = engine.put(data, ref())
    with engine.get(ref()) as verified:
        read = verified.read()
    with engine.get(ref(), verified=False) as streamed:
        assert streamed.read() == read == data

    assert len(receipt.copies) == 3
    assert engine.put(data, ref()).already_stored


def test_a_job_of_small_and_large_objects(engine: Engine) -> None:
    items = [
        PutItem(ref=ref(f"one-{number}"), source=data)
        for number, data in zip(
            range(20), cycle([CHARTER, CHARTER, CHARTER, RING_AND_MORE]), strict=False
        )
    ]

    receipts = list(engine.put_many(items))

    assert len(receipts) == 20
    assert list(engine.audit()) == []


@pytest.mark.parametrize("threads", [1, 8])
def test_an_audit_whatever_its_threads(engine: Engine, threads: int) -> None:
    for number in range(20):
        engine.put(CHARTER, ref(f"one-{number}"))
    engine.put(LARGE, ref("large"))
    spoil(engine, "south", ref("one-3"))

    found = list(engine.audit(threads=threads))

    assert {one.code.value: one.offer for one in found} == {
        "copy-missing": "south",
        "under-strategy": None,
    }


def test_a_repair_copies_from_one_offer_to_another(engine: Engine) -> None:
    for data, name in ((CHARTER, "small"), (RING_AND_MORE, "large")):
        engine.put(data, ref(name))
        for offer in ("north", "east"):
            spoil(engine, offer, ref(name))
    list(engine.audit())

    outcomes = list(engine.repair())

    assert {one.action for one in outcomes} == {RepairAction.MADE}
    assert len(outcomes) == 4
    assert list(engine.audit()) == []


def test_a_ledger_is_rebuilt_from_one_offer(engine: Engine, tmp_path: Path) -> None:
    for number in range(30):
        engine.put(CHARTER, ref(f"one-{number}"))
    with Ledger.open(str(tmp_path / "new.db"), author="tester") as empty:
        summary = Engine(engine.offers, THREE, empty).rebuild("north")

    assert (summary.recovered, summary.complete) == (30, True)


def test_objects_are_asked_for_listed_replaced_and_deleted(engine: Engine) -> None:
    wanted = ref(container="unit")
    engine.put(CHARTER, wanted)
    engine.put(LARGE, wanted)
    assert len(engine.stat(wanted, ask=True).copies) == 3
    assert len(list(engine.list(0, "unit"))) == 1

    engine.delete(DeletionOrder(ref=wanted, author="tester", reason="a test"))

    assert list(engine.list(0, "unit")) == []
    assert list(engine.audit()) == []


def test_many_threads_do_everything_at_once(engine: Engine) -> None:
    engine.put(CHARTER, ref("first"))

    def work(number: int) -> None:
        name, data = ref(f"one-{number}"), RING_AND_MORE if number % 2 else CHARTER
        engine.put(data, name)
        spoil(engine, "south", name)
        list(engine.repair(refs=[name], release_brake=True))
        with engine.get(name) as reader:
            assert reader.read() == data

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(work, range(12)))

    list(engine.audit(threads=4))
    list(engine.repair(release_brake=True))
    assert list(engine.audit()) == []


@pytest.mark.parametrize("kind", ["memory", "filesystem"])
def test_large_objects_of_many_threads_when_three_connections_are_all_there_are(
    kind: str, tmp_path: Path, ledger: Ledger
) -> None:
    with opened(kind, tmp_path, total=3) as manager:
        engine = Engine(manager, THREE, ledger, author="tester")

        def put(number: int) -> Receipt:
            return engine.put(RING_AND_MORE, ref(f"one-{number}"))

        with ThreadPoolExecutor(8) as threads:
            receipts = list(threads.map(put, range(16)))

        assert [len(receipt.copies) for receipt in receipts] == [3] * 16
        assert sum(one.pool.idle for one in manager.snapshot().offers) <= 3


def test_the_engine_tells_what_is_in_use(engine: Engine) -> None:
    engine.put(CHARTER, ref())
    with engine.get(ref(), verified=False):
        seen = engine.snapshot()

    offers = seen["offers"]
    assert isinstance(offers, dict)
    assert {name: told["pool"]["held"] for name, told in offers.items()} == {
        "north": 1,
        "south": 0,
        "east": 0,
    }


def test_an_engine_whose_offers_cannot_tell_says_nothing(ledger: Ledger) -> None:
    assert Engine({}, THREE, ledger).snapshot() == {}
