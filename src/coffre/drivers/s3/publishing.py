"""Publishing: the one put that makes an object visible, on the condition that nothing is there.

A refusal by that condition is looked into: the object may be our own, from a put whose answer was
lost; it may be the same bytes by another writer; or it may be gone again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping

from coffre.contract import (
    Digest,
    ObjectNotFoundError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    UnsupportedOperationError,
)
from coffre.drivers.s3.errors import told
from coffre.drivers.s3.held import already_there
from coffre.drivers.s3.locking import lock_date
from coffre.drivers.s3.looking import LOOKS, check_missing, look
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import Conditions, Layout, Retention
from coffre.drivers.s3.trials import CREATE_ONLY, Habits, checksum_headers
from coffre.http import HttpAnswer


def publish(
    service: Service,
    request: PutRequest,
    digest: Digest,
    act: Callable[[Mapping[str, str]], HttpAnswer],
) -> PutResult | None:
    """Make an object visible.

    Args:
        service: with whom.
        request: what is put.
        digest: of its bytes.
        act: asks the service, with the headers of the condition; accepts 404, 409 and 412.

    Returns:
        ``None`` when it was done; the result of a put of bytes that were there already.

    Raises:
        ObjectConflictError: the reference holds other bytes.
        OfferError: it was not done, or it is not known.
    """
    unconditional = request.replace or service.settings.conditions is Conditions.NONE
    for _ in range(LOOKS):
        if unconditional and not request.replace:
            there = already_there(service, request, digest)
            if there is not None:
                return there
        answer = act({} if unconditional else CREATE_ONLY)
        if answer.done:
            return None
        if not _is_taken(answer):
            _refuse(service, answer, request)
            continue  # its bucket has just been made
        there = already_there(service, request, digest)
        if there is not None:
            return there
    raise OfferUnavailableError(
        "other writers create and delete the object all the time", ref=request.ref
    )


def _is_taken(answer: HttpAnswer) -> bool:
    """Whether the condition was not met, or another writer was at work at the same moment."""
    conflict = answer.status == 409 and told(answer).code == "ConditionalRequestConflict"
    return answer.status == 412 or conflict


def _refuse(service: Service, answer: HttpAnswer, request: PutRequest) -> None:
    """Raise what a refusal means, unless it is a bucket that is made now.

    Raises:
        OfferError: it is not.
    """
    place = service.naming.place(request.ref)
    by_container = service.settings.layout is Layout.BUCKETS
    if answer.status != 404 or not by_container or told(answer).code != "NoSuchBucket":
        raise service.refused(answer, "put", request.ref, safe=False)
    check_missing(service, answer, place, "put", request.ref)
    make_bucket(service, place.bucket)


def ensure_bucket(service: Service, place: Place, request: PutRequest) -> None:
    """With a bucket for each container, make the one that is needed before an upload begins.

    Raises:
        OfferError: it could not be made.
    """
    if service.settings.layout is Layout.BUCKETS:
        here = Place(place.bucket, "")
        answer = service.ask("HEAD", here, doing="put", ref=request.ref, accept={404})
        if answer.status == 404:
            make_bucket(service, place.bucket)


def make_bucket(service: Service, bucket: str) -> bool:
    """Make a bucket; whether it was not there before.

    Raises:
        OfferError: it could not be made.
    """
    settings = service.settings
    locked = settings.retention is not Retention.NONE
    headers = {"x-amz-bucket-object-lock-enabled": "true"} if locked else {}
    body = None
    if settings.region not in ("us-east-1", "default"):
        body = (
            "<CreateBucketConfiguration><LocationConstraint>"
            f"{settings.region}</LocationConstraint></CreateBucketConfiguration>"
        ).encode()
    answer = service.ask(
        "PUT", Place(bucket, ""), headers=headers, body=body or b"", doing="make a bucket",
        accept={409},
    )  # fmt: skip
    if answer.status == 409 and told(answer).code not in _OURS:
        raise service.refused(answer, "make a bucket", None, safe=False)
    return answer.done


_OURS = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


def refuse_unconditional(service: Service, habits: Habits, request: PutRequest) -> None:
    """Refuse to write where writers could overwrite each other, unless the user has said so.

    Raises:
        UnsupportedOperationError: the service ignores conditions.
    """
    stated = service.settings.conditions is Conditions.NONE
    if not (habits.conditional_put or request.replace or stated):
        raise UnsupportedOperationError(
            "the service ignores the condition of a write (If-None-Match), so that one writer "
            "could overwrite another's object; nothing was stored. If there is only ever one "
            'writer, say conditions = "none"',
            ref=request.ref,
        )


def common_headers(service: Service, request: PutRequest) -> dict[str, str]:
    """Headers of an object that say how it is to be kept."""
    settings = service.settings
    headers = {"content-type": "application/octet-stream"}
    if settings.storage_class:
        headers["x-amz-storage-class"] = settings.storage_class
    if request.retain_until is not None and request.retain_until > service.clock.now():
        headers["x-amz-object-lock-mode"] = settings.retention.value.upper()
        headers["x-amz-object-lock-retain-until-date"] = lock_date(request.retain_until)
    return headers


def body_headers(
    service: Service, habits: Habits, body: bytes | memoryview, sha256: str
) -> dict[str, str]:
    """Headers that let the service verify a body."""
    headers = checksum_headers(habits.checksum, body, sha256)
    if service.settings.retention is not Retention.NONE and not headers:
        # A bucket with object lock wants a checksum of its own choice with each put.
        md5 = hashlib.md5(body, usedforsecurity=False).digest()
        headers["content-md5"] = base64.b64encode(md5).decode()
    return headers


def confirmed(service: Service, request: PutRequest) -> int:
    """Length of what is there now that it was published.

    Raises:
        OfferUnavailableError: it could not be asked, so that the effect of the put is not known.
        ObjectNotFoundError: it is not there.
    """
    try:
        seen = look(service, request.ref, "put")
    except OfferUnavailableError as error:
        error.effect_unknown = True
        raise
    if seen is None:
        raise ObjectNotFoundError("published, and gone at once", ref=request.ref)
    return seen.size
