"""Delete, quarantine and sweep: what leaves the library, and in which order."""

from __future__ import annotations

import fcntl
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress

from coffre.contract import (
    SYSTEM_CLOCK,
    DeleteRequest,
    DeleteResult,
    QuarantineRequest,
    QuarantineResult,
    SweepRequest,
    SweepResult,
    as_text,
)
from coffre.drivers.cold.errors import translating
from coffre.drivers.cold.held import Held, find, forget, held
from coffre.drivers.cold.library import CACHE, QUARANTINE, TAPES, Library
from coffre.drivers.cold.reading import open_cached, read_file
from coffre.streams import write_all
from coffre.tree import ASIDE_REASON, ASIDE_RECORD


def delete(library: Library, request: DeleteRequest) -> DeleteResult:
    """Remove one object: its row, then its file. On tape its place stays taken, as on any."""
    with translating(request.ref):
        found = find(library, request.ref)
        if found is None:
            return DeleteResult(existed=False)
        with library.catalogue.changing():
            existed = forget(library, found, library.now())
        library.discard(found.token)
    return DeleteResult(existed=existed)


def quarantine(library: Library, request: QuarantineRequest) -> QuarantineResult:
    """Set one object aside; see ``SupportsQuarantine``.

    The bytes, from disk or else from tape, are copied with the reason and the record first; the
    row goes last. Whoever is cut between the two leaves a copy too many, never an object less.
    """
    with translating(request.ref):
        found = held(library, request.ref)
        folder = library.path(QUARANTINE, uuid.uuid4().hex)
        os.mkdir(folder)
        reason = {
            "ref": str(request.ref),
            "reason": request.reason,
            "at": as_text(SYSTEM_CLOCK.now()),
            "size": found.size,
        }
        line = json.dumps(reason, ensure_ascii=False).encode() + b"\n"
        _keep(library, os.path.join(folder, ASIDE_REASON), iter([line]))
        _keep(library, os.path.join(folder, ASIDE_RECORD), iter([found.record]))
        place = os.path.join(folder, request.ref.identifier)
        size = _keep(library, place, _bytes_of(library, found))
        library.flush_folder(library.path(QUARANTINE))
        with library.catalogue.changing():
            forget(library, found, library.now())
        library.discard(found.token)
    return QuarantineResult(place=place, size=size)


def _keep(library: Library, path: str, pieces: Iterator[bytes]) -> int:
    descriptor = library.create(path)
    try:
        for data in pieces:
            write_all(descriptor, data)
        library.settle(descriptor, path)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _bytes_of(library: Library, found: Held) -> Iterator[bytes]:
    """The bytes as they are, good or bad; none when they are lost."""
    descriptor, position = open_cached(library, found), 0
    if descriptor is None and found.archive is not None:
        position = found.position or 0
        with suppress(FileNotFoundError):
            path = library.archive(found.tape or 0, found.archive)
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    if descriptor is not None:
        try:
            yield from read_file(descriptor, found.size, position)
        finally:
            os.close(descriptor)


# --- sweep ---------------------------------------------------------------------------------------


def sweep(library: Library, request: SweepRequest) -> SweepResult:
    """Remove files that no row names; see ``SupportsSweep``.

    Archives that hold no living object are removed, too; a tape stays as full as it was.
    """
    removed = kept = freed = 0
    with translating():
        with library.catalogue.changing():
            library.catalogue.do(
                "DELETE FROM archives WHERE size IS NOT NULL "
                "AND id NOT IN (SELECT archive FROM objects WHERE archive IS NOT NULL)"
            )
        for path, condition, name in _files(library):
            if library.catalogue.one(condition, name) is None:
                size = _sweep_one(library, path, condition, name, request.older_than)
                removed += size is not None
                kept += size is None
                freed += size or 0
    return SweepResult(removed=removed, kept=kept, freed=freed)


def _files(library: Library) -> Iterator[tuple[str, str, str]]:
    """Every file of an object or archive: its path, the query that finds its row, and by what."""
    for top, query in (
        (CACHE, "SELECT 1 FROM objects WHERE token = ?"),
        (TAPES, "SELECT 1 FROM archives WHERE id = ? AND size IS NOT NULL"),
    ):
        for folder in sorted(os.listdir(library.path(top))):
            for name in sorted(os.listdir(library.path(top, folder))):
                yield library.path(top, folder, name), query, name.removesuffix(".tar")


def _sweep_one(library: Library, path: str, query: str, name: str, older_than: float) -> int | None:
    """Remove one leftover; its length, or ``None`` when it is kept.

    A living writer holds a lock on its file, until its row is there. So under the lock the row
    is looked for once more: without one, the file belongs to nobody.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.fstat(descriptor)
        # The machine's own clock, as the file system's times are.
        young = time.time() - found.st_mtime < older_than
        if young or library.catalogue.one(query, name) is not None:
            return None
        os.unlink(path)
        return found.st_size
    except BlockingIOError:
        return None
    finally:
        os.close(descriptor)
