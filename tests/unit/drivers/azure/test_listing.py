"""Listings: pages as the service gives them, foreign blobs and broken answers among them."""

from __future__ import annotations

import pytest

from coffre.contract import (
    ContainerEntry,
    ContainersRequest,
    ListRequest,
    OfferFailedError,
    OfferUnavailableError,
)
from coffre.drivers.azure import AzureDriver
from coffre.drivers.azure.listing import parse
from tests.unit.drivers.azure.account import Account, Asked, Said

LIST = ListRequest(tenant=0, container="object")
BLOB = (
    "<Blob><Name{0}>{1}</Name><Properties><Content-Length>{2}</Content-Length>"
    "<Last-Modified>Tue, 24 Nov 2026 19:00:00 GMT</Last-Modified></Properties></Blob>"
)


def page(*blobs: str, marker: str = "") -> Said:
    text = f"<EnumerationResults><Blobs>{''.join(blobs)}</Blobs><NextMarker>{marker}</NextMarker>"
    # As the service does: with the mark of an order of bytes before it.
    return Said(200, body=b"\xef\xbb\xbf" + f"{text}</EnumerationResults>".encode())


def blob(name: str, size: int = 1, attribute: str = "") -> str:
    return BLOB.format(attribute, name, size)


def scripted(account: Account, *pages: Said) -> list[Asked]:
    """Have listings answered by these pages, one after the other; what was asked of each."""
    left, asked = list(pages), []

    def rule(one: Asked) -> Said | None:
        if one.query.get("comp") != "list":
            return None
        asked.append(one)
        return left.pop(0)

    account.rules.append(rule)
    return asked


def test_pages_follow_each_other_by_their_markers(account: Account) -> None:
    asked = scripted(
        account,
        page(blob("0/object/a", 5), marker="2!8!MDA-"),
        page(marker="2!8!MDB-"),
        page(blob("0/object/b", 7)),
    )
    with AzureDriver().connect(account.parameters()) as connection:
        listing = connection.list(LIST)
        found = [(entry.identifier, entry.size) for entry in listing]

    assert found == [("a", 5), ("b", 7)]
    assert listing.complete
    assert [one.query.get("marker") for one in asked] == [None, "2!8!MDA-", "2!8!MDB-"]
    assert {one.query["prefix"] for one in asked} == {"0/object/"}


def test_a_page_is_no_larger_than_what_is_wanted(account: Account) -> None:
    asked = scripted(account, page(blob("0/object/a"), blob("0/object/b"), marker="more"))
    with AzureDriver().connect(account.parameters()) as connection:
        listing = connection.list(ListRequest(tenant=0, container="object", prefix="x", limit=1))
        assert [entry.identifier for entry in listing] == ["a"]

    assert not listing.complete
    assert (asked[0].query["maxresults"], asked[0].query["prefix"]) == ("2", "0/object/x")


def test_a_listing_goes_on_after_what_was_named(account: Account) -> None:
    scripted(account, page(*[blob(f"0/object/{name}") for name in "abc"]))
    with AzureDriver().connect(account.parameters()) as connection:
        listing = connection.list(ListRequest(tenant=0, container="object", after="b"))
        assert [entry.identifier for entry in listing] == ["c"]


def test_blobs_that_are_no_objects_are_passed_over(account: Account) -> None:
    scripted(
        account,
        page(
            blob("0/object/.hidden"),
            blob("0/object/a"),
            blob("0/object/a/b"),
            blob("0/object/a%EF%BF%BE", attribute=' Encoded="true"'),
            blob("0/object/b%63", attribute=' Encoded="true"'),
        ),
    )
    with AzureDriver().connect(account.parameters()) as connection:
        assert [entry.identifier for entry in connection.list(LIST)] == ["a", "bc"]


def test_a_page_that_cannot_be_had_is_never_the_end(account: Account) -> None:
    scripted(account, page(blob("0/object/a"), marker="more"), Said(503, "ServerBusy"))
    with AzureDriver().connect(account.parameters()) as connection:
        listing = connection.list(LIST)
        assert next(listing).identifier == "a"
        with pytest.raises(OfferUnavailableError):
            next(listing)
    assert not listing.complete


@pytest.mark.parametrize(
    "body", [b"", b"<EnumerationResults>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"{}"]
)
def test_an_answer_that_is_no_list_is_a_failure(body: bytes) -> None:
    with pytest.raises(OfferFailedError):
        parse(body)


def test_containers_are_what_stands_between_the_slashes(account: Account) -> None:
    folders = {
        "": ["0/", "10/", "9/", "007/", ".metadata/", "theirs/"],
        "0/": ["0/object/", "0/report/", "0/a..b/"],
        "9/": ["9/a.b/", "9/a/"],
        "10/": ["10/x/"],
    }

    def rule(asked: Asked) -> Said | None:
        if asked.query.get("delimiter") != "/":
            return None
        names = folders[asked.query.get("prefix", "")]
        return page(*[f"<BlobPrefix><Name>{name}</Name></BlobPrefix>" for name in names])

    account.rules.append(rule)
    with AzureDriver().connect(account.parameters()) as connection:
        found = list(connection.containers(ContainersRequest()))

    assert found == [
        ContainerEntry(tenant=0, container="object"),
        ContainerEntry(tenant=0, container="report"),
        ContainerEntry(tenant=9, container="a"),
        ContainerEntry(tenant=9, container="a.b"),
        ContainerEntry(tenant=10, container="x"),
    ]


def test_a_container_that_comes_and_goes_is_not_an_empty_one(account: Account) -> None:
    scripted(account, Said(404, "ContainerNotFound"))
    with (
        AzureDriver().connect(account.parameters()) as connection,
        pytest.raises(OfferFailedError, match="comes and goes"),
    ):
        list(connection.list(LIST))
