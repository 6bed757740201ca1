"""Reading back: the first offer that gives the right bytes, and what was wrong with the others."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from coffre.contract import (
    ByteStream,
    Evidence,
    ObjectCorruptError,
    ObjectNotFoundError,
    SourceError,
)
from coffre.engine import DeletionOrder, Limits, NoReadableCopyError, keeping
from coffre.engine.ledger import CopyState
from coffre.testing import AbsentForUnreachable, BrokenRead, FlipOnRead, ShortRead
from tests.unit.engine.support import CHARTER, LARGE, House, house_in, ref

DATA = pytest.mark.parametrize("data", [b"", CHARTER, LARGE], ids=["empty", "small", "large"])
SOME = pytest.mark.parametrize("data", [CHARTER, LARGE], ids=["small", "large"])


@DATA
@pytest.mark.parametrize("verified", [True, False])
def test_an_object_comes_back_as_it_was_stored(house: House, data: bytes, verified: bool) -> None:
    house.engine.put(data, ref())

    with house.engine.get(ref(), verified=verified) as reader:
        assert reader.read() == data
        assert (reader.size, reader.offer, reader.verified) == (len(data), "north", verified)
        assert reader.read() == b""


@SOME
def test_it_can_be_read_piece_by_piece(house: House, data: bytes) -> None:
    house.engine.put(data, ref())

    with house.engine.get(ref()) as reader:
        assert b"".join(iter(lambda: reader.read(10_007), b"")) == data


def test_what_is_not_stored_is_not_found(house: House) -> None:
    with pytest.raises(ObjectNotFoundError), house.engine.get(ref()):
        pass


def test_what_was_deleted_is_not_found(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.engine.delete(DeletionOrder(ref=ref(), author="archivist", reason="retention over"))

    with pytest.raises(ObjectNotFoundError), house.engine.get(ref()):
        pass


@SOME
def test_an_offer_that_is_down_is_passed_over_and_nothing_is_concluded(
    house: House, data: bytes
) -> None:
    house.engine.put(data, ref())
    house.down("north")

    with house.engine.get(ref()) as reader:
        assert reader.read() == data
        assert reader.offer == "south"
        assert reader.passed_over == [("north", "offer-unavailable")]

    assert house.states(ref())["north"] is CopyState.VERIFIED
    assert not house.debts()


@SOME
def test_a_copy_that_is_lost_is_passed_over_and_noted_as_a_debt(house: House, data: bytes) -> None:
    house.engine.put(data, ref())
    house.memory["north"].forget(ref())

    assert house.read(ref()) == data

    assert house.states(ref())["north"] is CopyState.MISSING
    assert house.debts() == {("charter", "north"): "object-not-found"}


@SOME
def test_a_corrupt_copy_is_passed_over_before_its_first_byte_and_noted_as_a_debt(
    house: House, data: bytes
) -> None:
    house.engine.put(data, ref())
    house.memory["north"].damage(ref())

    with house.engine.get(ref()) as reader:
        assert reader.passed_over == [("north", "object-corrupt")]
        assert reader.read() == data

    assert house.states(ref())["north"] is CopyState.CORRUPT
    assert house.debts() == {("charter", "north"): "object-corrupt"}


@SOME
@pytest.mark.parametrize("spoilt", [b"short", b"x" * 4_000_000], ids=["shorter", "longer"])
def test_a_copy_of_another_length_is_corrupt(house: House, data: bytes, spoilt: bytes) -> None:
    house.engine.put(data, ref())
    house.memory["north"].damage(ref(), spoilt)

    assert house.read(ref()) == data

    assert house.states(ref())["north"] is CopyState.CORRUPT


@SOME
def test_bytes_damaged_on_their_way_are_not_held_against_the_copy(
    house: House, data: bytes
) -> None:
    house.engine.put(data, ref())
    house.chaos["north"].inject("get", FlipOnRead(byte=5))

    assert house.read(ref()) == data

    assert house.states(ref())["north"] is CopyState.VERIFIED
    assert not house.debts()


@SOME
@pytest.mark.parametrize("fault", [BrokenRead(after=9), ShortRead(keep=9)], ids=["broken", "cut"])
def test_a_transfer_that_is_cut_says_nothing_of_the_copy(
    house: House, data: bytes, fault: BrokenRead | ShortRead
) -> None:
    house.engine.put(data, ref())
    house.chaos["north"].inject("get", fault)

    with house.engine.get(ref()) as reader:
        assert reader.read() == data
        assert reader.passed_over == [("north", "connection-lost")]

    assert not house.debts()


@SOME
def test_three_offers_with_three_faults_are_all_told(house: House, data: bytes) -> None:
    house.engine.put(data, ref(), strategy="three")
    house.memory["north"].damage(ref())
    house.memory["south"].forget(ref())
    house.down("east")

    with pytest.raises(NoReadableCopyError) as failure, house.engine.get(ref()):
        pass

    for name in ("north: ", "south: ", "east: "):
        assert name in str(failure.value)
    assert failure.value.retryable
    assert set(house.debts()) == {("charter", "north"), ("charter", "south")}


def test_a_copy_known_to_be_bad_is_tried_last(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.memory["north"].damage(ref())
    house.read(ref())

    with house.engine.get(ref()) as reader:
        assert (reader.offer, reader.passed_over) == ("south", [])


def test_a_copy_known_to_be_bad_that_is_good_again_still_serves(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.memory["north"].damage(ref())
    house.read(ref())
    house.memory["north"].damage(ref(), CHARTER)
    house.down("south")

    assert house.read(ref()) == CHARTER


def test_one_offer_can_be_asked_alone(house: House) -> None:
    house.engine.put(CHARTER, ref())

    with house.engine.get(ref(), offer="south") as reader:
        assert reader.offer == "south"

    house.down("south")
    with pytest.raises(NoReadableCopyError), house.engine.get(ref(), offer="south"):
        pass


def test_an_offer_that_was_removed_is_left_out(house: House) -> None:
    house.engine.put(CHARTER, ref())
    del house.offers["north"]

    with house.engine.get(ref()) as reader:
        assert reader.offer == "south"

    del house.offers["south"]
    with pytest.raises(NoReadableCopyError, match="no offer that is configured"):
        house.read(ref())


def test_a_driver_that_says_absent_for_unreachable_loses_one_copy_at_most(house: House) -> None:
    """Such a lie cannot be told from the truth; the other copy and the audit remain."""
    house.engine.put(CHARTER, ref())
    house.chaos["north"].inject("get", AbsentForUnreachable(), times=None)
    house.down("north")

    assert house.read(ref()) == CHARTER


# --- streaming ---------------------------------------------------------------------------


@SOME
def test_streaming_gives_an_error_on_the_last_byte_of_a_corrupt_copy(
    house: House, data: bytes
) -> None:
    house.engine.put(data, ref())
    house.memory["north"].damage(ref())
    given = bytearray()

    with (
        pytest.raises(ObjectCorruptError),
        house.engine.get(ref(), verified=False) as reader,
    ):
        given.extend(byte for piece in iter(lambda: reader.read(1 << 20), b"") for byte in piece)

    assert len(given) < len(data)
    assert house.debts() == {("charter", "north"): "object-corrupt"}


def test_streaming_passes_over_an_offer_that_cannot_be_opened(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.memory["north"].forget(ref())

    with house.engine.get(ref(), verified=False) as reader:
        assert (reader.offer, reader.read()) == ("south", CHARTER)


def test_an_error_of_another_object_is_not_noted_against_this_one(house: House) -> None:
    house.engine.put(CHARTER, ref())

    with pytest.raises(ObjectCorruptError), house.engine.get(ref(), verified=False):
        raise ObjectCorruptError("another one", ref=ref("another"))

    assert not house.debts()


# --- keeping aside -----------------------------------------------------------------------


def test_no_room_to_keep_bytes_aside_is_not_held_against_the_offers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.engine.put(LARGE, ref())

    def full(branch: ByteStream, out: object, problem: list[BaseException]) -> None:
        with branch:
            problem.append(OSError(28, "No space left on device"))

    monkeypatch.setattr(keeping, "_write_branch", full)

    with pytest.raises(SourceError, match="No space left"):
        house.read(ref())
    assert not house.debts()


def test_a_spool_directory_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with house_in(tmp_path, limits=Limits(spool_directory=str(tmp_path / "gone"))) as house:
        house.engine.put(LARGE, ref())

        with pytest.raises(SourceError, match="no place"):
            house.read(ref())


def test_readers_can_be_many_at_the_same_time(house: House) -> None:
    house.engine.put(LARGE, ref())
    read: list[bytes] = []

    threads = [threading.Thread(target=lambda: read.append(house.read(ref()))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert read == [LARGE] * 6


def test_a_look_that_failed_is_recorded_with_its_evidence(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.memory["north"].damage(ref())
    house.read(ref())

    copy = house.record(ref()).copy_on("north")
    assert copy is not None
    assert copy.evidence is Evidence.READ
    assert "digest" in copy.detail
