"""The archive tier, with the hours between that no emulator has."""

from __future__ import annotations

import pytest

from coffre.contract import (
    AccessCancelRequest,
    AccessRequest,
    AccessState,
    AccessStatusRequest,
    Evidence,
    GetRequest,
    NotReadyError,
    ObjectRef,
    StatRequest,
)
from coffre.drivers.azure import AzureDriver
from coffre.drivers.azure.connection import AzureConnection
from tests.unit.drivers.azure.account import Account
from tests.unit.drivers.azure.asking import PATH, REF, put_request

NOWHERE = ObjectRef(tenant=0, container="object", identifier="nowhere")


def state(connection: AzureConnection, *refs: ObjectRef) -> tuple[AccessState, int | None]:
    ticket = connection.request_access(AccessRequest(refs=refs))
    (status,) = connection.access_status(AccessStatusRequest(tickets=[ticket]))
    return status.state, status.ready


def test_a_cold_object_is_not_ready_and_says_so_beforehand(account: Account) -> None:
    with AzureDriver().connect(account.parameters(tier="archive")) as connection:
        connection.put(put_request())

        assert connection.stat(StatRequest(ref=REF)).ready is False
        with pytest.raises(NotReadyError, match="archive tier"):
            connection.get(GetRequest(ref=REF))


def test_it_is_asked_for_once_waited_for_and_read(account: Account) -> None:
    parameters = account.parameters(tier="archive", rehydrate_to="cool", rehydrate_priority="high")
    with AzureDriver().connect(parameters) as connection:
        connection.put(put_request())
        assert state(connection, REF) == (AccessState.WAITING, 0)
        assert state(connection, REF) == (AccessState.WAITING, 0)
        account.blobs[PATH].headers["x-ms-access-tier"] = "Cool"  # hours later
        assert state(connection, REF) == (AccessState.READY, 1)
        with connection.get(GetRequest(ref=REF)) as got:
            assert got.stream.read() == b"charter"

    (thaw,) = [one for one in account.asked if one.query.get("comp") == "tier"]
    assert thaw.headers["x-ms-access-tier"] == "Cool"
    assert thaw.headers["x-ms-rehydrate-priority"] == "High"


def test_what_is_not_there_counts_as_readable(account: Account) -> None:
    with AzureDriver().connect(account.parameters(tier="archive")) as connection:
        connection.put(put_request())

        assert state(connection, NOWHERE) == (AccessState.READY, 1)
        assert state(connection, NOWHERE, REF) == (AccessState.WAITING, 1)


def test_nothing_that_was_begun_is_called_off(account: Account) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        ticket = connection.request_access(AccessRequest(refs=[REF]))

        assert not connection.cancel_access(AccessCancelRequest(ticket=ticket)).released


def test_the_same_bytes_again_are_believed_from_their_record_and_no_look_is_claimed(
    account: Account,
) -> None:
    with AzureDriver().connect(account.parameters(tier="archive")) as connection:
        connection.put(put_request())
        again = connection.put(put_request())

    assert again.already_there
    assert again.evidence is Evidence.DECLARED
