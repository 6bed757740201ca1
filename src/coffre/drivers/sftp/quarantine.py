"""Quarantine: bad bytes are moved out of sight, with the reason, for a person to look at."""

from __future__ import annotations

from coffre.contract import QuarantineRequest, QuarantineResult
from coffre.drivers.sftp.errors import translating
from coffre.drivers.sftp.making import write_small
from coffre.drivers.sftp.reading import absent
from coffre.drivers.sftp.root import Root
from coffre.tree import ASIDE_REASON, ASIDE_RECORD, Place, aside_of, place_of, record_place


def quarantine(root: Root, request: QuarantineRequest) -> QuarantineResult:
    """Set one object aside; see ``SupportsQuarantine``.

    The reason is written first, so that bytes in quarantine always have one; whatever stands
    in the object's place is moved, be it a file or not.
    """
    ref = request.ref
    place = place_of(ref)
    with translating(root.exchange, ref):
        found = root.look(place, ref)
        if found is None:
            raise absent(ref)
        aside, reason = aside_of(request, found.size or 0)
        root.make_folder(aside.folder)
        write_small(root.remote, f"{aside.folder}/{ASIDE_REASON}", reason, flush=root.flushes)
        if not _move(root, place, aside):
            raise absent(ref)  # deleted, or set aside by somebody else, just now
    where = root.settings.path.rstrip("/")
    return QuarantineResult(place=f"{where}/{aside.path}", size=found.size or 0)


def _move(root: Root, place: Place, aside: Place) -> bool:
    """Move the record, then the object: a record is only ever there with its object."""
    beside = record_place(place)
    with root.exchange.doubting():
        if root.remote.rename(beside.path, f"{aside.folder}/{ASIDE_RECORD}").if_there():
            root.flush_names(beside.folder)
        moved = root.remote.rename(place.path, aside.path).if_there()
        root.flush_names(aside.folder)
        root.flush_names(place.folder)
    root.exchange.flush_quietly()
    return bool(moved)
