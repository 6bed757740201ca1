"""List: pages of the service's own listing, which is sorted by the bytes of its keys.

A page begins after the last key of the one before, so nothing is held but one page, and a listing
goes on wherever it stopped. A service that lists out of order is refused: it would look complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote_plus

from coffre.contract import (
    ContainerEntry,
    ContainersRequest,
    ListEntry,
    Listing,
    ListRequest,
    ObjectRef,
    OfferFailedError,
)
from coffre.drivers.s3.aside import ASIDE_SIZE
from coffre.drivers.s3.documents import parse, parse_answer
from coffre.drivers.s3.looking import check_missing, look
from coffre.drivers.s3.naming import BucketNaming, Place, container_entry, is_name
from coffre.drivers.s3.records import MissingBesideError, parsed_moment
from coffre.drivers.s3.service import Service
from coffre.http import HttpAnswer

PAGE = 1000
"""Keys of a page, at most. Source: AWS, ListObjectsV2."""


def list_container(service: Service, request: ListRequest) -> Listing:
    """List one container; see ``Connection.list``."""
    return Listing(_entries(service, request), limit=request.limit)


def _entries(service: Service, request: ListRequest) -> Iterator[ListEntry]:
    folder = service.naming.folder(request.tenant, request.container)
    wanted = Place(folder.bucket, folder.key + request.prefix)
    after = folder.key + request.after if request.after is not None else ""
    # One more than the limit, which says whether the listing is complete.
    most = PAGE if request.limit is None else min(PAGE, request.limit + 1)
    for found in keys(service, wanted, after, most):
        name = found.key[len(folder.key) :]
        if is_name(name):  # anything else is somebody's, and no reference could name it
            ref = ObjectRef(tenant=request.tenant, container=request.container, identifier=name)
            size = _size(service, ref, found.size)
            if size is not None:
                yield ListEntry(identifier=name, size=size)


def _size(service: Service, ref: ObjectRef, size: int) -> int | None:
    """The object's own length; ``None`` when it was deleted since it was listed."""
    if size != ASIDE_SIZE:
        return size
    try:
        seen = look(service, ref, "list")
    except MissingBesideError:
        return size  # of what is left of it: one bad object does not hide those that follow
    return None if seen is None else seen.size


class Listed(NamedTuple):
    """One key of a listing."""

    key: str
    size: int
    stored_at: datetime | None


def keys(service: Service, wanted: Place, after: str = "", most: int = PAGE) -> Iterator[Listed]:
    """Every key with a prefix, in order, page by page.

    Args:
        service: with whom.
        wanted: bucket, and what keys begin with.
        after: start after this key.
        most: keys of a page.

    Raises:
        OfferFailedError: the service lists out of order, or does not say how to go on.
        OfferError: a page could not be had.
    """
    last, token = after, ""
    more = True
    while more:
        page, more, onward = _page(service, wanted, last, most, token)
        for found in page:
            if found.key <= last:
                raise OfferFailedError(
                    f"the service lists {found.key!a} after {last!a}: it does not sort its keys, "
                    "and cannot be an offer"
                )
            last = found.key
            yield found
        if more and not page:  # nothing to begin after: only the service knows where it is
            check_onward(token, onward)
        token = "" if page else onward


def check_onward(before: str, onward: str) -> None:
    """Go on with a listing only if the next page is another one.

    Raises:
        OfferFailedError: the service says that there is more, and not where: what was listed must
            not be taken for all.
    """
    if not onward or onward == before:
        raise OfferFailedError("the service says that there is more to list, and shows nothing")


def _page(
    service: Service, wanted: Place, after: str, most: int, token: str
) -> tuple[list[Listed], bool, str]:
    """One page, whether there are more, and what the service calls the next one."""
    onward = (("continuation-token", token),) if token else ()
    answer = _asked(service, wanted, after, most, *onward)
    if answer is None:
        return [], False, ""
    document = parse(answer.body)
    spelled: Callable[[str], str] = str
    if document is None:
        # A stranger's key holds what XML cannot: asked again, with every key in escapes. Not at
        # once, since some services then begin after the wrong key.
        answer = _asked(service, wanted, after, most, ("encoding-type", "url"), *onward)
        document, spelled = parse_answer(answer.body if answer else b"", _ROOT), unquote_plus
    elif document.name != _ROOT:
        document = parse_answer(answer.body, _ROOT)
    page = [
        Listed(
            spelled(found.text("Key")),
            int(found.text("Size", "0")),
            parsed_moment(found.text("LastModified")),
        )
        for found in document.all("Contents")
    ]
    more = document.text("IsTruncated") == "true"
    return page, more, document.text("NextContinuationToken")


_ROOT = "ListBucketResult"


def _asked(
    service: Service, wanted: Place, after: str, most: int, *more: tuple[str, str]
) -> HttpAnswer | None:
    """The answer of the service; ``None`` when the container has no bucket."""
    query = [("list-type", "2"), ("prefix", wanted.key), ("max-keys", str(most)), *more]
    if after:
        query.append(("start-after", after))
    answer = service.ask("GET", Place(wanted.bucket, ""), query, doing="list", accept={404})
    if answer.status == 404:
        check_missing(service, answer, wanted, "list", None)
        return None
    return answer


def containers(service: Service, request: ContainersRequest) -> Iterator[ContainerEntry]:
    """Name every container; see ``SupportsContainers``."""
    del request  # it asks nothing more precise
    found = _by_bucket(service) if isinstance(service.naming, BucketNaming) else _by_prefix(service)
    yield from sorted(set(found))


def _by_bucket(service: Service) -> Iterator[ContainerEntry]:
    naming = service.naming
    assert isinstance(naming, BucketNaming)  # noqa: S101 - told by the caller
    service.ask("HEAD", Place(naming.bucket, ""), doing="list containers")
    answer = service.ask("GET", Place("", ""), doing="list containers")
    document = parse_answer(answer.body, "ListAllMyBucketsResult")
    for buckets in document.all("Buckets"):
        for one in buckets.all("Bucket"):
            entry = naming.entry(one.text("Name"))
            if entry is not None:
                yield entry


def _by_prefix(service: Service) -> Iterator[ContainerEntry]:
    root = service.naming.prefix
    for tenant in _folders(service, root):
        for container in _folders(service, f"{root}{tenant}/") if tenant.isdigit() else ():
            entry = container_entry(tenant, container)
            if entry is not None:
                yield entry


def _folders(service: Service, prefix: str) -> Iterator[str]:
    """What stands before the next slash, of all keys with a prefix."""
    token = ""
    while True:
        query = [
            ("list-type", "2"),
            ("prefix", prefix),
            ("delimiter", "/"),
            ("encoding-type", "url"),
        ]
        if token:
            query.append(("continuation-token", token))
        bucket = Place(service.naming.bucket, "")
        answer = service.ask("GET", bucket, query, doing="list containers")
        page = parse_answer(answer.body, "ListBucketResult")
        for found in page.all("CommonPrefixes"):
            yield unquote_plus(found.text("Prefix"))[len(prefix) : -1]
        if page.text("IsTruncated") != "true":
            return
        onward = page.text("NextContinuationToken")
        check_onward(token, onward)
        token = onward
