"""The engine over directories: what a person finds there, and what is done about it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from coffre.contract import CoffreError, ConnectionParameters
from coffre.drivers.filesystem import FilesystemDriver
from coffre.engine import Engine, NotEnoughCopiesError, PutItem, RepairAction
from coffre.engine.ledger import Ledger
from coffre.offer import NO_RETRY, Offer
from coffre.streams.filling import LARGE as PAST_THE_CACHE
from tests.unit.engine.sources import BreakingContent, Lying
from tests.unit.engine.support import CHARTER, LARGE, ref, strategy, told

NAMES = ("north", "south")


def offer(name: str, directory: Path) -> Offer:
    driver = FilesystemDriver()
    parameters = ConnectionParameters.checked(
        driver.parameters,
        url=f"file://{directory / name}",
        values={"create": True, "flush": False},
    )
    return Offer(name, driver, parameters, retry=NO_RETRY)


@contextmanager
def over(directory: Path) -> Iterator[Engine]:
    offers = {name: offer(name, directory) for name in NAMES}
    strategies = {"default": strategy("default", *NAMES, required=2)}
    with Ledger.open(str(directory / "ledger.db"), author="tester") as ledger:
        yield Engine(offers, strategies, ledger)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with over(tmp_path) as engine:
        yield engine
        assert list(engine.audit_ledger()) == []


def file_of(directory: Path, name: str, identifier: str = "charter") -> Path:
    (found,) = (directory / name / "0" / "object").glob(f"*/{identifier}")
    return found


def bytes_below(directory: Path) -> int:
    """Bytes of every file of the objects' folders, seen or unseen."""
    objects = directory / "0"
    return sum(path.stat().st_size for path in objects.rglob("*") if path.is_file())


@pytest.mark.parametrize("data", [b"", CHARTER, LARGE], ids=["empty", "small", "large"])
def test_an_object_is_a_plain_file_on_each_offer(
    engine: Engine, tmp_path: Path, data: bytes
) -> None:
    engine.put(data, ref())

    for name in NAMES:
        assert file_of(tmp_path, name).read_bytes() == data
    with engine.get(ref()) as reader:
        assert reader.read() == data


def test_a_job_is_plain_files_too(engine: Engine, tmp_path: Path) -> None:
    list(engine.put_many(PutItem(ref=ref(f"n{n}"), source=str(n).encode()) for n in range(300)))

    assert file_of(tmp_path, "south", "n299").read_bytes() == b"299"
    assert list(engine.audit()) == []


@pytest.mark.parametrize(
    "source",
    [BreakingContent(ValueError("broken")), Lying(LARGE, len(LARGE) + 1), Lying(CHARTER, 3)],
    ids=["breaking", "short", "long"],
)
def test_a_source_that_fails_leaves_no_byte_on_disk(
    engine: Engine, tmp_path: Path, source: Lying | BreakingContent
) -> None:
    with pytest.raises(CoffreError):
        engine.put(source, ref())

    assert [bytes_below(tmp_path / name) for name in NAMES] == [0, 0]


@pytest.mark.parametrize("fault", ["flip", "cut", "longer", "removed"])
def test_a_fault_on_disk_is_found_and_repaired_and_bad_bytes_are_kept(
    engine: Engine, tmp_path: Path, fault: str
) -> None:
    engine.put(LARGE, ref(), metadata={"name": "Charter.bin"})
    path = file_of(tmp_path, "south")
    bad = {
        "flip": LARGE[:-1] + bytes([LARGE[-1] ^ 1]),
        "cut": LARGE[: len(LARGE) // 2],
        "longer": LARGE + b"!",
        "removed": b"",
    }[fault]
    if fault == "removed":
        path.unlink()
    else:
        path.write_bytes(bad)

    code = "copy-missing" if fault == "removed" else "copy-corrupt"
    assert (code, "charter", "south") in told(engine.audit())
    (outcome,) = engine.repair()

    assert outcome.source == "north"
    assert file_of(tmp_path, "south").read_bytes() == LARGE
    assert list(engine.audit()) == []
    if fault == "removed":
        assert outcome.action is RepairAction.MADE
    else:
        assert outcome.action is RepairAction.REWRITTEN
        assert Path(outcome.quarantined).read_bytes() == bad


def test_a_large_object_is_fetched_from_the_next_offer_after_a_bad_one(
    engine: Engine, tmp_path: Path
) -> None:
    # Written past the page cache, and of no whole number of its blocks.
    data = bytes(range(256)) * (PAST_THE_CACHE // 256) + b"and an end"
    engine.put(data, ref())
    path = file_of(tmp_path, "north")
    path.write_bytes(data[:-1] + b"?")

    reader = engine.fetch(ref(), tmp_path / "fetched")

    assert reader.offer == "south"
    assert reader.passed_over == [("north", "object-corrupt")]
    assert (tmp_path / "fetched").read_bytes() == data


def test_a_directory_that_is_away_is_unknown_and_nothing_is_written_in_its_place(
    engine: Engine, tmp_path: Path
) -> None:
    engine.put(CHARTER, ref())
    (tmp_path / "south").rename(tmp_path / "away")
    (tmp_path / "south").mkdir()  # an empty mount point

    assert told(engine.audit()) == [
        ("copy-unknown", "charter", "south"),
        ("offer-unlisted", "", "south"),
    ]
    with pytest.raises(NotEnoughCopiesError):
        engine.put(CHARTER, ref("other"))
    assert os.listdir(tmp_path / "south") == []

    (tmp_path / "south").rmdir()
    (tmp_path / "away").rename(tmp_path / "south")
    assert engine.put(CHARTER, ref("other")).verified == 2
    assert list(engine.audit()) == []


def test_an_overwritten_object_stays_readable_for_who_has_it_open(engine: Engine) -> None:
    place = ref("index", container="tmp")
    engine.put(LARGE, place)

    with engine.get(place, verified=False) as reader:
        first = reader.read(10)
        engine.put(CHARTER, place)
        assert first + reader.read() == LARGE

    with engine.get(place) as reader:
        assert reader.read() == CHARTER


def test_everything_is_still_known_after_closing_and_opening_again(tmp_path: Path) -> None:
    with over(tmp_path) as engine:
        engine.put(LARGE, ref())

    with over(tmp_path) as engine:
        assert engine.put(LARGE, ref()).already_stored
        assert list(engine.audit()) == []
