"""Checks of what a driver leaves in the process, and of what a fork does to it."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import cast

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, same
from coffre.conformance.check import check
from coffre.conformance.checks.services import bulk
from coffre.conformance.contents import ScriptedContent, some_bytes
from coffre.conformance.forking import in_a_child
from coffre.conformance.session import DATA, Session
from coffre.conformance.together import open_descriptors
from coffre.contract import (
    Capability,
    CoffreError,
    ObjectConflictError,
    PutRequest,
    SourceError,
    SupportsPrepare,
)
from coffre.streams import CHUNK, BytesContent

ROUNDS = 12
"""Sessions that are opened, used and closed: more than a pool usually keeps."""
FAILURES = 5
"""Sessions that fail to open: few, since some drivers rest longer after each."""
LINGER = 2.0
"""Seconds for which a thread may take to end."""


def a_life(bench: Bench, number: int) -> None:
    """Open a session, do things that succeed and things that fail, leave some, and close it."""
    with bench.session() as session:
        session.put(f"n{number}", some_bytes(CHUNK + 1))
        session.put(f"n{number}", some_bytes(CHUNK + 1))
        with suppress(ObjectConflictError):
            session.put(f"n{number}", b"others")
        with session.get(f"n{number}") as result:
            result.stream.read(1)
        with session.listing() as listing:
            next(listing, None)
        session.names()
        session.stat(f"n{number}")
        session.absent("nothing")
        with suppress(CoffreError):
            session.get(f"n{number}", offset=2 * CHUNK)
        for failing in (
            ScriptedContent(b"x", SourceError("on purpose"), size=2),
            BytesContent(b"xxx"),
        ):
            try:
                session.pull("bad", failing, 2)
            except CoffreError:
                continue
        if Capability.BULK_PUT in session.connection.capabilities:
            _many_at_once(bench, session, number)
        session.delete(f"n{number}")


def _many_at_once(bench: Bench, session: Session, number: int) -> None:
    """Put some in one call: new ones, one that is there, one in conflict, one that is too short."""
    data = some_bytes(CHUNK + 1)
    contents = {f"m{number}.{one}": (data, len(data)) for one in range(3)}
    contents |= {f"n{number}": (data, len(data)), f"m{number}.short": (b"x", 2)}
    bulk(
        bench,
        session,
        [
            PutRequest(ref=bench.ref(name), content=BytesContent(given), size=size)
            for name, (given, size) in contents.items()
        ],
    )


@check("process.files")
def sessions_leave_no_file_and_no_socket_open(bench: Bench) -> None:
    """A dozen sessions live and end; as many open files would be one for each."""
    a_life(bench, 0)
    before = open_descriptors()
    for number in range(ROUNDS):
        a_life(bench, number)
    more = open_descriptors() - before
    expect(more < ROUNDS, f"{more} more files are open after {ROUNDS} sessions")


@check("process.files")
def failed_sessions_leave_no_file_and_no_socket_open(bench: Bench) -> None:
    """Five sessions that cannot be opened."""
    parameters = bench.harness.unreachable()
    before = open_descriptors()
    for _ in range(FAILURES):
        try:
            bench.connect(parameters)
        except CoffreError:
            continue
    more = open_descriptors() - before
    expect(more < FAILURES, f"{more} more files are open after {FAILURES} sessions that failed")


@check("process.files", needs=[Capability.PREPARE])
def preparing_leaves_no_file_and_no_socket_open(bench: Bench) -> None:
    """What is an offer already is prepared a dozen times."""
    driver = cast(SupportsPrepare, bench.driver)
    driver.prepare(bench.parameters)
    before = open_descriptors()
    for _ in range(ROUNDS):
        driver.prepare(bench.parameters)
    more = open_descriptors() - before
    expect(more < ROUNDS, f"{more} more files are open after {ROUNDS} preparations")


@check("process.threads")
def sessions_leave_no_thread_running(bench: Bench) -> None:
    """A dozen sessions live and end; a thread for each would be there, two seconds later."""
    a_life(bench, 0)
    before = set(threading.enumerate())
    for number in range(ROUNDS):
        a_life(bench, number)
    new = [thread for thread in threading.enumerate() if thread not in before]
    for thread in new:
        thread.join(LINGER / ROUNDS)
    left = [thread.name for thread in new if thread.is_alive()]
    expect(len(left) < ROUNDS, f"{len(left)} threads are running after {ROUNDS} sessions: {left}")


# --- fork ----------------------------------------------------------------------------------------


@check("process.fork")
def parent_and_child_both_go_on(bench: Bench) -> None:
    """A session is open while the process forks; the child opens its own, the parent goes on."""
    with bench.session() as session:
        session.put("before")
        answer = in_a_child(lambda: _live(bench, "of-the-child")).said
        bench.stored(bench.ref("of-the-child"))
        bench.did(f"fork; the child says: {answer}")
        same(answer, "ok", "what the child met")
        same(session.read("before"), DATA, "what the parent's session reads afterwards")
        session.put("after")
    _live(bench, "of-the-parent")


@check("process.fork")
def a_child_may_fork_before_anything_was_opened(bench: Bench) -> None:
    """The driver exists, no session does; the child opens the first one, then the parent does."""
    bench.ref("of-the-child")
    answer = in_a_child(lambda: _live(bench, "of-the-child")).said
    bench.stored(bench.ref("of-the-child"))
    same(answer, "ok", "what the child met")
    _live(bench, "of-the-parent")


def _live(bench: Bench, name: str) -> None:
    connection = bench.driver.connect(bench.parameters)
    with connection:
        session = Session(bench, connection)
        session.put(name)
        same(session.read(name), DATA, "the bytes read")
        session.delete(name)
