"""Looking: what one HEAD tells of an object, and what its absence is believed on.

The answer to a HEAD has no body, so 404 does not say whether the object or its bucket is missing;
and a proxy may say it, too. *Absent* is concluded only from a listing that the service gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from coffre.contract import (
    ObjectNotFoundError,
    ObjectRef,
    OfferUnavailableError,
)
from coffre.drivers.s3.documents import parse_answer
from coffre.drivers.s3.errors import told
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.records import LARGE, Kept, MissingBesideError, beside, moment_of
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import Layout
from coffre.http import HttpAnswer

LOOKS = 5
"""How often something that appears and disappears is looked at before we give up."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An object as it is now."""

    place: Place
    size: int
    """Bytes of the object itself, wherever they are kept."""
    stored_at: datetime | None
    kept: Kept
    headers: Mapping[str, str]
    """Of the object that has the reference's key."""
    bytes_headers: Mapping[str, str]
    """Of the object that holds the bytes: the same one, or that aside."""


def look(service: Service, ref: ObjectRef, doing: str = "stat") -> Seen | None:
    """Look at an object; ``None`` when the offer does not hold it.

    Raises:
        OfferUnavailableError: the offer cannot be asked, its bucket being missing included.
        ObjectCorruptError: its bytes, which are kept aside, are missing.
    """
    place = service.naming.place(ref)
    missing: MissingBesideError | None = None
    for _ in range(LOOKS):
        answer = service.ask("HEAD", place, doing=doing, ref=ref, accept={404})
        if answer.status == 404:
            if is_absent(service, place, doing, ref):
                return None
            continue
        try:
            return _seen(service, place, ref, answer, doing)
        except MissingBesideError as error:
            missing = error  # replaced between two looks, as a rule: then the next one is good
    if missing is not None:
        raise missing
    raise OfferUnavailableError("other writers create and delete it all the time", ref=ref)


def require(service: Service, ref: ObjectRef, doing: str) -> Seen:
    """Look at an object that must be there.

    Raises:
        ObjectNotFoundError: it is not.
        OfferError: it cannot be told.
    """
    found = look(service, ref, doing)
    if found is None:
        raise ObjectNotFoundError(f"the offer does not hold {ref}", ref=ref)
    return found


def _seen(service: Service, place: Place, ref: ObjectRef, answer: HttpAnswer, doing: str) -> Seen:
    kept = Kept.of(ref, answer.headers)
    of_bytes = answer
    if kept.aside:
        aside = beside(service, LARGE, ref, kept.aside)
        of_bytes = service.ask("HEAD", aside, doing=doing, ref=ref, accept={404})
        if of_bytes.status == 404:
            if not is_absent(service, aside, doing, ref):
                raise OfferUnavailableError(
                    "what is listed is not found; is there a proxy, or another writer?", ref=ref
                )
            raise MissingBesideError("its bytes, which are kept aside, are missing", ref=ref)
    return Seen(
        place,
        length_of(of_bytes.headers, ref),
        moment_of(answer.headers),
        kept,
        answer.headers,
        of_bytes.headers,
    )


def length_of(headers: Mapping[str, str], ref: ObjectRef | None) -> int:
    """The length that an answer tells.

    Raises:
        OfferUnavailableError: it tells none; something on the way has changed the answer.
    """
    value = headers.get("content-length", "")
    if not value.isdigit():
        raise OfferUnavailableError("the service tells no length; is there a proxy?", ref=ref)
    return int(value)


def is_absent(service: Service, place: Place, doing: str, ref: ObjectRef) -> bool:
    """Whether the service lists the bucket, and the key is not in it.

    Raises:
        OfferUnavailableError: the bucket is missing, or cannot be listed now.
    """
    query = [("list-type", "2"), ("prefix", place.key), ("max-keys", "1")]
    answer = service.ask("GET", Place(place.bucket, ""), query, doing=doing, ref=ref, accept={404})
    if answer.status == 404:
        check_missing(service, answer, place, doing, ref)
        return True
    found = next(parse_answer(answer.body, "ListBucketResult").all("Contents"), None)
    return found is None or found.text("Key") != place.key


def check_missing(
    service: Service, answer: HttpAnswer, place: Place, doing: str, ref: ObjectRef | None
) -> None:
    """Go on only if a 404 means that there is no such object.

    With a bucket for each container, a container that holds nothing has no bucket; the offer's
    own bucket must then be there.

    Raises:
        OfferUnavailableError: it means something else.
    """
    code = told(answer).code
    if code == "NoSuchKey":
        return
    own = service.naming.bucket
    by_container = service.settings.layout is Layout.BUCKETS and place.bucket != own
    if code != "NoSuchBucket" or not by_container:
        raise service.refused(answer, doing, ref, safe=True)
    service.ask("HEAD", Place(own, ""), doing=doing, ref=ref)
