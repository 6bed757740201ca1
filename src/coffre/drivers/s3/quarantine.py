"""Quarantine: bad bytes are copied inside the service, then the bad object is taken away.

S3 renames nothing. The copy is whole, and its length was asked for, before the object is touched;
the one step that others see is the deletion. Interrupted between both, nothing is lost: the object
is still there, and a copy of it as well. S3 deletes by name alone, so the object is looked at once
more just before: whoever replaces it in the instant after that loses what was replaced by.

What was set aside lies below ``<prefix>.coffre/quarantine/``, with its metadata, the reason and the
record, where that is an object of its own. Of an object whose bytes aside are gone, there is only
the small object that names them to set aside. No sweep looks there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from coffre.contract import (
    DeleteRequest,
    ObjectNotFoundError,
    OfferFailedError,
    OfferUnavailableError,
    QuarantineRequest,
    QuarantineResult,
)
from coffre.drivers.s3.deleting import delete
from coffre.drivers.s3.documents import parse_answer
from coffre.drivers.s3.locking import refuse_retained
from coffre.drivers.s3.looking import LOOKS, Seen, length_of, require
from coffre.drivers.s3.multipart import Upload
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.records import (
    LARGE,
    RECORDS,
    Kept,
    MissingBesideError,
    beside,
    folder_of,
    moment_of,
    new_token,
)
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import Retention
from coffre.drivers.s3.signing import escaped_path

MOST_COPIED = 5 * 1024**3
"""Bytes that one request copies, at most. Source: AWS, "CopyObject"."""
PART = 1024**3
"""Bytes of a part of what is longer."""
QUARANTINE = "quarantine"
"""Folder of the driver's own for what is set aside."""
RECORD_SUFFIX = ".record"
"""What the key of a record has more than that of the bytes it belongs to."""

_REASON = "x-amz-meta-coffre-reason"
_META = "x-amz-meta-"
_SAME = ("etag", "last-modified", "x-amz-version-id")


def quarantine(service: Service, request: QuarantineRequest) -> QuarantineResult:
    """Set one object aside; see ``SupportsQuarantine``."""
    for _ in range(LOOKS):
        try:
            seen = require(service, request.ref, "quarantine")
        except MissingBesideError:
            seen = _name_alone(service, request)
        if service.settings.retention is not Retention.NONE:
            refuse_retained(service, request.ref, seen)
        aside = service.naming.own(folder_of(QUARANTINE, request.ref) + new_token())
        _copy(service, seen, aside, request)
        if _is_still_there(service, request, seen):
            delete(service, DeleteRequest(ref=request.ref))
            return QuarantineResult(place=str(aside), size=seen.size)
    raise OfferUnavailableError("other writers replace it all the time", ref=request.ref)


def _name_alone(service: Service, request: QuarantineRequest) -> Seen:
    """An object of which only the name is left, seen as what it is: small, and not aside.

    Raises:
        ObjectNotFoundError: the name is gone as well.
    """
    place = service.naming.place(request.ref)
    answer = service.ask("HEAD", place, doing="quarantine", ref=request.ref)
    kept = replace(Kept.of(request.ref, answer.headers), aside="")
    size = length_of(answer.headers, request.ref)
    return Seen(place, size, moment_of(answer.headers), kept, answer.headers, answer.headers)


def _is_still_there(service: Service, request: QuarantineRequest, then: Seen) -> bool:
    """Whether the reference still holds what was seen, and copied."""
    answer = service.ask("HEAD", then.place, doing="quarantine", ref=request.ref)
    return all(answer.headers.get(name) == then.headers.get(name) for name in _SAME)


def _copy(service: Service, seen: Seen, aside: Place, request: QuarantineRequest) -> None:
    """Copy the bytes, wherever they are kept, with what is known of them.

    Raises:
        OfferFailedError: the service copied less than all of it; nothing was taken away.
    """
    ref = request.ref
    source = beside(service, LARGE, ref, seen.kept.aside) if seen.kept.aside else seen.place
    kept = {name: value for name, value in seen.headers.items() if name.startswith(_META)}
    headers = {**kept, _REASON: quote(request.reason, safe=" :,;=/()'")[:256].rstrip()}
    if seen.size > MOST_COPIED:
        _copy_in_parts(service, source, seen.size, aside, headers, request)
    else:
        asked = {**headers, **_from(source), "x-amz-metadata-directive": "REPLACE"}
        answer = service.ask("PUT", aside, headers=asked, body=b"", doing="quarantine", ref=ref)
        # A service begins its answer before it knows: a success may turn out to be none.
        parse_answer(answer.body, "CopyObjectResult")
    if seen.kept.beside:
        _copy_record(service, seen, aside)
    there = service.ask("HEAD", aside, doing="quarantine", ref=ref)
    if length_of(there.headers, ref) != seen.size:
        raise OfferFailedError(
            "the service did not copy all of it into quarantine; nothing was taken away", ref=ref
        )


def _copy_record(service: Service, seen: Seen, aside: Place) -> None:
    """Keep the record that is an object of its own: the deletion takes it away."""
    ref = seen.kept.ref
    source = beside(service, RECORDS, ref, seen.kept.beside)
    try:
        record = service.ask("GET", source, doing="quarantine", ref=ref).body
    except ObjectNotFoundError:
        return  # it was lost before
    place = Place(aside.bucket, aside.key + RECORD_SUFFIX)
    service.ask("PUT", place, body=record, doing="quarantine", ref=ref)


def _from(source: Place) -> dict[str, str]:
    return {"x-amz-copy-source": f"/{source.bucket}/{escaped_path(source.key)}"}


def _copy_in_parts(
    service: Service,
    source: Place,
    size: int,
    aside: Place,
    headers: dict[str, str],
    request: QuarantineRequest,
) -> None:
    etags = []
    with Upload(service, aside, headers, request.ref) as upload:
        for number, span in enumerate(_spans(size), start=1):
            answer = service.ask(
                "PUT", aside, [("partNumber", str(number)), ("uploadId", upload.id)],
                headers={**_from(source), "x-amz-copy-source-range": span},
                body=b"", doing="quarantine", ref=request.ref,
            )  # fmt: skip
            etags.append(parse_answer(answer.body, "CopyPartResult").text("ETag"))
        answer = upload.complete(etags, {})
        if not answer.done:
            raise upload.refused(answer)


def _spans(size: int) -> Iterator[str]:
    for start in range(0, size, PART):
        yield f"bytes={start}-{min(start + PART, size) - 1}"
