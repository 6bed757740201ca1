"""An offer is made once, on purpose, where nothing else is; what is not ours is passed over."""

from __future__ import annotations

import pytest

from coffre.conformance.proxy import Kind, Proxy, Way
from coffre.contract import (
    ConnectionParameters,
    ForbiddenError,
    ListRequest,
    OfferTimeoutError,
    OfferUnavailableError,
    ParameterError,
    StatRequest,
)
from coffre.drivers.sftp import SftpDriver
from coffre.drivers.sftp.connection import SftpConnection
from coffre.tree import MARKER, place_of
from tests.conformance.deposits import deposit, named
from tests.unit.drivers.sftp.conftest import Parameters
from tests.unit.drivers.sftp.server import USER, Server


def test_a_directory_that_holds_other_things_is_not_touched(
    server: Server, parameters: Parameters
) -> None:
    place = server.root / "offer"
    place.mkdir()
    (place / "thesis.tex").write_text("mine")

    with pytest.raises(ParameterError, match="neither empty nor an offer"):
        SftpDriver().prepare(parameters())
    with SftpDriver().connect(parameters(create=True)) as connection:
        with pytest.raises(ForbiddenError, match="neither empty nor an offer"):
            connection.put(deposit("it"))
        with pytest.raises(OfferUnavailableError, match="holds no offer"):
            connection.stat(StatRequest(ref=named("it")))

    assert [one.name for one in place.iterdir()] == ["thesis.tex"]


def test_the_first_put_makes_the_offer_where_that_was_asked_for(
    server: Server, parameters: Parameters
) -> None:
    with pytest.raises(OfferUnavailableError, match="holds no offer"):
        SftpDriver().connect(parameters())

    with SftpDriver().connect(parameters(create=True)) as connection:
        assert connection.put(deposit("it")).size == 10

    assert (server.root / "offer" / MARKER).exists()


def test_an_offer_of_a_newer_layout_is_left_alone(
    server: Server, parameters: Parameters, connection: SftpConnection
) -> None:
    (server.root / "offer" / MARKER).write_text('{"layout": 2}')

    with pytest.raises(ParameterError, match="upgrade coffre"):
        SftpDriver().connect(parameters())


def test_a_listing_passes_over_what_is_no_object(
    server: Server, connection: SftpConnection
) -> None:
    connection.put(deposit("it"))
    shard = (server.root / "offer" / place_of(named("it")).path).parent
    (shard / ".hidden").write_text("x")
    (shard / "of-another-shard").write_text("x")
    (shard.parent / "notes.txt").write_text("x")
    (shard.parent / "lost+found").mkdir()

    with connection.list(ListRequest(tenant=0, container="object")) as listing:
        assert [(entry.identifier, entry.size) for entry in listing] == [("it", 10)]
        assert listing.complete


def test_a_server_that_falls_silent_did_not_answer_in_time(
    server: Server, parameters: Parameters, connection: SftpConnection
) -> None:
    connection.put(deposit("it"))
    with Proxy("127.0.0.1", server.port) as proxy:
        url = f"sftp://{USER}@{proxy.host}:{proxy.port}/offer"
        values = parameters(timeout=0.5).values
        with SftpDriver().connect(ConnectionParameters(url=url, values=values)) as silent:
            proxy.arm(Kind.STALL, Way.BACK)

            with pytest.raises(OfferTimeoutError) as caught:
                silent.stat(StatRequest(ref=named("it")))

            assert not caught.value.effect_unknown
            with pytest.raises(OfferUnavailableError):
                silent.stat(StatRequest(ref=named("it")))
