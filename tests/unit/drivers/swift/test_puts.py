"""Puts: what is said when the cluster answers something else than *stored* or *refused*."""

from __future__ import annotations

import pytest

from coffre.contract import (
    Connection,
    GetRequest,
    GetResult,
    ObjectRef,
    OfferUnavailableError,
    PutRequest,
)
from coffre.drivers.swift import SwiftDriver
from coffre.streams import BytesContent
from tests.unit.drivers.swift.account import Account, Asked, Said

REF = ObjectRef(tenant=3, container="object", identifier="charter.pdf")
PATH = "/v1/a/coffre+3+object/charter.pdf"


def put_request(data: bytes = b"charter", *, replace: bool = False) -> PutRequest:
    return PutRequest(ref=REF, content=BytesContent(data), size=len(data), replace=replace)


def _opened(connection: Connection) -> GetResult:
    return connection.get(GetRequest(ref=REF))


def accepted(_asked: Asked) -> Said:
    """As a server says that has a later object, or a later deletion: nothing was stored."""
    return Said(202)


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("buffer", [0, 1000])
def test_a_put_that_was_only_accepted_is_not_taken_for_stored(
    account: Account, replace: bool, buffer: int
) -> None:
    account.once("PUT", PATH, accepted)
    with SwiftDriver().connect(account.parameters(buffer=buffer)) as connection:
        result = connection.put(put_request(replace=replace))
        with _opened(connection) as opened:
            assert b"".join(opened.stream.chunks()) == b"charter"  # type: ignore[attr-defined]
    assert not result.already_there


def test_what_a_put_did_not_replace_keeps_its_segments(account: Account) -> None:
    with SwiftDriver().connect(account.parameters(buffer=0)) as connection:
        connection.put(put_request(b"old"))
        account.rules.append(lambda asked: _accepted_at(asked, PATH))
        with pytest.raises(OfferUnavailableError):
            connection.put(put_request(b"new", replace=True))
    assert not any("x-delete-after" in kept.headers for kept in account.objects.values()), (
        "the old object would lose its bytes in a day"
    )


def _accepted_at(asked: Asked, path: str) -> Said | None:
    return Said(202) if asked.method == "PUT" and asked.path == path else None


def test_a_put_that_a_gateway_sent_twice_keeps_its_own_segments(account: Account) -> None:
    def twice(asked: Asked) -> Said:
        assert account.usual(asked).status == 201  # the gateway did not wait for this answer
        return account.usual(asked)

    account.once("PUT", PATH, twice)
    with SwiftDriver().connect(account.parameters(buffer=0)) as connection:
        result = connection.put(put_request())
        with _opened(connection) as opened:
            assert b"".join(opened.stream.chunks()) == b"charter"  # type: ignore[attr-defined]
    assert not result.already_there


def test_what_was_published_is_in_doubt_when_it_cannot_be_looked_at(account: Account) -> None:
    account.once("HEAD", PATH, lambda _: Said(503), after=1)
    with (
        SwiftDriver().connect(account.parameters()) as connection,
        pytest.raises(OfferUnavailableError) as caught,
    ):
        connection.put(put_request())
    assert caught.value.effect_unknown


def test_a_container_that_comes_and_goes_is_no_absence_of_the_object(account: Account) -> None:
    account.rules.append(
        lambda asked: Said(404) if asked.method == "PUT" and asked.path == PATH else None
    )
    with (
        SwiftDriver().connect(account.parameters()) as connection,
        pytest.raises(OfferUnavailableError) as caught,
    ):
        connection.put(put_request())
    assert not caught.value.effect_unknown


def test_a_date_taken_away_gives_no_object_the_record_of_another(account: Account) -> None:
    with SwiftDriver().connect(account.parameters()) as connection:
        connection.put(put_request())
        account.objects[PATH].headers["x-delete-at"] = "1999999999"

        def replaced(asked: Asked) -> Said:
            with SwiftDriver().connect(account.parameters(buffer=0)) as other:
                other.put(put_request(replace=True))
            return account.usual(asked)

        account.once("GET", PATH, replaced)
        with pytest.raises(OfferUnavailableError):
            connection.put(put_request())
    kept = account.objects[PATH]
    assert kept.segments is not None
    assert kept.headers["x-object-meta-coffre-put"] in kept.segments[0]
