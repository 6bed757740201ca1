"""Delete: the record first, then the object, both durably."""

from __future__ import annotations

import os
from contextlib import suppress

from coffre.contract import DeleteRequest, DeleteResult
from coffre.drivers.filesystem.errors import translating
from coffre.drivers.filesystem.records import remove_sidecar
from coffre.drivers.filesystem.root import Root
from coffre.tree import place_of


def delete(root: Root, request: DeleteRequest) -> DeleteResult:
    """Remove one object; see ``Connection.delete``."""
    place = place_of(request.ref)
    with translating(request.ref):
        try:
            root.walk(place.folder)
            os.lstat(place.path, dir_fd=root.fd)
            remove_sidecar(root, place)
            os.unlink(place.path, dir_fd=root.fd)
        except FileNotFoundError:
            return _absent(root, request)
        root.flush_names(place.folder)
    return DeleteResult(existed=True)


def _absent(root: Root, request: DeleteRequest) -> DeleteResult:
    root.require(request.ref)
    # Its name may have been removed by somebody who was cut before it was flushed.
    with suppress(FileNotFoundError):
        root.flush_names(place_of(request.ref).folder)
    return DeleteResult(existed=False)
