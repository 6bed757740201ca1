"""Bulk delete: up to a thousand keys in one request, each with its own outcome.

What belonged to a deleted object beside its key (a record that was too long for a header) is left
to the next sweep: to look for it would cost a request for each. Where bytes are kept aside, and
where versions are kept, objects are deleted one by one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence

from coffre.contract import (
    BulkDeleteRequest,
    CoffreError,
    DeleteRequest,
    DeleteResult,
    ObjectRef,
    OfferError,
    OfferFailedError,
    OfferUnavailableError,
)
from coffre.drivers.s3.deleting import delete
from coffre.drivers.s3.documents import Node, deletion, parse_answer
from coffre.drivers.s3.errors import by_code
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import Layout, Retention
from coffre.drivers.s3.trials import completes_by_condition

MOST = 1000
"""Keys of one request. Source: AWS, DeleteObjects."""


def bulk_delete(
    service: Service, request: BulkDeleteRequest
) -> Sequence[DeleteResult | CoffreError]:
    """Delete several objects; see ``SupportsBulkDelete``."""
    deletes = list(request.deletes)
    if not _at_once(service):
        return [_one(service, one) for one in deletes]
    outcomes: list[DeleteResult | CoffreError] = []
    for start in range(0, len(deletes), MOST):
        outcomes += _page(service, [one.ref for one in deletes[start : start + MOST]])
    return outcomes


def _at_once(service: Service) -> bool:
    settings = service.settings
    return (
        settings.layout is Layout.PREFIX
        and settings.retention is Retention.NONE
        and completes_by_condition(service)
    )


def _one(service: Service, request: DeleteRequest) -> DeleteResult | CoffreError:
    try:
        return delete(service, request)
    except OfferUnavailableError:
        raise  # it will not answer for the others either
    except OfferError as error:
        return error


def _page(service: Service, refs: Sequence[ObjectRef]) -> list[DeleteResult | CoffreError]:
    keys = {service.naming.place(ref).key: ref for ref in refs}
    body = deletion(keys)
    md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    bucket = Place(service.naming.bucket, "")
    answer = service.ask(
        "POST", bucket, [("delete", "")], headers={"content-md5": md5}, body=body, doing="delete"
    )
    document = parse_answer(answer.body, "DeleteResult", "DeleteObjectsResponse")
    deleted = {one.text("Key") for one in document.all("Deleted")}
    failed = {one.text("Key"): one for one in document.all("Error")}
    return [_outcome(key, ref, deleted, failed) for key, ref in keys.items()]


def _outcome(
    key: str, ref: ObjectRef, deleted: set[str], failed: Mapping[str, Node]
) -> DeleteResult | CoffreError:
    if key in failed:
        return by_code(failed[key].text("Code"), "delete", ref)
    if key in deleted:
        return DeleteResult(existed=None)
    return OfferFailedError("the service says nothing of its deletion", ref=ref)
