"""Archives: objects packed together as ``tar`` files, and read back one by one.

An archive explains itself: each member is named ``tenant/container/identifier`` and carries its
record, so that a tape can be read without this software, and without its catalogue.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from coffre.drivers.cold.held import Held
from coffre.drivers.cold.library import Library, tape_name
from coffre.drivers.cold.reading import digest_file, open_cached, read_file
from coffre.streams import write_all

RECORD = "COFFRE.record"
"""Name of the header that carries an object's record."""
MOST_MEMBERS = 10_000
"""Objects in one archive at most: what is known of each is in memory while it is written."""


def pack(library: Library, objects: Sequence[Held]) -> None:
    """Write objects to a new archive on tape, verify it, and have the catalogue know it.

    Every byte is read back from the archive and held against the expected digest before the
    catalogue names it. An object whose bytes on disk are bad is marked, and not packed.

    Args:
        library: whose robot the caller is.
        objects: on disk, and in no archive.

    Raises:
        OSError: no archive was made; everything is where it was.
    """
    good = [one for one in objects if _is_good(library, one)]
    if not good:
        return
    tape, number = _begin_archive(library, sum(one.size for one in good))
    path = library.archive(tape, number)
    descriptor = library.create(path)
    try:
        with open(descriptor, "w+b", closefd=False) as file:
            _write(library, file, good)
        library.settle(descriptor, path)
        positions = _verify(descriptor, good)
        _register(library, tape, number, os.fstat(descriptor).st_size, positions)
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise
    finally:
        os.close(descriptor)


def _is_good(library: Library, one: Held) -> bool:
    """Whether the bytes on disk are the expected ones; marks the object when they are not."""
    descriptor = open_cached(library, one)
    if descriptor is None:
        return False  # deleted just now
    try:
        longer = os.fstat(descriptor).st_size != one.size
        good = not longer and digest_file(descriptor, one.size, one.digest.algorithm).matches(
            one.digest
        )
    finally:
        os.close(descriptor)
    if not good:
        mark(library, one, "its bytes on disk are not those that were stored")
    return good


def mark(library: Library, one: Held, damage: str) -> None:
    """Note what is wrong with an object; from now on no byte of it is given."""
    with library.catalogue.changing():
        library.catalogue.do("UPDATE objects SET damage = ? WHERE id = ?", damage, one.id)


def _begin_archive(library: Library, size: int) -> tuple[int, int]:
    """The tape and the number of a new archive; a number is never given twice."""
    catalogue = library.catalogue
    with catalogue.changing():
        row = catalogue.one("SELECT number, used FROM tapes ORDER BY number DESC LIMIT 1")
        if row is None or (row[1] and row[1] + size > library.settings.tape_size):
            tape = catalogue.insert("INSERT INTO tapes DEFAULT VALUES")
        else:
            tape = int(row[0])
        number = catalogue.insert("INSERT INTO archives (tape) VALUES (?)", tape)
    return tape, number


def _write(library: Library, file: IO[bytes], objects: Sequence[Held]) -> None:
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for one in objects:
            member = tarfile.TarInfo(str(one.ref))
            member.size = one.size
            member.mode = 0o444
            member.pax_headers = {RECORD: one.record.decode()}
            source = open_cached(library, one)
            if source is None:
                raise FileNotFoundError(f"{one.ref} was deleted while it was packed")
            with open(source, "rb") as content:
                tar.addfile(member, content)
    file.flush()


def _verify(descriptor: int, objects: Sequence[Held]) -> dict[int, int]:
    """Read the archive back; where each object begins in it.

    Raises:
        OSError: it does not hold what was written to it.
    """
    try:
        positions = _read_back(descriptor, objects)
    except (tarfile.TarError, KeyError) as error:
        raise OSError(f"an archive that was just written cannot be read: {error}") from error
    if len(positions) != len(objects):
        raise OSError("an archive does not hold what was just written to it")
    return positions


def _read_back(descriptor: int, objects: Sequence[Held]) -> dict[int, int]:
    """Where each object begins whose bytes are right."""
    expected = {str(one.ref): one for one in objects}
    positions = {}
    os.lseek(descriptor, 0, os.SEEK_SET)
    with (
        open(descriptor, "rb", closefd=False) as file,
        tarfile.open(fileobj=file, mode="r:") as tar,
    ):
        for member in tar:
            one = expected[member.name]
            found = digest_file(descriptor, one.size, one.digest.algorithm, member.offset_data)
            if member.size == one.size and found.matches(one.digest):
                positions[one.id] = member.offset_data
    return positions


def _register(
    library: Library, tape: int, number: int, size: int, positions: dict[int, int]
) -> None:
    """From here on the objects are on tape; who deleted one meanwhile has deleted it."""
    catalogue = library.catalogue
    with catalogue.changing():
        catalogue.do("UPDATE archives SET size = ? WHERE id = ?", size, number)
        catalogue.do("UPDATE tapes SET used = used + ? WHERE number = ?", size, tape)
        for id, position in positions.items():
            catalogue.do(
                "UPDATE objects SET archive = ?, position = ? WHERE id = ?", number, position, id
            )


def recall(library: Library, one: Held) -> None:
    """Copy an object from its tape to the disk, verified; or mark what is wrong with it.

    Raises:
        OSError: the disk has no room, or fails; the object is where it was.
    """
    descriptor, token = library.new_file()
    named = False
    try:
        damage = _copy(library, one, descriptor)
        if damage is not None:
            mark(library, one, damage)
            return
        library.settle(descriptor, library.cached(token))
        with library.catalogue.changing():
            named = (
                library.catalogue.do(
                    "UPDATE objects SET token = ?, damage = NULL WHERE id = ? AND token IS NULL",
                    token,
                    one.id,
                )
                > 0
            )
    finally:
        if not named:
            library.discard(token)
        os.close(descriptor)


def _copy(library: Library, one: Held, target: int) -> str | None:
    """Copy one object's bytes; what is wrong with them, or ``None``."""
    tape = one.tape or 0
    try:
        source = os.open(library.archive(tape, one.archive or 0), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return f"tape {tape_name(tape)} has lost its archive {one.archive}"
    try:
        hasher = one.digest.algorithm.new()
        for data in read_file(source, one.size, one.position or 0):
            hasher.update(data)
            write_all(target, data)
    finally:
        os.close(source)
    if hasher.digest() != one.digest.value:
        return f"tape {tape_name(tape)} is damaged: what was read is not what was stored"
    return None
