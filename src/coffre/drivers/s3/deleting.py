"""Delete: looked at first, since S3 answers the same whether there was anything to delete."""

from __future__ import annotations

from coffre.contract import DeleteRequest, DeleteResult
from coffre.drivers.s3.held import let_go
from coffre.drivers.s3.locking import delete_locked
from coffre.drivers.s3.looking import Seen, check_missing, look
from coffre.drivers.s3.records import MissingBesideError
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import Retention


def delete(service: Service, request: DeleteRequest) -> DeleteResult:
    """Remove one object, then what belonged to it; see ``Connection.delete``."""
    try:
        seen = look(service, request.ref, "delete")
    except MissingBesideError:
        seen = None  # its bytes are gone, which must not keep anyone from deleting its name
        _delete(service, request)
        return DeleteResult(existed=True)
    if seen is None:
        return DeleteResult(existed=False)
    if service.settings.retention is not Retention.NONE:
        delete_locked(service, request.ref, seen)
    else:
        _delete(service, request)
    _forget(service, seen)
    return DeleteResult(existed=True)


def _delete(service: Service, request: DeleteRequest) -> None:
    place = service.naming.place(request.ref)
    answer = service.ask("DELETE", place, doing="delete", ref=request.ref, accept={404})
    if answer.status == 404:  # a proxy may say it, too, and then the object is still there
        check_missing(service, answer, place, "delete", request.ref)


def _forget(service: Service, seen: Seen) -> None:
    let_go(service, seen)
