"""Sweep: what writers that died have left, none of which anybody can see.

Three kinds of leftovers: uploads that were never completed, records and bytes that no object names.
What this process is working on is never touched. What other processes work on is told by its
age alone, counted from the last part that arrived: ``older_than`` must be longer than any of them
rests.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from coffre.contract import ContainersRequest, ObjectRef, SweepRequest, SweepResult
from coffre.drivers.s3 import live
from coffre.drivers.s3.documents import Node, parse_answer
from coffre.drivers.s3.listing import check_onward, containers, keys
from coffre.drivers.s3.looking import look
from coffre.drivers.s3.naming import BucketNaming, Place, is_name
from coffre.drivers.s3.records import LARGE, RECORDS, MissingBesideError, owner, parsed_moment
from coffre.drivers.s3.service import Service


class _Tally:
    def __init__(self) -> None:
        self.removed = self.kept = self.freed = 0

    def remove(self, size: int) -> None:
        self.removed += 1
        self.freed += size


def sweep(service: Service, request: SweepRequest) -> SweepResult:
    """Remove leftovers; see ``SupportsSweep``."""
    tally = _Tally()
    _sweep_uploads(service, request, tally)
    for kind in (LARGE, RECORDS):
        _sweep_folder(service, request, kind, tally)
    return SweepResult(removed=tally.removed, kept=tally.kept, freed=tally.freed)


def _is_young(service: Service, moment: datetime | None, request: SweepRequest) -> bool:
    """Whether something is too young to be a leftover; what has no age is young."""
    if moment is None:
        return True
    return (service.clock.now() - moment).total_seconds() < request.older_than


# --- uploads -------------------------------------------------------------------------------------


def _sweep_uploads(service: Service, request: SweepRequest, tally: _Tally) -> None:
    for bucket in _buckets(service):
        for upload in _uploads(service, bucket):
            name = upload.text("UploadId")
            place = Place(bucket, upload.text("Key"))
            if not _is_ours(service, place):
                continue  # somebody else works in the same bucket
            if live.is_live(name):
                tally.kept += 1
                continue
            size, touched = _parts_of(service, place, name)
            began = parsed_moment(upload.text("Initiated"))
            latest = max((one for one in (began, touched) if one), default=None)
            if _is_young(service, latest, request):
                tally.kept += 1
                continue
            service.ask("DELETE", place, [("uploadId", name)], doing="sweep", accept={404})
            tally.remove(size)


def _is_ours(service: Service, place: Place) -> bool:
    """Whether a key can be an object's, or something of the driver's own."""
    own = service.naming.own("")
    if place.bucket == own.bucket and place.key.startswith(own.key):
        return True
    if isinstance(service.naming, BucketNaming):
        return place.bucket != own.bucket and is_name(place.key)
    try:
        ObjectRef.parse(place.key.removeprefix(service.naming.prefix))
    except ValueError:
        return False
    return True


def _buckets(service: Service) -> Iterator[str]:
    yield service.naming.bucket
    if isinstance(service.naming, BucketNaming):
        for one in containers(service, ContainersRequest()):
            yield service.naming.folder(one.tenant, one.container).bucket


def _uploads(service: Service, bucket: str) -> Iterator[Node]:
    marks: list[tuple[str, str]] = []
    mark = ""
    while True:
        query = [("uploads", ""), ("prefix", service.naming.prefix), *marks]
        answer = service.ask("GET", Place(bucket, ""), query, doing="sweep", accept={501})
        if answer.status == 501:
            return  # a service that does not tell has none that could be found
        page = parse_answer(answer.body, "ListMultipartUploadsResult")
        yield from list(page.all("Upload"))
        if page.text("IsTruncated") != "true":
            return
        key, name = page.text("NextKeyMarker"), page.text("NextUploadIdMarker")
        check_onward(mark, key + name)
        mark, marks = key + name, [("key-marker", key), ("upload-id-marker", name)]


def _parts_of(service: Service, place: Place, upload: str) -> tuple[int, datetime | None]:
    """Bytes of the parts of an upload (of its last thousand), and when the last one came."""
    query = [("uploadId", upload)]
    answer = service.ask("GET", place, query, doing="sweep", accept={404})
    if answer.status == 404:
        return 0, None
    parts = list(parse_answer(answer.body, "ListPartsResult").all("Part"))
    moments = [parsed_moment(part.text("LastModified")) for part in parts]
    size = sum(int(part.text("Size", "0")) for part in parts)
    return size, max((one for one in moments if one), default=None)


# --- what no object names ------------------------------------------------------------------------


def _sweep_folder(service: Service, request: SweepRequest, kind: str, tally: _Tally) -> None:
    folder = service.naming.own(f"{kind}/")
    for found in keys(service, folder):
        belongs = owner(found.key[len(folder.key) :])
        if belongs is None:
            continue  # not of our making
        ref, token = belongs
        # Before the look: what ends its work in between is named by then, and seen to be.
        in_use = live.is_live(token)
        if not in_use and _is_named(service, ref, kind, token):
            continue
        if in_use or _is_young(service, found.stored_at, request):
            tally.kept += 1
            continue
        service.ask("DELETE", Place(folder.bucket, found.key), doing="sweep", accept={404})
        tally.remove(found.size)


def _is_named(service: Service, ref: ObjectRef, kind: str, token: str) -> bool:
    try:
        seen = look(service, ref, "sweep")
    except MissingBesideError:
        return True  # something is wrong with the object: leave all that belongs to it
    if seen is None:
        return False
    return token == (seen.kept.aside if kind == LARGE else seen.kept.beside)
