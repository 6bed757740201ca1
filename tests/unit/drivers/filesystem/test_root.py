"""The root: what is ours, what is new, what is away; the three are never confused."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from coffre.contract import (
    CapacityRequest,
    ConnectionLostError,
    ConnectionParameters,
    DeleteRequest,
    ForbiddenError,
    ListRequest,
    ObjectNotFoundError,
    OfferUnavailableError,
    ParameterError,
    StatRequest,
    SweepRequest,
)
from coffre.drivers.filesystem import FilesystemConnection, FilesystemDriver
from coffre.drivers.filesystem.marker import write_marker
from coffre.drivers.filesystem.settings import Settings, root_path
from coffre.tree import MARKER
from tests.unit.drivers.filesystem.conftest import connect, names_in, read, ref_of, store


def available(root: Path, **values: object) -> bool:
    driver = FilesystemDriver()
    return driver.is_available(
        ConnectionParameters.checked(driver.parameters, url=str(root), values=values)
    )


def test_a_missing_root_is_an_offer_unavailable_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(OfferUnavailableError, match="is its disk mounted"):
        connect(tmp_path / "away")

    assert not available(tmp_path / "away")
    assert not (tmp_path / "away").exists()


def test_a_missing_root_is_made_when_that_was_asked_for(tmp_path: Path) -> None:
    with connect(tmp_path / "new", create=True) as connection:
        store(connection, "a")

    assert available(tmp_path / "new")


def test_a_root_that_was_there_is_away_and_is_not_made_again(tmp_path: Path) -> None:
    with connect(tmp_path / "new", create=True) as connection:
        store(connection, "a")
    (tmp_path / "new").rename(tmp_path / "elsewhere")

    with pytest.raises(OfferUnavailableError, match="does not exist"):
        connect(tmp_path / "new", create=True)

    assert not (tmp_path / "new").exists()


def test_only_the_last_directory_is_ever_made(tmp_path: Path) -> None:
    with pytest.raises(OfferUnavailableError):
        connect(tmp_path / "no" / "such" / "place", create=True)


def test_an_empty_directory_is_a_new_offer_from_its_first_put_on(root: Path) -> None:
    with connect(root) as connection:
        with pytest.raises(ObjectNotFoundError):
            connection.stat(StatRequest(ref=ref_of("a")))
        assert os.listdir(root) == []
        store(connection, "a")

    assert json.loads((root / MARKER).read_text())["layout"] == 1


def test_a_new_disk_may_have_what_new_disks_have(root: Path) -> None:
    (root / "lost+found").mkdir()

    with connect(root) as connection:
        assert store(connection, "a").size == 10


def test_a_first_put_that_was_cut_short_is_begun_again(root: Path) -> None:
    (root / ".coffre" / "parts").mkdir(parents=True)

    with connect(root) as connection:
        assert store(connection, "a").size == 10


def test_a_directory_that_holds_other_things_is_refused_and_not_touched(root: Path) -> None:
    (root / "holiday.jpg").write_bytes(b"beach")

    with pytest.raises(ParameterError, match="neither empty nor an offer"):
        connect(root)

    assert not available(root)
    assert os.listdir(root) == ["holiday.jpg"]


def test_a_root_that_is_a_file_is_no_offer(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OfferUnavailableError, match="cannot be used"):
        connect(tmp_path / "file")


def test_an_empty_mount_point_is_not_an_offer_when_a_disk_is_expected(root: Path) -> None:
    with pytest.raises(OfferUnavailableError, match="is its disk mounted"):
        connect(root, mounted=True)

    with connect(root) as connection:
        store(connection, "a")
    with connect(root, mounted=True) as connection:
        assert read(connection, "a") == b"some bytes"


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
        root.mkdir()

        with pytest.raises(OfferUnavailableError, match="another directory"):
            store(connection, "a")

    assert os.listdir(root.with_name("below")) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [('{"layout": 2}', "upgrade coffre"), ("{", "is damaged"), ("[]", "is damaged")],
)
def test_a_marker_that_is_not_understood_is_refused(root: Path, text: str, why: str) -> None:
    (root / ".coffre").mkdir()
    (root / MARKER).write_text(text)

    with pytest.raises(ParameterError, match=why):
        connect(root)


def test_a_file_system_that_ignores_case_is_refused(root: Path) -> None:
    # What such a file system answers: the name in capitals is there too.
    (root / ".COFFRE").mkdir()
    descriptor = os.open(root, os.O_RDONLY)

    with pytest.raises(ParameterError, match="ignores upper and lower case"):
        write_marker(descriptor, Settings(root=str(root)))

    os.close(descriptor)
    assert not (root / MARKER).exists()


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
