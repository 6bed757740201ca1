"""Delete and quarantine: an object is removed, or moved out of sight with the reason."""

from __future__ import annotations

from contextlib import suppress

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
from coffre.tree import ASIDE_REASON, ASIDE_RECORD, Place, aside_of, place_of, record_place


def delete(root: Root, request: DeleteRequest) -> DeleteResult:
    """Remove one object: its record first, so that no record is ever without its object."""
    place = place_of(request.ref)
    with translating(request.ref):
        try:
            root.size(place.path)
            with suppress(FileNotFoundError):
                root.remove(record_place(place).path)
            root.remove(place.path)
        except FileNotFoundError:
            root.require(request.ref)
            return DeleteResult(existed=False)
    return DeleteResult(existed=True)


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
        with suppress(FileNotFoundError):
            root.rename(record_place(place).path, f"{aside.folder}/{ASIDE_RECORD}")
        root.rename(place.path, aside.path)
    return QuarantineResult(place=root.at(aside.path), size=max(size, 0))
