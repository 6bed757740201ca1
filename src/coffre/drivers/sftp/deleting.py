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
        if found is not None and is_folder(found) and found.mode is not None:
            raise intruder(request.ref)
        existed = False
        # The record goes first, and is missed by whoever reads: there is doubt from then on.
        with root.exchange.doubting():
            if found is not None:
                remove_record(root, place)
                existed = bool(root.remote.remove(place.path).if_there())
            # Also of one that is gone: somebody may have been cut just before this.
            root.flush_names(place.folder)
        root.exchange.flush_quietly()
    return DeleteResult(existed=existed)
