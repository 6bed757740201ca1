"""Delete and quarantine: an object is removed, or moved out of sight with the reason."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from coffre.contract import (
    DeleteRequest,
    DeleteResult,
    ObjectNotFoundError,
    QuarantineRequest,
    QuarantineResult,
)
from coffre.drivers.fsspec.errors import translating
from coffre.drivers.fsspec.root import Root
from coffre.drivers.fsspec.writing import write_small
from coffre.tree import (
    ASIDE_REASON,
    ASIDE_RECORD,
    PARTS,
    Place,
    aside_of,
    part_path,
    place_of,
    record_place,
)


def delete(root: Root, request: DeleteRequest) -> DeleteResult:
    """Remove one object: its record first, so that no record is ever without its object.

    The record is moved away, and back where the object cannot be removed after all.
    """
    place = place_of(request.ref)
    with translating(request.ref):
        try:
            root.size(place.path)
            root.make_folder(PARTS)
            part = part_path(uuid.uuid4().hex)
            with _without_record(root, place, part):
                root.remove(place.path)
            with suppress(Exception):  # it is nobody's record now, and seen by nobody
                root.remove(part)
        except FileNotFoundError:
            root.require(request.ref)
            return DeleteResult(existed=False)
    return DeleteResult(existed=True)


@contextmanager
def _without_record(root: Root, place: Place, away: str) -> Iterator[None]:
    """Move the record of an object away, and back if what is done inside fails."""
    with suppress(FileNotFoundError):
        root.rename(record_place(place).path, away)
    try:
        yield
    except FileNotFoundError:
        raise  # the object is gone, by another's hand
    except BaseException:
        with suppress(Exception):
            root.rename(away, record_place(place).path)
        raise


def quarantine(root: Root, request: QuarantineRequest) -> QuarantineResult:
    """Set one object aside; see ``SupportsQuarantine``."""
    ref = request.ref
    place = place_of(ref)
    with translating(ref):
        try:
            size = root.size(place.path)
        except FileNotFoundError:
            root.require(ref)
            raise ObjectNotFoundError(f"{ref} is not held here", ref=ref) from None
        aside, reason = aside_of(request, max(size, 0))
        write_small(root, Place(aside.folder, ASIDE_REASON), reason)
        with _without_record(root, place, f"{aside.folder}/{ASIDE_RECORD}"):
            root.rename(place.path, aside.path)
    return QuarantineResult(place=root.at(aside.path), size=max(size, 0))
