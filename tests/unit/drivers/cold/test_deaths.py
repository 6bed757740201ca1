"""A process may die at any line of this room, and several may use one library."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType

import pytest

import coffre.drivers.cold
from coffre.contract import (
    AccessState,
    CoffreError,
    DeleteRequest,
    NotReadyError,
    ObjectConflictError,
    ObjectNotFoundError,
    QuarantineRequest,
    SweepRequest,
)
from coffre.testing import FakeClock
from tests.unit.drivers.cold.cold_library import Hall, ref

ROOM = os.path.dirname(coffre.drivers.cold.__file__)
DEATH = 9
MOST_DEATHS = 45
"""Lines at which each kind of work dies, spread over all; every line takes a minute in all."""
Line = tuple[str, int]


def put(hall: Hall) -> None:
    hall.put("it", b"it")


def chill(hall: Hall) -> None:
    hall.control.chill(ref("on-disk"))


def fall_due(hall: Hall) -> None:
    hall.clock.advance(90_000)
    hall.is_ready("on-disk")


def fetch(hall: Hall) -> None:
    ticket = hall.ask("on-tape")
    hall.clock.advance(11)
    hall.state(ticket)
    hall.cancel(ticket)


def delete(hall: Hall) -> None:
    hall.connection.delete(DeleteRequest(ref=ref("gone")))


def set_aside(hall: Hall) -> None:
    hall.connection.quarantine(QuarantineRequest(ref=ref("gone"), reason="object-corrupt"))


def sweep(hall: Hall) -> None:
    hall.connection.sweep(SweepRequest(older_than=0))


def lines_of(work: Callable[[Hall], None], hall: Hall) -> list[Line]:
    """Every line of the room that some work passes, in the order in which it first does."""
    seen: dict[Line, None] = {}

    def note(frame: FrameType, event: str, argument: object) -> object:
        if not frame.f_code.co_filename.startswith(ROOM):
            return None
        if event == "line":
            seen[frame.f_code.co_filename, frame.f_lineno] = None
        return note

    before = sys.gettrace()
    sys.settrace(note)  # type: ignore[arg-type]
    try:
        work(hall)
    finally:
        sys.settrace(before)
    return list(seen)


def some_of(lines: list[Line]) -> list[Line]:
    return lines[:: -(-len(lines) // MOST_DEATHS)]


def die_at(line: Line, work: Callable[[Hall], None], root: Path) -> int:
    """Have a child do the work until it comes to a line; its exit status."""

    def watch(frame: FrameType, event: str, argument: object) -> object:
        if not frame.f_code.co_filename.startswith(ROOM):
            return None
        if event == "line" and (frame.f_code.co_filename, frame.f_lineno) == line:
            os._exit(DEATH)
        return watch

    def child() -> None:
        hall = Hall(root, FakeClock())
        sys.settrace(watch)  # type: ignore[arg-type]
        work(hall)

    return in_a_child(child)


def in_a_child(work: Callable[[], None]) -> int:
    """Run something in a forked process; its exit status."""
    return os.waitstatus_to_exitcode(os.waitpid(start(work), 0)[1])


def start(work: Callable[[], None]) -> int:
    process = os.fork()
    if not process:
        status = 1
        try:
            work()
            status = 0
        except BaseException:  # noqa: BLE001 - a child says what it met, and ends
            traceback.print_exc()
        finally:
            os._exit(status)
    return process


def fill(root: Path) -> None:
    with Hall(root, FakeClock()) as hall:
        hall.put_on_tape("on-tape")
        for name in ("on-disk", "gone"):
            hall.put(name, name.encode())


def came_through(hall: Hall, name: str, *, may_be_absent: bool) -> None:
    """Hold that an object is whole or absent, and can be had from wherever it is."""
    try:
        try:
            data = hall.read(name)
        except NotReadyError:
            ticket = hall.ask(name)
            hall.clock.advance(200_000)
            assert hall.state(ticket) in (AccessState.EXPIRED, AccessState.UNKNOWN)
            ticket = hall.ask(name)
            hall.clock.advance(11)
            assert hall.state(ticket) is AccessState.READY
            data = hall.read(name)
    except ObjectNotFoundError:
        assert may_be_absent
    else:
        assert data == name.encode()


def no_leftovers(hall: Hall) -> None:
    """One sweep removes what nobody names, and nothing else."""
    hall.connection.sweep(SweepRequest(older_than=0))
    assert hall.connection.sweep(SweepRequest(older_than=0)).removed == 0
    catalogue = hall.control._library.catalogue
    tokens = {token for (token,) in catalogue.all("SELECT token FROM objects") if token}
    assert {one.name for one in (hall.root / "cache").rglob("*") if one.is_file()} == tokens


@pytest.mark.parametrize("work", [put, chill, fall_due, fetch, delete, set_aside, sweep])
def test_a_death_at_whatever_line_loses_nothing_and_halves_nothing(
    work: Callable[[Hall], None], tmp_path: Path
) -> None:
    fill(tmp_path / "filled")
    shutil.copytree(tmp_path / "filled", tmp_path / "watched")
    with Hall(tmp_path / "watched", FakeClock()) as hall:
        lines = lines_of(work, hall)
    assert len(lines) > 20

    for number, line in enumerate(some_of(lines)):
        root = tmp_path / f"dead-{number}"
        shutil.copytree(tmp_path / "filled", root)
        assert die_at(line, work, root) == DEATH, f"it never came to {line}"
        with Hall(root, FakeClock()) as hall:
            no_leftovers(hall)
            with suppress(ObjectNotFoundError):  # it was set aside before the death
                work(hall)
            for name in ("on-tape", "on-disk"):
                came_through(hall, name, may_be_absent=False)
            for name in ("it", "gone"):
                came_through(hall, name, may_be_absent=work is not put or name == "gone")
            no_leftovers(hall)
        shutil.rmtree(root)


def test_what_was_set_aside_when_its_process_died_is_there_or_aside(tmp_path: Path) -> None:
    fill(tmp_path / "filled")
    shutil.copytree(tmp_path / "filled", tmp_path / "watched")
    with Hall(tmp_path / "watched", FakeClock()) as hall:
        lines = lines_of(set_aside, hall)
    for number, line in enumerate(some_of(lines)):
        root = tmp_path / f"dead-{number}"
        shutil.copytree(tmp_path / "filled", root)
        die_at(line, set_aside, root)
        with Hall(root, FakeClock()) as hall:
            held = b""
            with suppress(ObjectNotFoundError):
                held = hall.read("gone")
            aside = [one.read_bytes() for one in (root / "quarantine").rglob("gone")]
            assert b"gone" in (held, *aside)


def test_a_process_killed_while_it_works_loses_nothing_that_it_acknowledged(
    tmp_path: Path,
) -> None:
    root = tmp_path / "library"
    fill(root)
    acknowledged: list[str] = []
    for round in range(4):
        reading, writing = os.pipe()

        def store_for_ever(writing: int = writing, round: int = round) -> None:
            hall = Hall(root, FakeClock(), flush=True)
            for number in range(1_000_000):
                name = f"n{round}-{number}"
                hall.put(name, name.encode())
                os.write(writing, f"{name}\n".encode())
                if number % 3 == 0:
                    hall.control.chill(ref(name))
                if number % 6 == 0:
                    hall.ask(name)
                    hall.clock.advance(11)
                    hall.is_ready(name)

        process = start(store_for_ever)
        os.close(writing)
        with open(reading) as lines:
            acknowledged += [next(lines).strip() for _ in range(10 + round)]
            os.kill(process, signal.SIGKILL)
            acknowledged += [line.strip() for line in lines]
        os.waitpid(process, 0)

    with Hall(root, FakeClock()) as hall:
        no_leftovers(hall)
        ticket = hall.ask(*acknowledged)
        hall.clock.advance(60)
        assert hall.state(ticket) is AccessState.READY
        assert [hall.read(name) for name in acknowledged] == [
            name.encode() for name in acknowledged
        ]


def test_of_two_processes_exactly_one_stores_each_object(tmp_path: Path) -> None:
    root = tmp_path / "library"
    fill(root)
    names = [f"n{number}" for number in range(20)]

    def store(mark: bytes) -> None:
        with Hall(root, FakeClock()) as hall:
            for name in names:
                with suppress(ObjectConflictError):
                    hall.put(name, mark)
                    (root.parent / f"{name}-{mark.decode()}").touch()
                with suppress(CoffreError):
                    hall.control.chill(ref(name))
                hall.ask(name)
                hall.clock.advance(11)
                hall.is_ready(name)

    children = [start(partial(store, mark)) for mark in (b"a", b"b")]
    assert [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in children] == [0, 0]

    with Hall(root, FakeClock()) as hall:
        no_leftovers(hall)
        ticket = hall.ask(*names)
        hall.clock.advance(3600)
        assert hall.state(ticket) is AccessState.READY
        for name in names:
            (winner,) = root.parent.glob(f"{name}-?")
            assert hall.read(name) == winner.name[-1].encode()


@pytest.fixture(autouse=True)
def only_what_this_process_started() -> Iterator[None]:
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
