"""The root: what is ours, what is new, what is away; the three are never confused."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from coffre.contract import (
    BulkPutRequest,
    CapacityRequest,
    ConnectionLostError,
    ConnectionParameters,
    ContainersRequest,
    DeleteRequest,
    ForbiddenError,
    ListRequest,
    ObjectNotFoundError,
    OfferUnavailableError,
    ParameterError,
    PrepareResult,
    PutResult,
    QuarantineRequest,
    StatRequest,
    SweepRequest,
)
from coffre.drivers.filesystem import FilesystemConnection, FilesystemDriver
from coffre.drivers.filesystem.marker import refuse_other_things, write_marker
from coffre.drivers.filesystem.settings import Settings, root_path
from coffre.tree import MARKER
from tests.unit.drivers.filesystem.conftest import (
    connect,
    names_in,
    parameters_of,
    prepare,
    read,
    ref_of,
    request_of,
    store,
)

EVERYTHING_BUT_A_PUT: tuple[Callable[[FilesystemConnection], object], ...] = (
    lambda connection: read(connection, "a"),
    lambda connection: connection.stat(StatRequest(ref=ref_of("a"))),
    lambda connection: connection.delete(DeleteRequest(ref=ref_of("a"))),
    lambda connection: connection.list(ListRequest(tenant=0, container="object")),
    lambda connection: connection.capacity(CapacityRequest()),
    lambda connection: list(connection.containers(ContainersRequest())),
    lambda connection: connection.quarantine(QuarantineRequest(ref=ref_of("a"), reason="bad")),
    lambda connection: connection.sweep(SweepRequest()),
)


def available(root: Path, **values: object) -> bool:
    return FilesystemDriver().is_available(parameters_of(root, **values))


def test_a_missing_root_is_an_offer_unavailable_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(OfferUnavailableError, match="is its disk mounted"):
        connect(tmp_path / "away")

    assert not available(tmp_path / "away")
    assert not (tmp_path / "away").exists()


def test_an_empty_root_is_an_offer_unavailable_and_nothing_is_made(place: Path) -> None:
    with pytest.raises(OfferUnavailableError, match="holds no offer: is its disk mounted"):
        connect(place)

    assert not available(place)
    assert os.listdir(place) == []


@pytest.mark.parametrize("name", ["place", "missing"])
def test_the_first_put_makes_the_offer_when_that_was_asked_for(place: Path, name: str) -> None:
    root = place.with_name(name)

    with connect(root, create=True) as connection:
        assert store(connection, "a").size == 10
        assert read(connection, "a") == b"some bytes"

    assert json.loads((root / MARKER).read_text())["layout"] == 1
    assert available(root)


def test_the_first_bulk_put_makes_the_offer_when_that_was_asked_for(place: Path) -> None:
    with connect(place, create=True) as connection:
        (outcome,) = connection.bulk_put(BulkPutRequest(puts=[request_of("a")]))

    assert isinstance(outcome, PutResult)
    assert available(place)


@pytest.mark.parametrize("name", ["place", "missing"])
@pytest.mark.parametrize("ask", EVERYTHING_BUT_A_PUT)
def test_only_a_put_makes_an_offer_and_all_else_is_unavailable(
    place: Path, name: str, ask: Callable[[FilesystemConnection], object]
) -> None:
    root = place.with_name(name)

    with (
        connect(root, create=True) as connection,
        pytest.raises(OfferUnavailableError, match="is its disk mounted"),
    ):
        ask(connection)

    assert not available(root, create=True)
    assert root.exists() == (name == "place")
    assert os.listdir(place) == []


def test_a_session_that_waits_for_its_offer_sees_it_once_another_made_it(place: Path) -> None:
    with connect(place, create=True) as waiting:
        with connect(place, create=True) as other:
            store(other, "a")

        assert read(waiting, "a") == b"some bytes"


def test_a_session_that_waits_for_its_offer_can_be_closed(place: Path) -> None:
    connection = connect(place, create=True)
    connection.close()

    with pytest.raises(ConnectionLostError, match="closed"):
        store(connection, "a")
    assert os.listdir(place) == []


@pytest.mark.parametrize("left", [True, False])
def test_a_root_that_was_an_offer_is_away_and_is_not_made_again(root: Path, left: bool) -> None:
    with connect(root) as connection:
        store(connection, "a")
    root.rename(root.with_name("elsewhere"))
    if left:
        root.mkdir()

    with pytest.raises(OfferUnavailableError):
        connect(root, create=True)
    with pytest.raises(OfferUnavailableError, match="its disk is away"):
        prepare(root)

    assert root.exists() == left
    assert not left or os.listdir(root) == []


def test_only_the_last_directory_is_ever_made(tmp_path: Path) -> None:
    for ask in (prepare, lambda root: store(connect(root, create=True), "a")):
        with pytest.raises(OfferUnavailableError):
            ask(tmp_path / "no" / "such" / "place")


@pytest.mark.parametrize("name", ["place", "missing"])
def test_an_offer_is_prepared_once(place: Path, name: str) -> None:
    root = place.with_name(name)

    assert prepare(root) == PrepareResult(place=str(root), made=True)
    marker = (root / MARKER).read_bytes()
    assert prepare(root) == PrepareResult(place=str(root), made=False)

    assert (root / MARKER).read_bytes() == marker
    with connect(root) as connection, pytest.raises(ObjectNotFoundError):
        connection.stat(StatRequest(ref=ref_of("a")))


def test_a_new_disk_may_have_what_new_disks_have(place: Path) -> None:
    (place / "lost+found").mkdir()

    assert prepare(place).made


def test_a_preparation_that_was_cut_short_is_begun_again(place: Path) -> None:
    (place / ".coffre" / "parts").mkdir(parents=True)

    with pytest.raises(OfferUnavailableError):
        connect(place)
    assert prepare(place).made


def test_a_directory_that_holds_other_things_is_refused_and_not_touched(place: Path) -> None:
    (place / "holiday.jpg").write_bytes(b"beach")

    for ask in (connect, prepare, partial(connect, create=True)):
        with pytest.raises(ParameterError, match="neither empty nor an offer"):
            ask(place)

    assert not available(place)
    assert os.listdir(place) == ["holiday.jpg"]


def test_what_came_into_a_new_place_meanwhile_is_not_touched(place: Path) -> None:
    with connect(place, create=True) as connection:
        (place / "holiday.jpg").write_bytes(b"beach")

        with pytest.raises(ForbiddenError, match="neither empty nor an offer"):
            store(connection, "a")

    assert os.listdir(place) == ["holiday.jpg"]


def test_an_offer_that_others_made_and_filled_meanwhile_is_one(place: Path) -> None:
    """Between looking for the marker and looking at what else is there, somebody was quicker."""
    prepare(place)
    (place / "0").mkdir()
    descriptor = os.open(place, os.O_RDONLY)
    try:
        assert refuse_other_things(descriptor, str(place)) is not None
    finally:
        os.close(descriptor)


def test_a_root_that_is_a_file_is_no_offer(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OfferUnavailableError, match="cannot be used"):
        connect(tmp_path / "file")


def test_a_root_that_lost_its_marker_is_away_and_no_object_is_called_absent(root: Path) -> None:
    with connect(root) as connection:
        store(connection, "a")
        shutil.rmtree(root)
        root.mkdir()
        for ask in (
            lambda: read(connection, "a"),
            lambda: connection.stat(StatRequest(ref=ref_of("a"))),
            lambda: connection.delete(DeleteRequest(ref=ref_of("a"))),
            lambda: names_in(connection),
            lambda: connection.sweep(SweepRequest()),
        ):
            with pytest.raises(OfferUnavailableError):
                ask()
    with pytest.raises(OfferUnavailableError, match="lost its marker"):
        connect(root)
    assert not available(root)


def test_a_root_that_vanishes_takes_no_put(root: Path, connection: FilesystemConnection) -> None:
    store(connection, "a")
    shutil.rmtree(root)

    with pytest.raises(OfferUnavailableError):
        store(connection, "b")


def test_a_disk_mounted_meanwhile_is_not_mistaken_for_the_directory_below(root: Path) -> None:
    with connect(root) as connection:
        root.rename(root.with_name("below"))
        disk = root.with_name("disk")
        prepare(disk)
        disk.rename(root)

        with pytest.raises(OfferUnavailableError, match="another directory"):
            read(connection, "a")


@pytest.mark.parametrize(
    ("text", "why"),
    [('{"layout": 2}', "upgrade coffre"), ("{", "is damaged"), ("[]", "is damaged")],
)
def test_a_marker_that_is_not_understood_is_refused(place: Path, text: str, why: str) -> None:
    (place / ".coffre").mkdir()
    (place / MARKER).write_text(text)

    for ask in (connect, prepare):
        with pytest.raises(ParameterError, match=why):
            ask(place)


def test_a_file_system_that_ignores_case_is_refused(place: Path) -> None:
    # What such a file system answers: the name in capitals is there too.
    (place / ".COFFRE").mkdir()
    descriptor = os.open(place, os.O_RDONLY)

    with pytest.raises(ParameterError, match="ignores upper and lower case"):
        write_marker(descriptor, Settings(root=str(place)))

    os.close(descriptor)
    assert not (place / MARKER).exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter anything")
def test_a_root_that_may_not_be_entered_is_forbidden(root: Path) -> None:
    root.chmod(0)
    try:
        with pytest.raises(ForbiddenError):
            connect(root)
    finally:
        root.chmod(0o755)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/srv/offer", "/srv/offer"),
        ("/srv/a?b#c%20d", "/srv/a?b#c%20d"),
        ("file:///srv/offer", "/srv/offer"),
        ("file://localhost/srv/offer", "/srv/offer"),
        ("file:///srv/%C3%A9t%C3%A9%20%23", "/srv/été #"),
    ],
)
def test_a_root_is_named_by_a_url_or_by_its_path(url: str, path: str) -> None:
    assert root_path(url) == path


@pytest.mark.parametrize(
    "url",
    [
        "",
        "offer",
        "./offer",
        "file:offer",
        "file://host/x",
        "http://x/y",
        "/a\x00b",
        "file:///a%00",
        "file:///a?b",
        "file:///a#b",
        "file://",
    ],
)
def test_what_is_not_a_local_directory_is_refused(url: str) -> None:
    with pytest.raises(ParameterError):
        root_path(url)


def test_a_closed_connection_says_so(connection: FilesystemConnection) -> None:
    store(connection, "a")
    connection.close()

    for ask in (
        lambda: store(connection, "a"),
        lambda: read(connection, "a"),
        lambda: names_in(connection),
        lambda: connection.delete(DeleteRequest(ref=ref_of("a"))),
        lambda: connection.capacity(CapacityRequest()),
    ):
        with pytest.raises(ConnectionLostError, match="closed"):
            ask()


def test_a_container_that_was_never_used_is_empty(connection: FilesystemConnection) -> None:
    with connection.list(ListRequest(tenant=9, container="report")) as listing:
        assert list(listing) == []
        assert listing.complete


def test_values_of_another_type_are_refused(root: Path) -> None:
    wrong = ConnectionParameters(url=str(root), values=(("flush", "no"),))

    with pytest.raises(ParameterError, match="true or false"):
        FilesystemDriver().connect(wrong)
    with pytest.raises(ParameterError, match="one of auto"):
        FilesystemDriver().connect(ConnectionParameters(url=str(root), values=(("records", "x"),)))
