"""Quarantine: bad bytes are moved out of sight, with the reason, for a person to look at."""

from __future__ import annotations

import os
from contextlib import suppress

from coffre.contract import ObjectNotFoundError, QuarantineRequest, QuarantineResult
from coffre.drivers.filesystem.errors import translating
from coffre.drivers.filesystem.flushing import write_small
from coffre.drivers.filesystem.root import Root
from coffre.tree import ASIDE_REASON, ASIDE_RECORD, Place, aside_of, place_of, record_place


def quarantine(root: Root, request: QuarantineRequest) -> QuarantineResult:
    """Set one object aside; see ``SupportsQuarantine``.

    The reason is written first, so that bytes in quarantine always have one; whatever stands
    in the object's place is moved, be it a file or not.
    """
    ref = request.ref
    place = place_of(ref)
    with translating(ref):
        try:
            root.walk(place.folder)
            size = os.lstat(place.path, dir_fd=root.fd).st_size
        except FileNotFoundError:
            root.require(ref)
            raise ObjectNotFoundError(f"{ref} is not held here", ref=ref) from None
        aside, reason = aside_of(request, size)
        root.make_folder(aside.folder)
        write_small(root.fd, f"{aside.folder}/{ASIDE_REASON}", reason, flush=root.settings.flush)
        _move(root, place, aside)
    return QuarantineResult(place=os.path.join(root.settings.root, aside.path), size=size)


def _move(root: Root, place: Place, aside: Place) -> None:
    """Move the record, then the object: a record is only ever there with its object."""
    beside = record_place(place)
    with suppress(FileNotFoundError):
        _rename(root, beside.path, f"{aside.folder}/{ASIDE_RECORD}")
        root.flush_names(beside.folder)
    try:
        _rename(root, place.path, aside.path)
    except FileNotFoundError as error:  # deleted, or set aside by somebody else, just now
        raise ObjectNotFoundError("the object is gone already") from error
    root.flush_names(aside.folder)
    root.flush_names(place.folder)


def _rename(root: Root, source: str, destination: str) -> None:
    os.rename(source, destination, src_dir_fd=root.fd, dst_dir_fd=root.fd)
