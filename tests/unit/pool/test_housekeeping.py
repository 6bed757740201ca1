"""Upkeep of a pool that nobody asks for anything: only where it is wished for."""

from __future__ import annotations

import gc
import logging
import threading
import weakref

import pytest

from coffre.pool import ConnectionPool, PoolEvent, PoolSettings
from coffre.pool.housekeeper import Housekeeper
from tests.unit.pool.support import FakeService, PoolUnderTest, fake


def test_a_pool_has_no_thread_unless_it_asks_for_one() -> None:
    before = threading.active_count()
    pools = [ConnectionPool(FakeService()) for _ in range(1000)]
    for pool in pools:
        pool.close()

    assert threading.active_count() == before


def test_connections_are_kept_ready() -> None:
    tested = PoolUnderTest(min_idle=2, max_size=4)
    tested.pool.keep()
    assert len(tested.pool.core.idle) == 2

    lease = tested.pool.lease()
    tested.pool.keep()

    assert len(tested.pool.core.idle) == 2
    lease.close()
    tested.pool.close()


def test_readiness_stops_at_the_maximum_and_at_failures() -> None:
    tested = PoolUnderTest(min_idle=5, max_size=2)
    tested.service.failures = [OSError("away")]
    tested.pool.keep()
    assert not tested.pool.core.entries
    tested.clock.advance(1.0)

    tested.pool.keep()

    assert len(tested.pool.core.idle) == 2
    tested.pool.close()


def test_idle_connections_are_probed_a_few_at_a_time_and_bad_ones_closed() -> None:
    tested = PoolUnderTest(keepalive=120.0, max_size=8)
    leases = [tested.pool.lease() for _ in range(8)]
    connections = [fake(lease) for lease in leases]
    for lease in leases:
        lease.close()
    connections[0].answers = False
    tested.clock.advance(121.0)

    tested.pool.keep()

    assert sum(len(one.probed) for one in connections) == 2
    assert connections[0].closings == 1
    assert len(tested.pool.core.idle) == 7
    tested.pool.close()


def test_a_connection_not_used_for_long_is_reported_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tested = PoolUnderTest(leak_after=600.0)
    lease = tested.pool.lease()
    tested.clock.advance(599.0)
    lease.used()
    tested.clock.advance(599.0)
    assert not tested.pool.report_leaks(), "long held, and in use"
    tested.clock.advance(2.0)

    with caplog.at_level(logging.WARNING, "coffre.pool"):
        (report,) = tested.pool.report_leaks()

    assert "test_housekeeping.py" in report
    assert "its borrower is now at" in report
    assert not tested.pool.report_leaks()
    assert [record.event for record in caplog.records] == ["leak"]  # type: ignore[attr-defined]
    lease.close()


def test_the_housekeeper_goes_round_until_nobody_asks_for_it() -> None:
    housekeeper = Housekeeper()
    visits = threading.Event()

    class Asking:
        def keep(self) -> float:
            visits.set()
            raise OSError("it goes on")

    pool = Asking()
    gone = weakref.ref(pool)
    logging.getLogger("coffre.pool").disabled = True
    try:
        housekeeper.look_after(pool)
        assert visits.wait(10)
        assert housekeeper.running
        housekeeper.forget(pool)
        thread = housekeeper._thread
        if thread is not None:
            thread.join(10)
    finally:
        logging.getLogger("coffre.pool").disabled = False
    assert not housekeeper.running
    del pool
    gc.collect()
    assert gone() is None


def test_a_listener_is_told_and_may_fail() -> None:
    events: list[PoolEvent] = []

    def listen(event: PoolEvent) -> None:
        events.append(event)
        raise ValueError("a defect of the listener")

    service = FakeService()
    pool = ConnectionPool(service, PoolSettings(max_size=1), name="north", listener=listen)
    lease = pool.lease()
    lease.discard("lost")
    lease.close()
    service.failures = [OSError("secret: 1234")]
    with pytest.raises(OSError, match="secret"):
        pool.lease()

    kinds = [event.kind for event in events]
    assert kinds == ["granted", "opened", "suspected", "closed", "granted", "open-failed"]
    assert {event.pool for event in events} == {"north"}
    assert not any("1234" in event.detail for event in events)
    assert pool.snapshot().listener_errors == len(events)


def test_warming_opens_one_after_the_other() -> None:
    tested = PoolUnderTest(max_size=4)

    assert tested.pool.warm(3) == 3
    assert tested.pool.warm(9) == 1
    assert len(tested.pool.core.idle) == 4


def test_a_snapshot_shows_who_holds_what() -> None:
    tested = PoolUnderTest(max_size=2)
    lease = tested.pool.lease()
    tested.clock.advance(3.0)

    (shown,) = tested.pool.snapshot().leases

    assert (shown.holder, shown.age) == ("MainThread", 3.0)
    assert "test_housekeeping.py" in shown.place
    assert "1 held, 0 idle" in repr(tested.pool)
    lease.close()
    assert not tested.pool.snapshot().leases


def test_leaks_are_counted_under_the_lock() -> None:
    tested = PoolUnderTest(leak_after=1.0)
    lease = tested.pool.lease()
    tested.clock.advance(2.0)
    threads = [threading.Thread(target=tested.pool.report_leaks) for _ in range(2)]

    with tested.pool._lock:
        for thread in threads:
            thread.start()
        threads[0].join(0.05)
        assert tested.pool.core.counters.leaks == 0
    for thread in threads:
        thread.join()

    assert tested.pool.snapshot().leaks == 1
    lease.close()
