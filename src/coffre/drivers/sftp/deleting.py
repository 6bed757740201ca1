"""Delete: the record first, then the object, both durably."""

from __future__ import annotations

from coffre.contract import DeleteRequest, DeleteResult
from coffre.drivers.sftp.errors import intruder, translating
from coffre.drivers.sftp.records import remove_record
from coffre.drivers.sftp.remote import is_folder
from coffre.drivers.sftp.root import Root
from coffre.tree import place_of


def delete(root: Root, request: DeleteRequest) -> DeleteResult:
    """Remove one object; see ``Connection.delete``."""
    place = place_of(request.ref)
    with translating(root.exchange, request.ref):
        found = root.look(place, request.ref)
        existed = False
        if found is not None:
            if is_folder(found) and found.mode is not None:
                raise intruder(request.ref)
            remove_record(root, place)
            with root.exchange.doubting():
                existed = bool(root.remote.remove(place.path).if_there())
        # Also of one that is gone: it may have been removed by somebody who was cut before this.
        root.flush_names(place.folder)
        root.exchange.flush_quietly()
    return DeleteResult(existed=existed)
