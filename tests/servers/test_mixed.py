"""One archive on a disk, a server reached by SSH and a service, by command and by library.

What is stored is there on all of them; what is lost or damaged on one is found, and mended from
the others; an offer that is away is owed its copies; any one alone is enough to know again what
there is.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import coffre
from coffre.contract import ObjectRef
from tests.servers.mixed import ON_DISK, MixedArchive, mixed_archive

SERVICES = ("s3", "azure", "swift")
"""Kinds of the third offer."""
MANY = 60
"""Small objects of one directory."""
ONCE = pytest.mark.parametrize("archive", ["s3"], indirect=True)
"""What is about the engine more than about the service is tried on one of them."""
EACH_SERVICE_AND_SFTP = pytest.mark.parametrize(
    ("archive", "name"),
    [*((kind, "cloud") for kind in SERVICES), ("s3", "south")],
    indirect=["archive"],
)
LARGE = 20 * 1024 * 1024
"""Bytes of the largest object here: several parts, where a service takes objects in parts."""


@pytest.fixture(params=SERVICES)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MixedArchive]:
    kinds = {"north": ON_DISK, "south": "sftp", "cloud": request.param}
    with mixed_archive(tmp_path, kinds) as archive:
        yield archive


@pytest.fixture
def filled(archive: MixedArchive) -> MixedArchive:
    """Some letters, on all three."""
    for number in range(4):
        archive.file(f"letters/{number}.txt", b"letter %d" % number)
    archive.file("letters/empty", b"")
    archive.done("put", "-r", "letters", "--quiet")
    return archive


def letter(number: int) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=f"letters@@{number}.txt")


def test_small_large_and_many_are_on_every_offer(archive: MixedArchive) -> None:
    large = os.urandom(LARGE)
    archive.file("large.bin", large)
    for number in range(MANY):
        archive.file(f"many/{number}", b"%d" % number)

    archive.done("put", "large.bin")
    stored = archive.done("put", "-r", "many", "--json").summary

    assert stored.items() >= {"stored": MANY, "copies": 3 * MANY}.items()
    audit = archive.done("audit", "--json").summary
    assert audit["verified"] == 3 * (MANY + 1)
    for name in archive.offers:
        others = [other for other in archive.offers if other != name]
        archive.write_configuration([name, *others])
        got = archive.done("get", "large.bin").out
        assert hashlib.sha256(got).digest() == hashlib.sha256(large).digest(), name


def test_what_is_lost_and_damaged_is_found_and_mended(filled: MixedArchive) -> None:
    filled.offers["cloud"].lose(letter(0))
    filled.offers["south"].damage(letter(1))
    filled.offers["cloud"].damage(letter(2))
    filled.offers["north"].damage(letter(3))

    expected = {
        ("copy-missing", "cloud"): 1,
        ("copy-corrupt", "south"): 1,
        ("copy-corrupt", "cloud"): 1,
        ("copy-corrupt", "north"): 1,
    }
    assert filled.findings() == expected
    assert filled.findings() == expected, "an audit changes nothing"
    for number in range(4):
        assert filled.done("get", f"letters@@{number}.txt").out == b"letter %d" % number

    filled.done("repair")

    assert filled.findings() == {}
    for name, offer in filled.offers.items():
        for number in range(4):
            held = offer.harness.bytes_at_rest(letter(number))
            assert held == b"letter %d" % number, (name, number)


@EACH_SERVICE_AND_SFTP
def test_an_offer_that_is_away_is_owed_its_copies_and_gets_them(
    filled: MixedArchive, name: str
) -> None:
    away = filled.offers[name]
    away.away()
    filled.file("later.txt", b"later")

    stored = filled.done("put", "later.txt", "--json").summary
    assert stored["copies"] == 2
    found = filled.findings()
    assert found[("copy-unknown", name)] == 5, "what cannot be looked at is not called lost"
    assert found[("copy-owed", name)] == 1
    assert not [one for one in found if one[0] in ("copy-missing", "copy-corrupt")]
    assert filled("repair").status != 0, "a debt that is not paid is not called paid"

    away.back()
    filled.done("repair")

    assert filled.findings() == {}
    later = ObjectRef(tenant=0, container="object", identifier="later.txt")
    assert away.harness.bytes_at_rest(later) == b"later"


@ONCE
def test_a_deposit_fails_where_too_few_offers_answer_and_what_was_stored_stays(
    filled: MixedArchive,
) -> None:
    filled.offers["south"].away()
    filled.offers["cloud"].away()
    filled.file("later.txt", b"later")

    assert filled("put", "later.txt").status == 5
    assert filled.done("get", "letters@@0.txt").out == b"letter 0"

    for name in ("south", "cloud"):
        filled.offers[name].back()
    filled.done("put", "later.txt")
    assert filled.findings() == {}


@EACH_SERVICE_AND_SFTP
def test_one_offer_alone_is_enough_to_rebuild_the_ledger(filled: MixedArchive, name: str) -> None:
    before = described(filled)
    for path in filled.home.glob("coffre.db*"):
        path.unlink()
    others = [other for other in filled.offers if other != name]
    for other in others:
        filled.offers[other].away()

    rebuilt = filled.done("rebuild", name)

    assert "5 objects recovered" in rebuilt.lines[0]
    assert filled.done("get", "letters@@0.txt").out == b"letter 0"
    for other in others:
        filled.offers[other].back()
        assert "5 known already, 0 in conflict" in filled.done("rebuild", other).lines[0]
    filled.done("audit")
    assert described(filled) == before


def described(archive: MixedArchive) -> dict[object, tuple[object, object]]:
    """Identifiers, sizes and expected digests of all objects."""
    listed = archive.done("ls", "--json").told
    return {one["ref"]: (one["size"], one["digest"]) for one in listed if "ref" in one}


@ONCE
def test_an_offer_is_retired_once_the_others_hold_enough(filled: MixedArchive) -> None:
    filled.write_configuration(["north", "cloud"])
    filled.done("retire", "south", "--reason", "contract ended")
    filled.offers["south"].away()

    assert filled.findings() == {}
    refused = filled("retire", "north", "--reason", "a mistake")
    assert refused.status == 4
    assert "still-needed" in refused.err


@ONCE
def test_the_library_does_as_the_command(archive: MixedArchive) -> None:
    ref = ObjectRef(tenant=7, container="object", identifier="charter")
    with coffre.open(archive.home / "coffre.toml") as engine:
        receipt = engine.put(b"Given in the year 1328", ref)
        assert receipt.verified == len(archive.offers)
        archive.offers["north"].away()
        archive.offers["south"].away()
        with engine.get(ref) as reader:
            assert reader.read() == b"Given in the year 1328"
    assert archive.offers["cloud"].harness.bytes_at_rest(ref) == b"Given in the year 1328"
