"""The life of an object: on disk, on tape, asked for, read, and cold again."""

from __future__ import annotations

import fcntl
import os
import tarfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest

from coffre.contract import (
    AccessState,
    DeleteRequest,
    Evidence,
    NotReadyError,
    ObjectConflictError,
    ObjectCorruptError,
    ObjectNotFoundError,
    QuarantineRequest,
    StatRequest,
    SweepRequest,
)
from coffre.drivers.cold.held import Held
from coffre.drivers.cold.library import Library
from coffre.tree import decode_record
from tests.unit.drivers.cold.cold_library import Hall, ref

HOUR, DAY = 3600.0, 86_400.0
WAITING, READY = AccessState.WAITING, AccessState.READY
EXPIRED, UNKNOWN = AccessState.EXPIRED, AccessState.UNKNOWN


def files(hall: Hall, folder: str) -> list[Path]:
    return sorted(one for one in (hall.root / folder).rglob("*") if one.is_file())


# --- to tape -------------------------------------------------------------------------------------


def test_it_is_packed_after_an_hour_and_leaves_the_disk_after_a_day(hall: Hall) -> None:
    hall.put("it")
    hall.clock.advance(HOUR - 1)
    assert hall.is_ready("it")
    assert files(hall, "tapes") == []

    hall.clock.advance(1)
    assert hall.is_ready("it")
    assert len(files(hall, "tapes")) == 1

    hall.clock.advance(DAY)
    assert not hall.is_ready("it")
    assert files(hall, "cache") == []


def test_what_falls_due_together_is_packed_together_and_tar_reads_it(hall: Hall) -> None:
    for name in ("a", "b"):
        hall.put(name, name.encode())
    hall.clock.advance(HOUR)
    hall.is_ready("a")

    (archive,) = files(hall, "tapes")
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
        held = {one.name: tar.extractfile(one) for one in members}
        assert {name: file.read() for name, file in held.items() if file} == {
            "0/object/a": b"a",
            "0/object/b": b"b",
        }
        assert decode_record(members[0].pax_headers["COFFRE.record"].encode()).ref == ref("a")


def test_an_archive_that_is_full_is_followed_by_another_and_so_is_a_tape(hall: Hall) -> None:
    with hall.again(archive_size=2, tape_size=15_000) as small:
        for name in ("a", "b", "c", "d", "e"):
            small.put(name, name.encode())
        small.clock.advance(HOUR)
        small.is_ready("a")
        found = [str(one.relative_to(small.root)) for one in files(small, "tapes")]
        assert found == ["tapes/T00001/1.tar", "tapes/T00001/2.tar", "tapes/T00002/3.tar"]


def test_bytes_that_went_bad_on_disk_are_not_packed(hall: Hall) -> None:
    for name in ("bad", "good"):
        hall.put(name, name.encode())
    hall.control.damage(ref("bad"))
    hall.clock.advance(HOUR)

    with pytest.raises(ObjectCorruptError):
        hall.read("bad")
    assert hall.read("good") == b"good"
    hall.clock.advance(DAY)
    hall.is_ready("good")
    assert len(files(hall, "cache")) == 1, "the only bytes there are of it, bad as they are"


# --- asked for -----------------------------------------------------------------------------------


def test_it_comes_when_the_drive_has_read_it_and_stays_as_long_as_was_agreed(hall: Hall) -> None:
    hall.put_on_tape("it")
    with pytest.raises(NotReadyError, match="ask for access"):
        hall.read("it")

    ticket = hall.ask("it", available_for=100.0)
    assert hall.state(ticket) is WAITING
    with pytest.raises(NotReadyError, match="drive 1 is fetching it"):
        hall.read("it")

    hall.clock.advance(11)
    told = hall.status(ticket)
    assert (told.state, told.ready) == (READY, 1)
    expires = told.expires_at
    assert expires is not None
    assert hall.read("it") == b"it"

    hall.clock.advance((expires - hall.clock.now()).total_seconds() - 0.001)
    assert hall.read("it") == b"it"
    hall.clock.advance(0.002)
    assert hall.state(ticket) is EXPIRED
    with pytest.raises(NotReadyError):
        hall.read("it")

    hall.clock.advance(DAY)
    assert hall.state(ticket) is UNKNOWN


def test_its_time_counts_from_when_it_came_even_if_nobody_looked(hall: Hall) -> None:
    hall.put_on_tape("it")
    ticket = hall.ask("it", available_for=100.0)
    hall.clock.advance(60)
    told = hall.status(ticket)
    assert told.expires_at is not None
    assert timedelta(seconds=49) < told.expires_at - hall.clock.now() < timedelta(seconds=51)


def test_a_request_is_ready_when_the_last_of_its_objects_has_come(hall: Hall) -> None:
    with hall.again(drives=1, tape_size=1) as single:
        single.put_on_tape("a", "b")
        ticket = single.ask("a", "b")
        single.clock.advance(11)
        told = single.status(ticket)
        assert (told.state, told.ready) == (WAITING, 1)
        assert single.read("a") == b"a"
        single.clock.advance(11)
        assert single.state(ticket) is READY


def test_what_is_on_disk_stays_there_while_it_is_asked_for(hall: Hall) -> None:
    hall.put("it")
    ticket = hall.ask("it", available_for=2 * DAY)
    assert hall.state(ticket) is READY
    hall.clock.advance(2 * DAY - 1)
    assert hall.state(ticket) is READY
    assert hall.read("it") == b"some bytes"
    hall.clock.advance(2)
    assert not hall.is_ready("it")


def test_a_request_that_was_cancelled_leaves_the_queue_to_others(hall: Hall) -> None:
    with hall.again(drives=1, tape_size=1) as single:
        single.put_on_tape("a", "b", "c")
        single.ask("a")
        first, second = single.ask("b"), single.ask("c")
        assert single.cancel(first)
        assert not single.cancel(first)
        assert single.state(first) is UNKNOWN
        single.clock.advance(21)
        assert single.state(second) is READY
        assert not single.is_ready("b")


def test_two_who_ask_for_one_object_have_it_read_once(hall: Hall) -> None:
    hall.put_on_tape("it")
    tickets = [hall.ask("it", available_for=20.0), hall.ask("it", available_for=200.0)]
    hall.clock.advance(11)
    assert [hall.state(one) for one in tickets] == [READY, READY]
    hall.clock.advance(100)
    assert [hall.state(one) for one in tickets] == [EXPIRED, READY]
    assert hall.read("it") == b"it"


def test_all_of_it_survives_a_restart(hall: Hall) -> None:
    hall.put_on_tape("a", "b")
    ticket = hall.ask("a")
    hall.connection.close()
    hall.clock.advance(11)
    with hall.again() as later:
        assert later.state(ticket) is READY
        assert later.read("a") == b"a"
        assert not later.is_ready("b")


def test_an_open_stream_is_read_to_its_end_though_the_object_leaves_the_disk(hall: Hall) -> None:
    from coffre.contract import GetRequest

    hall.put("it")
    with hall.connection.get(GetRequest(ref=ref("it"))) as result:
        hall.control.chill(ref("it"))
        assert result.stream.read() == b"some bytes"
    assert not hall.is_ready("it")


# --- what goes wrong -----------------------------------------------------------------------------


def test_a_damaged_tape_gives_an_error_and_never_its_bytes(hall: Hall) -> None:
    hall.put_on_tape("bad", "good")
    hall.control.damage(ref("bad"))
    ticket = hall.ask("bad", "good")
    hall.clock.advance(60)
    told = hall.status(ticket)
    assert (told.state, told.ready) == (WAITING, 1), "what is damaged is never called ready"
    with pytest.raises(ObjectCorruptError, match="T00001 is damaged"):
        hall.read("bad")
    assert hall.read("good") == b"good"
    assert files(hall, "cache") == [
        Path(place.path) for place in [hall.control.locate(ref("good"))] if place
    ]

    hall.clock.advance(DAY)
    assert hall.state(ticket) is EXPIRED


@pytest.mark.parametrize("harm", ["cut", "lost"])
def test_an_archive_that_is_cut_or_lost_is_damage(hall: Hall, harm: str) -> None:
    hall.put_on_tape("it")
    (archive,) = files(hall, "tapes")
    if harm == "lost":
        archive.unlink()
    else:
        archive.write_bytes(archive.read_bytes()[:512])
    hall.ask("it")
    hall.clock.advance(11)
    with pytest.raises(ObjectCorruptError, match="T00001"):
        hall.read("it")


def test_a_tape_that_was_mended_is_read_when_it_is_asked_for_again(hall: Hall) -> None:
    hall.put_on_tape("it")
    hall.control.damage(ref("it"))
    hall.ask("it")
    hall.clock.advance(11)
    with pytest.raises(ObjectCorruptError):
        hall.read("it")
    hall.control.damage(ref("it"))  # the same bit once more
    ticket = hall.ask("it")
    hall.clock.advance(11)
    assert hall.state(ticket) is READY
    assert hall.read("it") == b"it"


def test_a_damaged_object_is_set_aside_and_another_takes_its_place(hall: Hall) -> None:
    hall.put_on_tape("it")
    hall.control.damage(ref("it"))
    request = QuarantineRequest(ref=ref("it"), reason="object-corrupt")
    result = hall.connection.quarantine(request)
    assert Path(result.place).read_bytes() == bytes([ord("i") ^ 1]) + b"t"
    with pytest.raises(ObjectNotFoundError):
        hall.read("it")
    hall.put("it", b"it")
    assert hall.read("it") == b"it"


def test_a_tape_that_sticks_is_waited_for_until_it_can_be_mounted(hall: Hall) -> None:
    hall.put_on_tape("it")
    hall.control.stick(1)
    ticket = hall.ask("it")
    hall.clock.advance(DAY)
    assert hall.state(ticket) is WAITING
    with pytest.raises(NotReadyError, match="waits for a drive"):
        hall.read("it")
    hall.control.stick(1, sticks=False)
    hall.clock.advance(11)
    assert hall.state(ticket) is READY


def test_a_drive_that_breaks_leaves_its_work_to_the_others(hall: Hall) -> None:
    hall.put_on_tape("it")
    ticket = hall.ask("it")
    hall.clock.advance(5)
    hall.control.break_drive(1)
    hall.clock.advance(6)
    assert hall.state(ticket) is WAITING
    hall.clock.advance(5)
    assert hall.state(ticket) is READY
    with hall.again(drives=1) as single:
        single.control.chill(ref("it"))
        waiting = single.ask("it")
        single.clock.advance(DAY)
        assert single.state(waiting) is WAITING
        single.control.break_drive(1, broken=False)
        single.is_ready("it")
        single.clock.advance(11)
        assert single.state(waiting) is READY


# --- put and delete ------------------------------------------------------------------------------


def test_the_same_bytes_are_known_without_mounting_a_tape_and_others_conflict(hall: Hall) -> None:
    hall.put_on_tape("it")
    again = hall.put("it", b"it")
    assert (again.already_there, again.evidence) == (True, Evidence.PRESENT)
    for other in (b"xx", b"longer"):
        with pytest.raises(ObjectConflictError):
            hall.put("it", other)
    assert not hall.is_ready("it")


def test_who_deletes_what_is_waited_for_ends_the_wait(hall: Hall) -> None:
    hall.put_on_tape("a", "b")
    hall.control.stick(1)
    ticket = hall.ask("a", "b")
    assert hall.connection.delete(DeleteRequest(ref=ref("a"))).existed
    assert (hall.state(ticket), hall.status(ticket).ready) == (WAITING, 1)
    hall.connection.delete(DeleteRequest(ref=ref("b")))
    assert hall.state(ticket) is READY
    with pytest.raises(ObjectNotFoundError):
        hall.read("a")


def test_an_archive_of_deleted_objects_is_swept_and_one_that_is_needed_stays(hall: Hall) -> None:
    hall.put_on_tape("a", "b")
    hall.connection.delete(DeleteRequest(ref=ref("a")))
    swept = hall.connection.sweep(SweepRequest(older_than=0))
    assert (swept.removed, len(files(hall, "tapes"))) == (1, 1)
    hall.ask("b")
    hall.clock.advance(11)
    assert hall.read("b") == b"b"


def test_time_that_was_let_pass_counts_for_everybody_and_lasts(hall: Hall) -> None:
    hall.put_on_tape("it")
    ticket = hall.ask("it", available_for=HOUR)
    hall.control.let_pass(11)
    with hall.again() as later:
        told = later.status(ticket)
        assert told.state is READY
        assert told.expires_at is not None
        # Told in the caller's own time, in which those eleven seconds have not passed.
        assert timedelta(0) < told.expires_at - hall.clock.now() <= timedelta(hours=1)


def test_stat_tells_what_was_kept_of_what_is_on_tape(hall: Hall) -> None:
    stored = hall.put("it")
    hall.control.chill(ref("it"))
    told = hall.connection.stat(StatRequest(ref=ref("it")))
    assert (told.size, told.recorded, told.ready) == (10, stored.digest, False)


def test_bytes_that_are_on_no_tape_never_leave_the_disk(hall: Hall) -> None:
    hall.put("bad")
    hall.control.damage(ref("bad"))
    hall.control.chill(ref("bad"))
    place = hall.control.locate(ref("bad"))
    assert place is not None
    assert Path(place.path).read_bytes() == b"rome bytes"


def test_an_archive_that_is_not_what_was_written_is_not_relied_on(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coffre.drivers.cold import archives

    write = archives._write

    def write_badly(library: Library, file: IO[bytes], objects: Sequence[Held]) -> None:
        write(library, file, objects)
        file.seek(-10_000, os.SEEK_END)
        file.write(b"x" * 10_000)
        file.flush()

    hall.put("it")
    monkeypatch.setattr(archives, "_write", write_badly)
    hall.clock.advance(2 * DAY)
    assert hall.read("it") == b"some bytes"
    assert files(hall, "tapes") == []
    monkeypatch.undo()
    assert not hall.is_ready("it")


def test_the_right_bytes_do_not_hide_a_damaged_tape(hall: Hall) -> None:
    hall.put_on_tape("it")
    hall.control.damage(ref("it"))
    hall.ask("it")
    hall.clock.advance(11)
    with pytest.raises(ObjectConflictError):
        hall.put("it", b"it")


def test_what_was_deleted_leaves_the_queue(hall: Hall) -> None:
    hall.put_on_tape("it")
    hall.control.stick(1)
    hall.ask("it")
    hall.connection.delete(DeleteRequest(ref=ref("it")))
    assert hall.control._library.catalogue.all("SELECT * FROM recalls") == []


def test_a_file_that_is_being_written_is_not_swept(hall: Hall) -> None:
    descriptor, token = hall.control._library.new_file()
    swept = hall.connection.sweep(SweepRequest(older_than=0))
    assert (swept.removed, swept.kept) == (0, 1)
    os.close(descriptor)
    assert hall.connection.sweep(SweepRequest(older_than=0)).removed == 1
    assert token not in [one.name for one in files(hall, "cache")]


def test_there_is_one_robot(hall: Hall) -> None:
    with (
        hall.control._library.robot(),
        open(hall.root / "robot.lock") as lock,
        pytest.raises(BlockingIOError),
    ):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
