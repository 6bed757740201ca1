"""A disk that is away leaves an empty directory: processes that never saw it conclude nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Archive

FILES = 5


@pytest.fixture
def unmounted(archive: Archive) -> Archive:
    """An archive of some objects, whose north is away."""
    for number in range(FILES):
        archive.file(f"letters/{number}.txt", b"letter %d" % number)
    assert archive("put", "-r", "letters").status == 0
    north(archive).rename(archive.home / "disk")
    north(archive).mkdir()
    return archive


def north(archive: Archive) -> Path:
    return archive.home / "offers" / "north"


def codes_in(archive: Archive, *words: str) -> Counter[object]:
    told = archive("audit", "--json", *words).told
    return Counter(line["code"] for line in told if "code" in line)


def test_an_audit_finds_every_copy_unknown_and_none_missing(unmounted: Archive) -> None:
    found = codes_in(unmounted)

    assert found == {"copy-unknown": FILES, "offer-unlisted": 1}
    assert list(north(unmounted).iterdir()) == []


def test_a_repair_writes_nothing_onto_what_is_left_and_all_is_well_again(
    unmounted: Archive,
) -> None:
    unmounted("audit", "--repair")
    unmounted("repair")
    unmounted.file("later.txt")
    assert unmounted("put", "later.txt").status == 5

    assert list(north(unmounted).iterdir()) == []
    north(unmounted).rmdir()
    (unmounted.home / "disk").rename(north(unmounted))
    assert unmounted("put", "later.txt").status == 0
    assert unmounted("repair").status == 0
    assert codes_in(unmounted) == {}


def test_a_place_where_copies_are_known_is_not_prepared_as_a_new_one(unmounted: Archive) -> None:
    ran = unmounted("offers", "--prepare", "north")

    assert ran.status == 4
    assert "Bring its disk back" in ran.err
    assert list(north(unmounted).iterdir()) == []


def test_a_lost_disk_is_replaced_on_purpose_and_filled_by_a_repair(unmounted: Archive) -> None:
    made = unmounted("offers", "--prepare", "north", "--replaced")
    again = unmounted("offers", "--prepare", "north", "--json")

    assert (made.status, made.lines) == (0, [f"made  {north(unmounted)}"])
    assert again.told == [{"id": "north", "place": str(north(unmounted)), "made": False}]
    assert codes_in(unmounted)["copy-missing"] == FILES
    assert unmounted("repair").status == 0
    assert codes_in(unmounted) == {}


def test_a_new_offer_is_prepared_before_anything_is_stored_there(archive: Archive) -> None:
    with (archive.home / "coffre.toml").open("a") as file:
        file.write('\n[offers.east]\ndriver = "filesystem"\nurl = "file:offers/east"\n')
    archive.file("offers/east/holiday.jpg", b"beach")

    refused = archive("offers", "--prepare", "east")
    (archive.home / "offers" / "east" / "holiday.jpg").unlink()
    away = archive("offers", "--check")
    made = archive("offers", "--prepare", "east")

    assert (refused.status, away.status, made.status) == (2, 6, 0)
    assert "neither empty nor an offer" in refused.err
    assert archive("offers", "--check").status == 0
    assert archive("offers", "--prepare", "nowhere").status == 2
