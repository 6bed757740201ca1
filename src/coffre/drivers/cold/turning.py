"""Time passes when somebody looks: what has fallen due since is done before anything is answered.

Nothing runs in the background. Each operation first brings the library up to its moment: drives
have read, objects were packed and have left the disk, access requests became ready, ended, and
were forgotten. One process does so at a time (``robot.lock``), in steps that each leave a library
in good order, so that it can be killed between any two of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from coffre.drivers.cold.archives import MOST_MEMBERS, pack, recall
from coffre.drivers.cold.held import Held, select
from coffre.drivers.cold.library import Library
from coffre.drivers.cold.plan import Drive, Plan, Recall

_BATCH = 256
"""Objects looked at together."""
_PINNED = (
    "SELECT 1 FROM wanted JOIN requests ON requests.id = wanted.request "
    "WHERE wanted.object = objects.id AND (ready IS NULL OR ready + available_for > ?)"
)
_TO_EVICT = (
    "token IS NOT NULL AND archive IS NOT NULL AND damage IS NULL AND arrived <= ? "
    f"AND NOT EXISTS ({_PINNED})"
)
_TO_PACK = "token IS NOT NULL AND archive IS NULL AND damage IS NULL AND arrived <= ?"
_HAS_COME = (
    "objects.id IN (SELECT object FROM recalls WHERE done <= ?) "
    "AND token IS NULL AND damage IS NULL"
)
_SETTLED = (
    "ready IS NULL AND NOT EXISTS (SELECT 1 FROM wanted JOIN objects ON objects.id = wanted.object "
    "WHERE wanted.request = requests.id AND token IS NULL AND damage IS NULL)"
)
_DUE = "SELECT " + " OR ".join(  # noqa: S608 - conditions of this module alone
    f"EXISTS (SELECT 1 FROM {one})"  # noqa: S608 - conditions of this module alone
    for one in (
        f"objects WHERE {_TO_PACK}",
        f"objects WHERE {_TO_EVICT}",
        "recalls WHERE done IS NULL",
        f"objects WHERE {_HAS_COME}",
        f"requests WHERE {_SETTLED}",
        "requests WHERE ready + available_for <= ?",
    )
)
_SETTLE = " ".join(
    (
        "UPDATE requests SET ready = max(asked, coalesce((SELECT max(done) FROM recalls",
        "JOIN wanted ON wanted.object = recalls.object",
        "WHERE wanted.request = requests.id AND done <= ?), asked)) WHERE",
        _SETTLED,
    )
)


def advance(library: Library) -> None:
    """Do whatever has fallen due.

    Bytes that cannot be moved now (a full disk) stay where they are, and are tried again by
    whoever comes next: it is not the fault of the operation that found them.

    Raises:
        sqlite3.Error: the catalogue cannot be used.
    """
    now = library.now()
    if not _something_is_due(library, now):
        return
    with library.robot():
        _let_drives_work(library, now)
        with suppress(OSError):
            for one in _each(library, _HAS_COME, now):
                recall(library, one)
        _settle_requests(library, now)
        with suppress(OSError):
            _pack_what_is_due(library, now)
        _evict_what_is_due(library, now)


def _something_is_due(library: Library, now: float) -> bool:
    settings = library.settings
    row = library.catalogue.one(
        _DUE,
        now - settings.pack_after,
        now - settings.cache_for,
        now,
        now,
        now - settings.purge_after,
    )
    return bool(row and row[0])


# --- drives --------------------------------------------------------------------------------------


def _let_drives_work(library: Library, now: float) -> None:
    """Plan the turns that began up to now, in one transaction."""
    catalogue = library.catalogue
    with catalogue.changing():
        recalls = [
            Recall(*row)
            for row in catalogue.all(
                "SELECT seq, tape, objects.size, asked, attempt FROM recalls "
                "JOIN objects ON objects.id = recalls.object "
                "JOIN archives ON archives.id = objects.archive WHERE done IS NULL ORDER BY seq"
            )
        ]
        if not recalls:
            return
        drives = _drives(library)
        sticking = frozenset(n for (n,) in catalogue.all("SELECT number FROM tapes WHERE sticks"))
        row = catalogue.one("SELECT planned FROM clock")
        Plan(library.settings, drives, sticking, row[0] if row else now).run(recalls, now)
        catalogue.do("UPDATE clock SET planned = ?", now)
        _write_plan(library, drives, recalls)


def _drives(library: Library) -> list[Drive]:
    """The drives that work; the tape of one that does not is back on its shelf."""
    known = {row[0]: row for row in library.catalogue.all("SELECT * FROM drives")}
    drives = [
        Drive(number, *known.get(number, (0, None, 0.0, 0))[1:])
        for number in library.settings.working_drives
    ]
    return [drive for drive in drives if not drive.broken]


def _write_plan(library: Library, drives: Sequence[Drive], recalls: Sequence[Recall]) -> None:
    for drive in drives:
        library.catalogue.do(
            "INSERT INTO drives (number, tape, free) VALUES (?, ?, ?) ON CONFLICT (number) "
            "DO UPDATE SET tape = excluded.tape, free = excluded.free",
            drive.number,
            drive.tape,
            drive.free,
        )
    for one in recalls:
        if one.done is not None or one.attempt:
            library.catalogue.do(
                "UPDATE recalls SET asked = ?, attempt = ?, drive = ?, done = ? WHERE seq = ?",
                one.asked,
                one.attempt,
                one.drive,
                one.done,
                one.seq,
            )


# --- requests ------------------------------------------------------------------------------------


def _settle_requests(library: Library, now: float) -> None:
    """Requests that wait for nothing more are ready since the last of their objects came."""
    catalogue = library.catalogue
    with catalogue.changing():
        catalogue.do(_SETTLE, now)
        over = now - library.settings.purge_after
        catalogue.do("DELETE FROM requests WHERE ready + available_for <= ?", over)
        catalogue.do("DELETE FROM wanted WHERE request NOT IN (SELECT id FROM requests)")


# --- disk and tape -------------------------------------------------------------------------------


def _pack_what_is_due(library: Library, now: float) -> None:
    """Pack old objects in the order in which they came, archive after archive."""
    batch: list[Held] = []
    size = 0
    for one in _each(library, _TO_PACK, now - library.settings.pack_after):
        if batch and (
            size + one.size > library.settings.archive_size or len(batch) == MOST_MEMBERS
        ):
            pack(library, batch)
            batch, size = [], 0
        batch.append(one)
        size += one.size
    pack(library, batch)


def _evict_what_is_due(library: Library, now: float) -> None:
    """Have objects leave the disk that are on tape, are old, and wanted by nobody."""
    kept_until = now - library.settings.cache_for
    while found := select(library, f"WHERE {_TO_EVICT} LIMIT {_BATCH}", kept_until, now):
        evict(library, found)


def evict(library: Library, objects: Sequence[Held]) -> None:
    """Have objects leave the disk; a file is removed once no row names it.

    The time of their arrival is forgotten: from now on only requests keep them on disk.

    Args:
        library: whose robot the caller is.
        objects: those that are in no archive stay where they are.
    """
    with library.catalogue.changing():
        gone = [one for one in objects if _let_go(library, one)]
    for one in gone:
        library.discard(one.token)


def _let_go(library: Library, one: Held) -> bool:
    """Have a row not name its file any more; false, and nothing changed, without a tape."""
    catalogue = library.catalogue
    statement = "UPDATE objects SET token = NULL, arrived = 0 WHERE id = ? AND archive IS NOT NULL"
    if not catalogue.do(statement, one.id):
        return False
    catalogue.do("DELETE FROM recalls WHERE object = ?", one.id)
    return True


def _each(library: Library, condition: str, *values: object) -> Iterator[Held]:
    """The objects that meet a condition, in the order of their arrival, some at a time."""
    last = 0
    while found := select(
        library,
        f"WHERE {condition} AND objects.id > ? ORDER BY objects.id LIMIT {_BATCH}",
        *values,
        last,
    ):
        yield from found
        last = found[-1].id
