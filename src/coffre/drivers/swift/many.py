"""Many deletions in one request, where the cluster takes them so; each has an outcome of its own.

Each object is asked about before, since what a large one has stored beside it is to go as well:
one question for each object, one deletion for all of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import unquote

from coffre.contract import (
    BulkDeleteRequest,
    CoffreError,
    DeleteRequest,
    DeleteResult,
    OfferError,
    OfferUnavailableError,
)
from coffre.drivers.swift import records
from coffre.drivers.swift.answers import error_of
from coffre.drivers.swift.deleting import delete, look
from coffre.drivers.swift.place import Place
from coffre.drivers.swift.segments import let_go
from coffre.http import HttpAnswer

MOST = 200
"""Deletions of one request: more would be silent for longer than a caller may want to wait."""
_CONFLICT = 409


def bulk_delete(place: Place, request: BulkDeleteRequest) -> Sequence[DeleteResult | CoffreError]:
    """Delete several objects; see ``SupportsBulkDelete``."""
    step = min(place.service.limits.bulk_deletes, MOST)
    deletes = list(request.deletes)
    if step < 2:
        return [_one(place, each) for each in deletes]
    outcomes: list[DeleteResult | CoffreError] = []
    for start in range(0, len(deletes), step):
        part = deletes[start : start + step]
        try:
            outcomes += _together(place, part)
        except OfferError as error:
            if not start:
                raise
            # Those before are gone for certain: theirs is an outcome, and this is another one.
            outcomes += [error] * len(part)
    return outcomes


def _one(place: Place, request: DeleteRequest) -> DeleteResult | CoffreError:
    try:
        return delete(place, request)
    except OfferError as error:
        return error


def _together(place: Place, deletes: Sequence[DeleteRequest]) -> list[DeleteResult | CoffreError]:
    held = [look(place, each.ref) for each in deletes]
    paths = [place.names.spot(each.ref).path for each in deletes]
    there = [path for path, before in zip(paths, held, strict=True) if before.done]
    failed = _said(place, there) if there else {}
    return [
        _outcome(place, each, before, failed.get(unquote(path)))
        for each, path, before in zip(deletes, paths, held, strict=True)
    ]


def _outcome(
    place: Place, request: DeleteRequest, before: HttpAnswer, failure: int | None
) -> DeleteResult | CoffreError:
    if failure == _CONFLICT:  # a writer was there at the same moment: said again, alone
        return _one(place, request)
    if failure is not None:
        return error_of(HttpAnswer(failure, before.headers, b""), request.ref)
    put = records.put_in(before.headers) if before.done else None
    if put is not None and records.lies_beside(before.headers):
        let_go(place.service, place.names, request.ref, put, replaced=False)
    return DeleteResult(existed=before.done)


def _said(place: Place, paths: Sequence[str]) -> dict[str, int]:
    """Delete objects, and give the status of each that could not be.

    Raises:
        OfferUnavailableError: it is not known what was done.
    """
    headers = {"Content-Type": "text/plain", "Accept": "application/json"}
    answer = place.service.done("POST", "?bulk-delete", headers, "\n".join(paths).encode())
    try:  # says 200 before it begins: what became of it stands in the body
        told = json.loads(answer.body)
        failed = {unquote(str(path)): int(str(status)[:3]) for path, status in told["Errors"]}
        settled = int(told["Number Deleted"]) + int(told["Number Not Found"]) + len(failed)
    except (ValueError, KeyError, TypeError):
        settled, failed = -1, {}
    if settled != len(paths) or not failed.keys() <= set(map(unquote, paths)):
        raise OfferUnavailableError(
            "the service did not say what became of each object", effect_unknown=True
        )
    return failed
