"""Locks: retention dates and holds, which the service itself enforces on versions of an object.

A bucket with object lock keeps versions, and a plain delete only hides the latest one. So an object
is deleted here by its versions, one by one, and a version that the service will not give up is a
refusal: nothing was hidden before.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from coffre.contract import ForbiddenError, ObjectRef, OfferFailedError, RetainedError
from coffre.drivers.s3.documents import Node, element, parse_answer, texts
from coffre.drivers.s3.errors import told
from coffre.drivers.s3.looking import Seen, require
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.records import LARGE, beside, parsed_moment
from coffre.drivers.s3.service import Service


def retained_until(seen: Seen) -> datetime | None:
    """Until when the service keeps the version that was seen, UTC."""
    return parsed_moment(seen.headers.get("x-amz-object-lock-retain-until-date", ""))


def is_held(seen: Seen) -> bool:
    """Whether the version that was seen is under a legal hold."""
    return seen.headers.get("x-amz-object-lock-legal-hold", "").upper() == "ON"


def lock_date(until: datetime) -> str:
    """A date of retention, in the whole seconds of S3: never an earlier one than was asked for."""
    later = until if until.microsecond == 0 else until.replace(microsecond=0) + timedelta(seconds=1)
    return later.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def refuse_retained(service: Service, ref: ObjectRef, seen: Seen) -> None:
    """Refuse to touch what is retained now.

    Raises:
        RetainedError: a date or a hold forbids it.
    """
    until = retained_until(seen)
    if until is not None and until > service.clock.now():
        raise RetainedError(f"retained until {until.isoformat()}", ref=ref)
    if is_held(seen):
        raise RetainedError("under a legal hold", ref=ref)


def retain_longer(service: Service, ref: ObjectRef, until: datetime) -> None:
    """Retain what is there until a later date; an earlier one changes nothing.

    Raises:
        OfferError: it could not be done.
    """
    seen = require(service, ref, "put")
    now = retained_until(seen)
    if until <= service.clock.now() or (now is not None and now >= until):
        return
    body = element(
        "Retention",
        texts(
            Mode=service.settings.retention.value.upper(),
            RetainUntilDate=lock_date(until),
        ),
    ).encode()
    change_lock(service, seen, "retention", body)


def change_lock(service: Service, seen: Seen, what: str, body: bytes) -> None:
    """Change the lock of an object, and of its bytes where they are aside: those first.

    Raises:
        OfferError: it could not be done, or only for a part.
    """
    ref = seen.kept.ref
    md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    places = [beside(service, LARGE, ref, seen.kept.aside)] if seen.kept.aside else []
    for place in (*places, seen.place):
        service.ask(
            "PUT", place, [(what, "")], headers={"content-md5": md5}, body=body,
            doing=f"set {what}", ref=ref,
        )  # fmt: skip


def delete_locked(service: Service, ref: ObjectRef, seen: Seen) -> None:
    """Delete every version of an object, the latest first.

    Raises:
        RetainedError: the service keeps it; nothing was deleted.
        OfferError: some of it may be deleted.
    """
    refuse_retained(service, ref, seen)
    place = service.naming.place(ref)
    for version in versions(service, place):
        try:
            answer = service.ask(
                "DELETE", place, [("versionId", version)], doing="delete", ref=ref, accept={404}
            )
            if answer.status == 404 and told(answer).code not in _GONE:
                raise service.refused(answer, "delete", ref, safe=False)
        except RetainedError:
            raise
        except ForbiddenError as error:
            raise RetainedError(f"the service keeps it: {error.message}", ref=ref) from error


_GONE = frozenset({"NoSuchVersion", "NoSuchKey"})
"""Codes of a version that is not there; a 404 without one may be a proxy's."""


def versions(service: Service, place: Place) -> list[str]:
    """Every version of one key and every mark of its deletion, the latest first."""
    ours = list(_versions_of(service, place))
    # The latest first: when it is kept, nothing older was taken away to no purpose.
    ours.sort(
        key=lambda one: (one.text("IsLatest") == "true", one.text("LastModified")), reverse=True
    )
    return [one.text("VersionId") for one in ours]


def _versions_of(service: Service, place: Place) -> Iterator[Node]:
    """The versions of one key, page by page: what is left over would be seen again."""
    marks: tuple[tuple[str, str], ...] = ()
    while True:
        query = [("versions", ""), ("prefix", place.key), ("max-keys", "1000"), *marks]
        answer = service.ask("GET", Place(place.bucket, ""), query, doing="list versions")
        page = parse_answer(answer.body, "ListVersionsResult")
        found = [one for kind in ("Version", "DeleteMarker") for one in page.all(kind)]
        yield from (one for one in found if one.text("Key") == place.key)
        # Keys come in order, so a page that ends beyond this one has the last of it.
        if page.text("IsTruncated") != "true" or page.text("NextKeyMarker") > place.key:
            return
        new = (
            ("key-marker", page.text("NextKeyMarker")),
            ("version-id-marker", page.text("NextVersionIdMarker")),
        )
        if new == marks or not new[0][1]:
            raise OfferFailedError("the service does not go on with its list of versions")
        marks = new
