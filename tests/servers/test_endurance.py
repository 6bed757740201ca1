"""Ten thousand operations from sixteen threads, and forks: nothing is left behind or mixed up."""

from __future__ import annotations

import gc
import math
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coffre.conformance import Harness
from coffre.contract import (
    Connection,
    DeleteRequest,
    GetRequest,
    ObjectNotFoundError,
    ObjectRef,
    PutRequest,
    StatRequest,
)
from coffre.pool import PooledDriver, PoolSettings
from coffre.streams import BytesContent
from tests.conformance.harnesses import installed
from tests.servers.kinds import KINDS, discard, make_offer

pytestmark = pytest.mark.slow

THREADS = 16
OPERATIONS = 10_000
"""All operations of one run: of each ten one put, four gets, four stats and one delete."""
FEWER = {"swift": 2_000, "fsspec": 1_000}
"""Operations where the server, or the library, takes ten milliseconds of a processor for each."""
IN_FULL = os.environ.get("COFFRE_ENDURANCE") == "full"
"""Whether to run ten thousand there, too: minutes, by hand."""
LAPS = 5
"""Parts of the run, after each of which it is counted what there is."""
SIZE = 16 * 1024
GROWTH = 6 * 1024 * 1024
"""Bytes by which a process may have grown between the first lap and the last: what an allocator
does not give back, and not a kilobyte for each operation."""
SOCKETS_EACH = 3
"""Sockets of one connection at most: its own, and those by which a library wakes itself."""
FORKS = 8


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def harness(kind: str) -> Iterator[Harness]:
    pool = PoolSettings(max_size=THREADS, max_opening=4)
    with PooledDriver(installed(kind), pool) as driver:
        harness = make_offer(kind, driver)
        yield harness
        discard(harness)


def test_thousands_of_operations_leave_no_socket_no_thread_and_no_memory(
    kind: str, harness: Harness
) -> None:
    count = OPERATIONS if IN_FULL else FEWER.get(kind, OPERATIONS)
    with ThreadPoolExecutor(THREADS) as threads:
        _run_lap(
            harness, threads, count, 0
        )  # modules are loaded, connections opened, buffers grown
        first = Left.counted()
        for lap in range(1, LAPS):
            _run_lap(harness, threads, count, lap)
        last = Left.counted()

    assert last.threads == first.threads
    assert last.sockets <= first.sockets + 2, "connections are kept, and no more of them"
    assert last.sockets <= SOCKETS_EACH * THREADS
    assert last.memory - first.memory < GROWTH


def test_nothing_is_left_once_it_is_closed(harness: Harness) -> None:
    before = Left.counted()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda number: _work(harness, number, 3), range(THREADS)))
    driver = harness.driver
    assert isinstance(driver, PooledDriver)
    driver.close()

    _wait_until(lambda: Left.counted().threads <= before.threads)
    assert Left.counted().sockets <= before.sockets


def test_a_forked_child_and_its_parent_go_on_side_by_side(harness: Harness) -> None:
    ref = _ref("shared")
    data = _bytes_of(ref)
    with harness.driver.connect(harness.parameters) as held:
        _put(held, ref, data)
        children = [_forked(harness, ref, number) for number in range(FORKS)]
        for number in range(FORKS):
            # The very session that the children inherited, while they are at work.
            assert _read(held, ref) == data
            _put(held, _ref(f"parent-{number}"), b"of the parent")
        assert [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in children] == (
            [0] * FORKS
        )
        assert _read(held, ref) == data
    with harness.driver.connect(harness.parameters) as connection:
        for number in range(FORKS):
            assert _read(connection, _ref(f"child-{number}")) == b"of the child"


def test_an_object_that_is_gone_is_gone_for_all_threads(harness: Harness) -> None:
    ref = _ref("gone")
    with harness.driver.connect(harness.parameters) as connection:
        _put(connection, ref, b"here")
        connection.delete(DeleteRequest(ref=ref))

    def look(_: int) -> bool:
        with harness.driver.connect(harness.parameters) as connection:
            try:
                connection.stat(StatRequest(ref=ref))
            except ObjectNotFoundError:
                return True
            return False

    with ThreadPoolExecutor(THREADS) as threads:
        assert all(threads.map(look, range(THREADS)))


def _forked(harness: Harness, ref: ObjectRef, number: int) -> int:
    """Start a child that reads what the parent stored, and stores something itself."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        with harness.driver.connect(harness.parameters) as connection:
            if _read(connection, ref) == _bytes_of(ref):
                _put(connection, _ref(f"child-{number}"), b"of the child")
                status = 0
    finally:
        os._exit(status)


class Left:
    """What a process has at one moment."""

    def __init__(self, *, sockets: int, threads: int, memory: int) -> None:
        self.sockets = sockets
        self.threads = threads
        self.memory = memory
        """Bytes of it that are in memory, and are its own."""

    @classmethod
    def counted(cls) -> Left:
        gc.collect()
        return cls(sockets=_sockets(), threads=threading.active_count(), memory=_memory())


def _sockets() -> int:
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:")
        except FileNotFoundError:  # the directory itself, read a moment ago
            continue
    return found


def _memory() -> int:
    told = Path("/proc/self/status").read_text(encoding="ascii")
    (kilobytes,) = re.findall(r"^RssAnon:\s+(\d+) kB$", told, re.MULTILINE)
    return int(kilobytes) * 1024


def _run_lap(harness: Harness, threads: ThreadPoolExecutor, count: int, lap: int) -> None:
    each = math.ceil(count / LAPS / THREADS / 10)
    jobs = [threads.submit(_work, harness, f"{lap}-{one}", each) for one in range(THREADS)]
    for job in jobs:
        job.result()


def _work(harness: Harness, name: object, rounds: int) -> None:
    """Ten operations a round, on objects of one's own and on a connection for each round."""
    for number in range(rounds):
        ref = _ref(f"{name}-{number}")
        data = _bytes_of(ref)
        with harness.driver.connect(harness.parameters) as connection:
            _put(connection, ref, data)
            for _ in range(4):
                assert _read(connection, ref) == data
                assert connection.stat(StatRequest(ref=ref)).size == len(data)
            connection.delete(DeleteRequest(ref=ref))


def _put(connection: Connection, ref: ObjectRef, data: bytes) -> None:
    connection.put(PutRequest(ref=ref, content=BytesContent(data), size=len(data)))


def _read(connection: Connection, ref: ObjectRef) -> bytes:
    with connection.get(GetRequest(ref=ref)) as result:
        return b"".join(iter(lambda: result.stream.read(1 << 20), b""))


def _ref(identifier: str) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=identifier)


def _bytes_of(ref: ObjectRef) -> bytes:
    """Bytes that no other object has, so that answers cannot be mixed up unseen."""
    name = ref.identifier.encode()
    return (name * (SIZE // len(name) + 1))[:SIZE]


def _wait_until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.01)
