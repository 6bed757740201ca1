"""Immutability as the service's pages describe it: no emulator has it, so a stub plays it here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coffre.contract import (
    Capability,
    DeleteRequest,
    LiftHoldRequest,
    OfferUnavailableError,
    PlaceHoldRequest,
    QuarantineRequest,
    RetainedError,
    StatRequest,
    UnsupportedOperationError,
)
from coffre.drivers.azure import AzureDriver
from coffre.drivers.azure.retaining import retention_headers
from tests.unit.drivers.azure.account import Account, Said
from tests.unit.drivers.azure.asking import BLOCK, PATH, REF, put_request

UNTIL = datetime(2126, 1, 1, tzinfo=UTC)
SHOWN = "Tue, 01 Jan 2126 00:00:00 GMT"


def test_it_is_only_declared_where_the_container_has_it(
    account: Account, immutable: Account
) -> None:
    driver = AzureDriver()
    with driver.connect(account.parameters()) as without:
        assert Capability.RETENTION not in without.capabilities
    with driver.connect(immutable.parameters()) as having:
        assert Capability.RETENTION in having.capabilities


def test_a_put_that_wants_it_is_refused_elsewhere_before_anything_is_sent(
    account: Account,
) -> None:
    with (
        AzureDriver().connect(account.parameters()) as connection,
        pytest.raises(UnsupportedOperationError, match="retention"),
    ):
        connection.put(put_request(retain_until=UNTIL))
    assert account.blobs == {}


@pytest.mark.parametrize("size", [7, 3 * BLOCK])
def test_the_date_is_published_with_the_object(immutable: Account, size: int) -> None:
    parameters = immutable.parameters(block_size=BLOCK, retention_mode="locked")
    with AzureDriver().connect(parameters) as connection:
        connection.put(put_request(b"x" * size, retain_until=UNTIL))
        assert connection.stat(StatRequest(ref=REF)).retain_until == UNTIL

    (publication,) = [one for one in immutable.asked if "x-ms-meta-coffre_size" in one.headers]
    assert publication.headers["x-ms-immutability-policy-until-date"] == SHOWN
    assert publication.headers["x-ms-immutability-policy-mode"] == "Locked"


def test_a_part_of_a_second_is_rounded_up() -> None:
    headers = retention_headers(UNTIL - timedelta(microseconds=1), "unlocked", datetime.now(UTC))

    assert headers["x-ms-immutability-policy-until-date"] == SHOWN
    assert headers["x-ms-immutability-policy-mode"] == "Unlocked"


def test_a_deletion_before_the_date_is_refused_and_not_even_asked_for(immutable: Account) -> None:
    with AzureDriver().connect(immutable.parameters()) as connection:
        connection.put(put_request(retain_until=UNTIL))
        with pytest.raises(RetainedError, match="2126-01-01"):
            connection.delete(DeleteRequest(ref=REF))
    assert PATH in immutable.blobs
    assert "DELETE" not in [one.method for one in immutable.asked]


def test_a_date_that_is_over_forbids_nothing(immutable: Account) -> None:
    with AzureDriver().connect(immutable.parameters()) as connection:
        connection.put(put_request(retain_until=datetime(2020, 1, 1, tzinfo=UTC)))
        assert connection.delete(DeleteRequest(ref=REF)).existed


def test_a_hold_forbids_the_deletion(immutable: Account) -> None:
    with AzureDriver().connect(immutable.parameters()) as connection:
        connection.put(put_request())
        immutable.blobs[PATH].headers["x-ms-legal-hold"] = "true"
        with pytest.raises(RetainedError, match="hold"):
            connection.delete(DeleteRequest(ref=REF))


def test_what_the_service_keeps_for_reasons_of_its_own_is_retained(account: Account) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request())
        account.once("DELETE", PATH, Said(409, "BlobImmutableDueToPolicy"))
        with pytest.raises(RetainedError):
            connection.delete(DeleteRequest(ref=REF))


def test_the_same_bytes_again_are_kept_at_least_as_long(immutable: Account) -> None:
    with AzureDriver().connect(immutable.parameters()) as connection:
        connection.put(put_request(retain_until=UNTIL - timedelta(days=9)))
        assert connection.put(put_request(retain_until=UNTIL)).already_there
        assert connection.stat(StatRequest(ref=REF)).retain_until == UNTIL
        connection.put(put_request(retain_until=UNTIL - timedelta(days=9)))
        assert connection.stat(StatRequest(ref=REF)).retain_until == UNTIL


def test_a_quarantine_takes_nothing_away_that_must_be_kept(immutable: Account) -> None:
    with AzureDriver().connect(immutable.parameters()) as connection:
        connection.put(put_request(retain_until=UNTIL))
        with pytest.raises(RetainedError):
            connection.quarantine(QuarantineRequest(ref=REF, reason="bad"))
    assert list(immutable.blobs) == [PATH]


def test_a_hold_that_was_set_by_other_means_is_told_and_not_touched(immutable: Account) -> None:
    with AzureDriver().connect(immutable.parameters()) as connection:
        connection.put(put_request())
        immutable.blobs[PATH].headers["x-ms-legal-hold"] = "true"

        assert connection.stat(StatRequest(ref=REF)).holds == {"unnamed"}
        with pytest.raises(UnsupportedOperationError, match="another one"):
            connection.place_hold(PlaceHoldRequest(ref=REF, id="case-1"))
        assert connection.lift_hold(LiftHoldRequest(ref=REF, id="unnamed")).holds == {"unnamed"}
    assert immutable.blobs[PATH].headers["x-ms-legal-hold"] == "true"


@pytest.mark.parametrize("number", range(2))
def test_placing_a_hold_that_was_interrupted_can_be_done_again(
    immutable: Account, number: int
) -> None:
    with AzureDriver().connect(immutable.parameters()) as connection:
        connection.put(put_request())
        steps = ["/archive/.holds/", PATH]
        immutable.once("PUT", steps[number], Said(503, "ServerBusy"))
        request = PlaceHoldRequest(ref=REF, id="case-1")
        with pytest.raises(OfferUnavailableError):
            connection.place_hold(request)

        assert connection.place_hold(request).holds == {"case-1"}
        assert connection.stat(StatRequest(ref=REF)).holds == {"case-1"}


def test_of_two_who_lift_only_one_switches_off(immutable: Account) -> None:
    with AzureDriver().connect(immutable.parameters()) as connection:
        connection.put(put_request())
        connection.place_hold(PlaceHoldRequest(ref=REF, id="case-1"))
        immutable.once("PUT", "/archive/.holds/", Said(409, "LeaseAlreadyPresent"))
        with pytest.raises(OfferUnavailableError, match="being lifted"):
            connection.lift_hold(LiftHoldRequest(ref=REF, id="case-1"))

        assert connection.stat(StatRequest(ref=REF)).holds == {"case-1"}


def test_holds_are_refused_where_the_container_has_no_immutability(account: Account) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request())
        with pytest.raises(UnsupportedOperationError):
            connection.place_hold(PlaceHoldRequest(ref=REF, id="case-1"))
        with pytest.raises(UnsupportedOperationError):
            connection.lift_hold(LiftHoldRequest(ref=REF, id="case-1"))
    assert list(account.blobs) == [PATH]


def test_who_lifts_too_late_switches_nothing_off(immutable: Account) -> None:
    with AzureDriver().connect(immutable.parameters()) as connection:
        connection.put(put_request())
        connection.place_hold(PlaceHoldRequest(ref=REF, id="case-1"))
        immutable.once("PUT", "/archive/.holds/", Said(404, "BlobNotFound"))
        connection.lift_hold(LiftHoldRequest(ref=REF, id="case-1"))

    assert immutable.blobs[PATH].headers["x-ms-legal-hold"] == "true"
