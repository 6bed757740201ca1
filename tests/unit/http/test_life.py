"""Forks, threads, and a long life without leaks."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from coffre.contract import ConnectionLostError
from coffre.http import HttpRequest, HttpSession, Site
from tests.unit.http.services import OK, Caller, for_ever, service

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

GET = HttpRequest("GET", "/")


def in_child(work: Callable[[], object]) -> None:
    """Do something in the child of a fork; an exception there fails the test."""
    child = os.fork()
    if child == 0:
        status = 1
        signal.alarm(20)  # a child that hangs fails
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_child_connects_anew_and_its_parent_keeps_its_connection() -> None:
    with service(for_ever(OK)) as there, HttpSession(Site(url=there.url)) as session:
        session.exchange(GET)

        def child() -> None:
            assert session.exchange(GET).body == b"ok"
            session.close()
            gc.collect()

        in_child(child)
        session.exchange(GET)

    assert there.connections == 2


def test_a_child_that_only_closes_says_nothing_on_its_parents_connection() -> None:
    with service(for_ever(OK)) as there, HttpSession(Site(url=there.url)) as session:
        session.exchange(GET)
        in_child(session.close)
        session.exchange(GET)

    assert there.connections == 1


def test_a_stream_opened_before_a_fork_is_the_parents() -> None:
    size = 8 << 20

    def large(caller: Caller) -> None:
        caller.request()
        caller.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        caller.say(bytes(size))

    with (
        service(large, for_ever(OK)) as there,
        HttpSession(Site(url=there.url)) as session,
        session.open(GET) as stream,
    ):
        taken = len(stream.read(1))

        def child() -> None:
            with pytest.raises(ConnectionLostError, match="another process"):
                stream.read()
            stream.close()
            assert session.exchange(GET).body == b"ok"

        in_child(child)
        assert taken + len(stream.read()) == size


def test_a_child_ends_although_its_parent_had_threads_that_resolve_names() -> None:
    # An interpreter of its own: what hangs is its end, not the test's.
    program = """
import os, sys
from coffre.http import HttpRequest, HttpSession, Site
session = HttpSession(Site(url=sys.argv[1], connect_timeout=5))
try:
    session.exchange(HttpRequest("GET", "/"))
except OSError:
    pass
if os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    with service(for_ever(OK)) as there:
        url = f"http://{socket.gethostname()}:{there.port}"
        ended = subprocess.run([sys.executable, "-c", program, url], timeout=30, check=False)

    assert ended.returncode == 0


def test_sixteen_threads_work_side_by_side_with_a_session_each() -> None:
    failures: list[BaseException] = []

    def work(url: str) -> None:
        try:
            with HttpSession(Site(url=url)) as session:
                for number in range(50):
                    session.exchange(HttpRequest("PUT", f"/{number}", {}, bytes(1000)))
                    with session.open(GET) as stream:
                        assert stream.read() == b"ok"
        except BaseException as error:  # noqa: BLE001 - told to the test below
            failures.append(error)

    with service(for_ever(OK)) as there:
        threads = [threading.Thread(target=work, args=(there.url,)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert failures == []
    assert there.connections == 16
    assert len(there.requests) == 16 * 50 * 2


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def every_way(session: HttpSession) -> None:
    """Good and bad, each of them once."""
    session.exchange(HttpRequest("PUT", "/", {}, bytes(16384)))
    session.send(HttpRequest("PUT", "/"), 200_000, [bytes(100_000)] * 2)
    with session.open(GET) as stream:
        stream.read()
    session.open(GET).close()
    with pytest.raises(ZeroDivisionError):
        session.send(HttpRequest("PUT", "/"), 10, (bytes(1 // n) for n in (1, 0)))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_long_life_leaks_neither_descriptors_nor_threads_nor_memory() -> None:
    with service(for_ever(OK)) as there, HttpSession(Site(url=there.url)) as session:
        for _ in range(20):
            every_way(session)
        before = resident()
        for _ in range(int(os.environ.get("COFFRE_LONG_LIFE", "200"))):
            every_way(session)
            there.heads.clear()
            there.bodies.clear()
        gc.collect()
        assert resident() - before < 8 << 20

    with HttpSession(Site(url=there.url)):
        gc.collect()
        opened, threads = descriptors(), threading.active_count()
    with service(for_ever(OK)) as there:
        for _ in range(30):
            with HttpSession(Site(url=there.url)) as session:
                every_way(session)
    gc.collect()

    assert descriptors() <= opened
    assert threading.active_count() <= threads


def test_something_else_asked_while_a_stream_is_open_goes_over_another_connection() -> None:
    size = 8 << 20

    def large(caller: Caller) -> None:
        caller.request()
        caller.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        caller.say(bytes(size))
        for_ever(OK)(caller)

    with service(large, for_ever(OK)) as there, HttpSession(Site(url=there.url)) as session:
        with session.open(GET) as stream:
            first = stream.read(10)
            assert session.exchange(GET).body == b"ok"
            assert len(first + stream.read()) == size
        session.exchange(GET)

    assert there.connections == 2


def test_a_child_that_lives_on_does_not_keep_its_parents_connection_open() -> None:
    with service(for_ever(OK)) as there:
        session = HttpSession(Site(url=there.url))
        session.exchange(GET)
        waits, tells = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(tells)
            os.read(waits, 1)  # until the parent has seen what it wants to see
            os._exit(0)
        session.close()
        seen = there.ended.acquire(timeout=5)  # the service has met the end of the connection
        os.close(tells)
        os.close(waits)
        os.waitpid(child, 0)

    assert seen
