"""Deletions and quarantine: what another writer stores meanwhile is not taken away with it."""

from __future__ import annotations

import json

import pytest

from coffre.contract import (
    BulkDeleteRequest,
    Connection,
    DeleteRequest,
    GetRequest,
    ObjectRef,
    OfferError,
    OfferUnavailableError,
    PutRequest,
    QuarantineRequest,
    StatRequest,
)
from coffre.drivers.swift import SwiftDriver
from coffre.drivers.swift.connection import SwiftConnection
from coffre.streams import BytesContent
from tests.unit.drivers.swift.account import Account, Asked, Kept, Said

REF = ObjectRef(tenant=3, container="object", identifier="charter.pdf")
PATH = "/v1/a/coffre+3+object/charter.pdf"
ASIDE = "/v1/a/coffre+quarantine/"
BAD = QuarantineRequest(ref=REF, reason="digest-mismatch")


def put(connection: Connection, data: bytes = b"charter", *, replace: bool = False) -> None:
    content = BytesContent(data)
    connection.put(PutRequest(ref=REF, content=content, size=len(data), replace=replace))


def read(connection: Connection) -> bytes:
    with connection.get(GetRequest(ref=REF)) as opened:
        return opened.stream.read()


def connected(account: Account, **values: object) -> SwiftConnection:
    return SwiftDriver().connect(account.parameters(**values))


@pytest.mark.parametrize(
    ("buffer", "method", "beginning"),
    [(0, "COPY", PATH), (1000, "GET", PATH), (0, "HEAD", ASIDE), (1000, "HEAD", ASIDE)],
)
def test_what_is_stored_while_bad_bytes_are_set_aside_stays(
    account: Account, buffer: int, method: str, beginning: str
) -> None:
    def replaced(asked: Asked) -> Said | None:
        if asked.method != method or not asked.path.startswith(beginning):
            return None
        account.rules.clear()
        put(other, b"good on", replace=True)
        return account.usual(asked)

    with connected(account, buffer=buffer) as connection, connected(account) as other:
        put(connection, b"bad one")
        account.rules.append(replaced)
        with pytest.raises(OfferUnavailableError) as caught:
            connection.quarantine(BAD)
        assert not caught.value.effect_unknown
        assert read(connection) == b"good on"


def test_segments_stay_when_it_is_not_known_whether_something_set_aside_needs_them(
    account: Account,
) -> None:
    with connected(account, buffer=0) as connection:
        put(connection)
        # A proxy before the cluster says so, not the cluster.
        account.rules.append(
            lambda asked: Said(404, {"X-Trans-Id": ""}) if asked.path.startswith(ASIDE) else None
        )
        connection.delete(DeleteRequest(ref=REF))
    assert any("+segments" in path for path in account.objects)


def test_a_record_that_cannot_be_asked_for_is_not_said_to_be_none(account: Account) -> None:
    with connected(account) as connection:
        content = BytesContent(b"charter")
        long = {"name": "n" * 9000}
        connection.put(PutRequest(ref=REF, content=content, size=7, metadata=long))
        account.once("GET", "/record", lambda _: Said(404, {"X-Trans-Id": ""}))
        with pytest.raises(OfferUnavailableError):
            connection.stat(StatRequest(ref=REF))
        assert connection.stat(StatRequest(ref=REF)).metadata == long


def bulk(account: Account, errors: list[list[str]]) -> Said:
    told = {"Number Deleted": 2 - len(errors), "Number Not Found": 0, "Errors": errors}
    return Said(200, body=json.dumps(told | {"Response Status": "200 OK"}).encode())


def orders(*names: str) -> BulkDeleteRequest:
    refs = [ObjectRef(tenant=3, container="object", identifier=name) for name in names]
    return BulkDeleteRequest(deletes=[DeleteRequest(ref=ref) for ref in refs])


def held(account: Account, *names: str) -> None:
    account.info["bulk_delete"] = {"max_deletes_per_request": 2}
    for name in names:
        account.store(f"/v1/a/coffre+3+object/{name}", Kept(b"1", {}))


def test_a_failure_under_an_unknown_name_is_no_deletion_of_the_others(account: Account) -> None:
    held(account, "a", "b")
    account.once("POST", "/v1/a", lambda _: bulk(account, [["/elsewhere/b", "403 Forbidden"]]))
    with connected(account) as connection, pytest.raises(OfferUnavailableError) as caught:
        connection.bulk_delete(orders("a", "b"))
    assert caught.value.effect_unknown


def test_what_was_deleted_before_the_service_went_away_has_its_outcome(account: Account) -> None:
    held(account, "a", "b", "c")
    account.once("POST", "/v1/a", lambda _: bulk(account, []))
    account.once("HEAD", "/c", lambda _: Said(503))
    with connected(account) as connection:
        first, second, third = connection.bulk_delete(orders("a", "b", "c"))
    assert not isinstance(first, OfferError)
    assert not isinstance(second, OfferError)
    assert isinstance(third, OfferUnavailableError)
