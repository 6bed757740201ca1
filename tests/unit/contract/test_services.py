"""The services of contract 1.1: requests that are good by construction, and drivers of 1.0."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coffre.contract import (
    MAX_HOLD_ID,
    MOST_ENTRIES,
    AccessRequest,
    AccessStatusRequest,
    AccessTicket,
    BulkDeleteRequest,
    BulkPutRequest,
    BulkStatRequest,
    Capability,
    CoffreError,
    DeleteRequest,
    DigestAlgorithm,
    Evidence,
    InvalidReferenceError,
    InvalidRequestError,
    LiftHoldRequest,
    LogRequest,
    ObjectRef,
    PlaceHoldRequest,
    PutRequest,
    ServerCopyRequest,
    StatRequest,
    StatResult,
    UnsupportedOperationError,
    Version,
    refuse_unsupported,
    usable,
)
from coffre.streams import BytesContent


def ref(identifier: str, *, tenant: int = 0, container: str = "object") -> ObjectRef:
    return ObjectRef(tenant=tenant, container=container, identifier=identifier)


def ticket(id: str = "one", *names: str) -> AccessTicket:
    return AccessTicket(id=id, refs=[ref(name) for name in names or ("a",)])


IMPOSSIBLE: dict[str, tuple[Callable[[], object], str]] = {
    "access to nothing": (lambda: AccessRequest(refs=[]), "one object at least"),
    "access to one object twice": (lambda: AccessRequest(refs=[ref("a"), ref("a")]), "twice"),
    "access across containers": (
        lambda: AccessRequest(refs=[ref("a"), ref("b", container="report")]),
        "one tenant and container",
    ),
    "access across tenants": (
        lambda: AccessRequest(refs=[ref("a"), ref("b", tenant=1)]),
        "one tenant and container",
    ),
    "access for no time": (lambda: AccessRequest(refs=[ref("a")], available_for=0.0), "above zero"),
    "access for a time that is none": (
        lambda: AccessRequest(refs=[ref("a")], available_for=float("nan")),
        "above zero",
    ),
    "a ticket without an id": (lambda: AccessTicket(id="", refs=[ref("a")]), "has an id"),
    "a ticket for nothing": (lambda: AccessTicket(id="one", refs=[]), "one object at least"),
    "a ticket asked about twice": (
        lambda: AccessStatusRequest(tickets=[ticket(), ticket("one", "b")]),
        "twice",
    ),
    "a hold with a space": (lambda: PlaceHoldRequest(ref=ref("a"), id="a b"), "not allowed"),
    "a hold without an id": (lambda: PlaceHoldRequest(ref=ref("a"), id=""), "not allowed"),
    "a hold lifted by a path": (lambda: LiftHoldRequest(ref=ref("a"), id="../x"), "not allowed"),
    "a hold with too long an id": (
        lambda: PlaceHoldRequest(ref=ref("a"), id="x" * (MAX_HOLD_ID + 1)),
        "at most 64",
    ),
    "a bulk stat of one object twice": (
        lambda: BulkStatRequest(stats=[StatRequest(ref=ref("a")), StatRequest(ref=ref("a"))]),
        "bulk stat names the same object twice",
    ),
    "a bulk delete of one object twice": (
        lambda: BulkDeleteRequest(
            deletes=[DeleteRequest(ref=ref("a")), DeleteRequest(ref=ref("a"))]
        ),
        "bulk delete names the same object twice",
    ),
    "a copy onto itself": (
        lambda: ServerCopyRequest(source=ref("a"), ref=ref("a")),
        "onto itself",
    ),
    "a page of nothing": (lambda: LogRequest(tenant=0, container="object", limit=0), "from 1 to"),
    "a page too long": (
        lambda: LogRequest(tenant=0, container="object", limit=MOST_ENTRIES + 1),
        "from 1 to",
    ),
    "a log before its beginning": (
        lambda: LogRequest(tenant=0, container="object", start=-1),
        "numbered from 1",
    ),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_a_request_that_no_offer_could_answer_is_not_built(what: str) -> None:
    build, why = IMPOSSIBLE[what]

    with pytest.raises(InvalidRequestError, match=why):
        build()


@pytest.mark.parametrize(("tenant", "container"), [(-1, "object"), (0, "../object")])
def test_a_log_is_that_of_a_place_which_can_be(tenant: int, container: str) -> None:
    with pytest.raises(InvalidReferenceError):
        LogRequest(tenant=tenant, container=container)


def test_the_widest_requests_are_built() -> None:
    AccessRequest(refs=[ref("a"), ref("b")], available_for=0.1)
    PlaceHoldRequest(ref=ref("a"), id="x" * MAX_HOLD_ID)
    LogRequest(tenant=0, container="object", start=0, limit=MOST_ENTRIES)
    BulkStatRequest(stats=[])
    AccessStatusRequest(tickets=[])


def test_a_stat_that_tells_nothing_new_is_that_of_a_driver_of_1_0() -> None:
    told = StatResult(size=1, evidence=Evidence.PRESENT)

    assert (told.retain_until, told.holds, told.ready) == (None, frozenset(), None)


# --- refusing ------------------------------------------------------------------------------


def refusal(
    request: BulkPutRequest | BulkStatRequest | ServerCopyRequest, *capabilities: Capability
) -> CoffreError | None:
    try:
        refuse_unsupported(request, frozenset(capabilities))
    except UnsupportedOperationError as error:
        return error
    return None


def test_a_bulk_put_is_refused_whole_when_a_field_of_one_put_cannot_be_honoured() -> None:
    content = BytesContent(b"x")
    puts = [
        PutRequest(ref=ref("a"), content=content, size=1),
        PutRequest(ref=ref("b"), content=content, size=1, replace=True),
    ]
    request = BulkPutRequest(puts=puts)

    error = refusal(request, Capability.BULK_PUT)
    assert error is not None
    assert error.ref == ref("b")
    assert refusal(request, Capability.BULK_PUT, Capability.REPLACE) is None


def test_a_digest_inside_a_bulk_stat_needs_its_capability() -> None:
    stat = StatRequest(ref=ref("a"), digest=DigestAlgorithm.SHA256)
    request = BulkStatRequest(stats=[stat])

    assert refusal(request, Capability.BULK_STAT) is not None
    assert refusal(request, Capability.BULK_STAT, Capability.OFFER_DIGEST) is None


def test_a_copy_that_replaces_needs_a_driver_that_replaces() -> None:
    copy = ServerCopyRequest(source=ref("a"), ref=ref("b"), replace=True)

    assert refusal(copy, Capability.SERVER_COPY) is not None
    assert refusal(copy, Capability.SERVER_COPY, Capability.REPLACE) is None


def test_a_driver_of_1_0_cannot_have_meant_the_services_of_1_1() -> None:
    declared = frozenset({Capability.REPLACE, Capability.BULK_PUT, Capability.LEGAL_HOLD})

    assert usable(declared, Version(1, 0)) == declared - {Capability.LEGAL_HOLD}
    assert usable(declared, Version(1, 1)) == declared
    assert usable(declared, Version(1, 2)) == declared
