"""Depositing one object: where its copies go, what is told, and what is left when it fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coffre.contract import (
    Capability,
    DigestAlgorithm,
    DigestMismatchError,
    Evidence,
    InvalidRequestError,
    ObjectConflictError,
    SizeMismatchError,
    SourceError,
)
from coffre.engine import Engine, Limits, NotEnoughCopiesError, StrategyError
from coffre.engine.items import Source
from coffre.engine.ledger import ClaimedError, CopyState, LedgerError
from coffre.offer import Offer, RetryPolicy
from coffre.streams import BytesContent
from coffre.testing import ErrorAfter, FlipOnWrite, LostWrite
from tests.unit.engine.sources import Breaking, BreakingContent, ChangingFile, Lying, OnceOnly
from tests.unit.engine.support import CHARTER, LARGE, House, house_in, ref, sha512, strategy

SIZES = pytest.mark.parametrize("data", [b"", CHARTER, LARGE], ids=["empty", "small", "large"])


def leaves_no_trace(house: House) -> bool:
    """No object on any offer, nothing of it in the ledger but the log."""
    objects = [name for name, offer in house.memory.items() if offer.refs()]
    return not objects and not house.ledger.last_state(ref()) and not list(house.ledger.debts())


# --- it works ----------------------------------------------------------------------------


@SIZES
def test_an_object_is_on_every_offer_of_its_strategy(house: House, data: bytes) -> None:
    receipt = house.engine.put(data, ref())

    assert house.held(ref()) == {"north": data, "south": data}
    assert receipt.digest == sha512(data)
    assert receipt.size == len(data)
    assert receipt.verified == 2
    assert receipt.evidence is Evidence.PRESENT
    assert not receipt.already_stored


@SIZES
def test_what_the_receipt_says_is_in_the_ledger(house: House, data: bytes) -> None:
    receipt = house.engine.put(data, ref(), metadata={"name": "Charter.txt"})

    record = house.record(ref())
    assert (record.digest, record.size, record.id) == (receipt.digest, receipt.size, receipt.event)
    assert record.metadata == {"name": "Charter.txt"}
    assert house.states(ref()) == {"north": CopyState.VERIFIED, "south": CopyState.VERIFIED}


@pytest.mark.parametrize("kind", ["bytes", "path", "text", "content", "stream"])
def test_any_kind_of_source_will_do(house: House, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    sources: dict[str, Source] = {
        "bytes": LARGE,
        "path": path,
        "text": str(path),
        "content": BytesContent(LARGE),
        "stream": OnceOnly(LARGE),
    }

    house.engine.put(sources[kind], ref())

    assert house.held(ref()) == {"north": LARGE, "south": LARGE}


def test_an_open_file_will_do_and_is_left_open(house: House, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(LARGE)

    with path.open("rb") as file:
        house.engine.put(file, ref())
        assert not file.closed

    assert house.held(ref()) == {"north": LARGE, "south": LARGE}


def test_a_source_that_is_nothing_to_read_is_refused(house: House) -> None:
    with pytest.raises(InvalidRequestError, match="not int"):
        house.engine.put(42, ref())  # type: ignore[arg-type]


def test_a_strategy_that_nobody_defined_is_refused_with_those_there_are(house: House) -> None:
    with pytest.raises(StrategyError, match="alone, default, lenient"):
        house.engine.put(CHARTER, ref(), strategy="paranoid")


def test_a_strategy_can_want_every_copy_read_back(house: House) -> None:
    receipt = house.engine.put(CHARTER, ref(), strategy="read-back")

    assert receipt.evidence is Evidence.READ
    assert [copy.evidence for copy in house.record(ref()).copies] == [Evidence.READ] * 2


def test_reading_back_finds_the_write_that_the_offer_lost(house: House) -> None:
    house.chaos["south"].inject("put", LostWrite())

    with pytest.raises(NotEnoughCopiesError) as failure:
        house.engine.put(CHARTER, ref(), strategy="read-back")

    assert {copy.offer: copy.code for copy in failure.value.copies} == {
        "north": "",
        "south": "object-not-found",
    }


def test_reading_back_finds_the_bit_that_the_offer_flipped(house: House) -> None:
    house.chaos["north"].inject("put", FlipOnWrite(byte=3))

    with pytest.raises(NotEnoughCopiesError, match="north: "):
        house.engine.put(CHARTER, ref(), strategy="read-back")


# --- the same again, and other bytes ----------------------------------------------------


@SIZES
def test_the_same_bytes_again_succeed_and_the_receipt_says_so(house: House, data: bytes) -> None:
    first = house.engine.put(data, ref())
    events = house.ledger.head().seq

    second = house.engine.put(data, ref())

    assert second.already_stored
    assert second.event == first.event
    assert all(copy.already_there for copy in second.copies)
    assert house.ledger.head().seq == events


@SIZES
def test_other_bytes_conflict_and_nothing_changes(house: House, data: bytes) -> None:
    house.engine.put(data, ref())
    before = house.record(ref())

    with pytest.raises(ObjectConflictError, match="write-once"):
        house.engine.put(data[:-1] + b"?" if data else b"?", ref())

    assert house.held(ref()) == {"north": data, "south": data}
    assert house.record(ref()) == before


def test_the_same_bytes_again_make_the_copies_that_are_owed(house: House) -> None:
    house.down("south")
    house.engine.put(CHARTER, ref(), strategy="lenient")
    house.up()

    receipt = house.engine.put(CHARTER, ref(), strategy="lenient")

    assert receipt.already_stored
    assert receipt.verified == 2
    assert house.held(ref()) == {"north": CHARTER, "south": CHARTER}
    assert not house.debts()


def test_the_same_bytes_again_do_not_touch_a_corrupt_copy(house: House) -> None:
    house.engine.put(CHARTER, ref(), strategy="lenient")
    house.memory["south"].damage(ref())
    bad = house.held(ref())["south"]
    assert house.findings() == [("copy-corrupt", "charter", "south")]

    receipt = house.engine.put(CHARTER, ref(), strategy="lenient")

    assert [copy.code for copy in receipt.owed] == ["object-conflict"]
    assert house.held(ref())["south"] == bad


def test_copies_made_again_are_read_back_where_the_strategy_wants_it(house: House) -> None:
    house.engine.put(CHARTER, ref(), strategy="read-back")
    house.memory["south"].forget(ref())
    assert ("copy-missing", "charter", "south") in house.findings()

    receipt = house.engine.put(CHARTER, ref(), strategy="read-back")

    assert [copy.evidence for copy in receipt.copies] == [Evidence.READ, Evidence.READ]


def test_copies_of_weaker_evidence_are_made_again_once_the_strategy_wants_more(
    house: House,
) -> None:
    house.engine.put(CHARTER, ref())
    stricter = strategy("default", "north", "south", required=2, verify=Evidence.READ)
    engine = Engine(house.offers, {"default": stricter}, house.ledger, clock=house.clock)

    receipt = engine.put(CHARTER, ref())

    assert (receipt.already_stored, receipt.evidence) == (True, Evidence.READ)
    assert {copy.evidence for copy in house.record(ref()).copies} == {Evidence.READ}


# --- too few copies ---------------------------------------------------------------------


@SIZES
def test_one_offer_down_is_a_debt_when_enough_copies_were_made(house: House, data: bytes) -> None:
    house.down("south")

    receipt = house.engine.put(data, ref(), strategy="three")

    assert [copy.offer for copy in receipt.owed] == ["south"]
    assert house.debts() == {("charter", "south"): "offer-unavailable"}
    assert house.held(ref()) == {"north": data, "east": data}


@SIZES
def test_too_few_copies_say_why_for_each_offer_and_leave_the_good_ones(
    house: House, data: bytes
) -> None:
    house.down("south", "east")

    with pytest.raises(NotEnoughCopiesError) as failure:
        house.engine.put(data, ref(), strategy="three")

    error = failure.value
    assert error.retryable
    assert {copy.offer: copy.code for copy in error.copies} == {
        "north": "",
        "south": "offer-unavailable",
        "east": "offer-unavailable",
    }
    assert "south: " in str(error)
    assert "east: " in str(error)
    assert house.held(ref()) == {"north": data}
    assert house.ledger.find(ref()) is None


@SIZES
def test_put_again_after_too_few_copies_succeeds(house: House, data: bytes) -> None:
    house.down("south")
    with pytest.raises(NotEnoughCopiesError):
        house.engine.put(data, ref())
    house.up()

    receipt = house.engine.put(data, ref())

    assert [copy.already_there for copy in receipt.copies] == [True, False]
    assert house.held(ref()) == {"north": data, "south": data}


def test_a_deposit_that_failed_is_told_in_the_ledger(house: House) -> None:
    house.down("south")
    with pytest.raises(NotEnoughCopiesError):
        house.engine.put(CHARTER, ref())

    (event,) = [event for event in house.ledger.events() if event.kind == "deposit-refused"]
    assert event.ref == str(ref())
    assert '"north":"stored"' in event.body


def test_copies_left_by_a_deposit_that_failed_are_found_by_an_audit(house: House) -> None:
    house.down("south")
    with pytest.raises(NotEnoughCopiesError):
        house.engine.put(CHARTER, ref())
    house.up()

    assert house.findings() == [("object-unrecorded", "charter", "north")]


def test_offers_that_hold_other_bytes_unknown_to_the_ledger_are_a_conflict(house: House) -> None:
    house.memory["south"].plant(ref(), b"older")

    with pytest.raises(ObjectConflictError, match="rebuild"):
        house.engine.put(CHARTER, ref())

    assert house.held(ref())["south"] == b"older"


@SIZES
def test_a_put_whose_answer_was_lost_counts_once_it_is_confirmed(
    tmp_path: Path, data: bytes
) -> None:
    with house_in(tmp_path, retry=RetryPolicy(attempts=3)) as house:
        house.chaos["south"].inject("put", ErrorAfter())

        receipt = house.engine.put(data, ref())

        assert receipt.verified == 2
        assert not house.debts()


# --- sources that are not what was announced --------------------------------------------


@SIZES
@pytest.mark.parametrize("by", [-1, 1])
def test_a_source_of_another_length_than_announced_leaves_no_trace(
    house: House, data: bytes, by: int
) -> None:
    if by > 0 or data:
        with pytest.raises(SizeMismatchError):
            house.engine.put(data, ref(), size=len(data) + by)

    assert leaves_no_trace(house)


@pytest.mark.parametrize("data", [CHARTER, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("by", [-1, 1])
def test_a_content_that_gives_another_number_of_bytes_leaves_no_trace(
    house: House, data: bytes, by: int
) -> None:
    with pytest.raises(SizeMismatchError):
        house.engine.put(Lying(data, len(data) + by), ref())

    assert leaves_no_trace(house)


@SIZES
@pytest.mark.parametrize("algorithm", [DigestAlgorithm.SHA512, DigestAlgorithm.MD5])
def test_a_source_of_another_digest_than_announced_leaves_no_trace(
    house: House, data: bytes, algorithm: DigestAlgorithm
) -> None:
    with pytest.raises(DigestMismatchError, match="nothing was stored") as failure:
        house.engine.put(data, ref(), digest=algorithm.of(b"something else"))

    assert failure.value.ref == ref()
    assert leaves_no_trace(house)


@SIZES
@pytest.mark.parametrize("algorithm", [DigestAlgorithm.SHA512, DigestAlgorithm.MD5])
def test_a_source_of_the_announced_digest_is_stored(
    house: House, data: bytes, algorithm: DigestAlgorithm
) -> None:
    receipt = house.engine.put(data, ref(), digest=algorithm.of(data))

    assert receipt.digest == sha512(data)


@pytest.mark.parametrize("data", [CHARTER, LARGE], ids=["small", "large"])
def test_a_wrong_announced_digest_is_refused_although_the_bytes_are_stored_already(
    house: House, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "source"
    path.write_bytes(data)
    house.engine.put(path, ref())

    with pytest.raises(DigestMismatchError):
        house.engine.put(path, ref(), digest=DigestAlgorithm.MD5.of(b"something else"))


def test_a_file_that_vanished_is_a_clear_error(house: House, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        house.engine.put(tmp_path / "gone", ref())

    assert leaves_no_trace(house)


@pytest.mark.parametrize("path", ["\0", "a\0b"])
def test_a_path_that_cannot_exist_is_a_clear_error(house: House, path: str) -> None:
    with pytest.raises(SourceError):
        house.engine.put(path, ref())


def test_a_file_that_changes_while_it_is_read_leaves_no_trace(house: House, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(LARGE)

    with pytest.raises((SourceError, SizeMismatchError)):
        house.engine.put(ChangingFile(path), ref())

    assert leaves_no_trace(house)


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), ValueError("no more")])
@pytest.mark.parametrize("good", [0, 100_000, 3_000_000])
def test_a_stream_that_breaks_leaves_no_trace(house: House, good: int, error: Exception) -> None:
    with pytest.raises(SourceError):
        house.engine.put(Breaking(good, error), ref())

    assert leaves_no_trace(house)


def test_a_content_that_breaks_on_its_way_leaves_no_trace(house: House) -> None:
    with pytest.raises(SourceError):
        house.engine.put(BreakingContent(ValueError("a defect of the content")), ref())

    assert leaves_no_trace(house)


def test_a_stream_longer_than_the_spool_allows_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with house_in(tmp_path, limits=Limits(spool_bytes=2_000_000)) as house:
        with pytest.raises(SourceError, match="raise the limit"):
            house.engine.put(OnceOnly(LARGE), ref())
        assert leaves_no_trace(house)


def test_the_spool_is_gone_after_the_put(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    with house_in(tmp_path, limits=Limits(spool_directory=str(spool))) as house:
        house.engine.put(OnceOnly(LARGE), ref())

    assert os.listdir(spool) == []


# --- metadata ---------------------------------------------------------------------------


def test_too_much_metadata_is_the_callers_error_and_not_the_offers(house: House) -> None:
    with pytest.raises(InvalidRequestError, match="metadata"):
        house.engine.put(CHARTER, ref(), metadata={"name": "x" * 20_000})

    assert leaves_no_trace(house)


def test_metadata_that_an_offer_cannot_keep_stay_in_the_ledger(house: House) -> None:
    south = house.offers["south"]
    house.offers["south"] = Offer(
        "south",
        south.driver,
        south.parameters,
        withheld=frozenset({Capability.METADATA}),
    )

    receipt = house.engine.put(CHARTER, ref(), metadata={"name": "Charter.txt"})

    assert receipt.verified == 2
    assert house.record(ref()).metadata == {"name": "Charter.txt"}


# --- the ledger -------------------------------------------------------------------------


def test_without_a_ledger_nothing_is_acknowledged(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise LedgerError("the disk of the ledger is full")

    with monkeypatch.context() as patched:
        patched.setattr(house.ledger, "record_deposits", refuse)
        with pytest.raises(LedgerError):
            house.engine.put(CHARTER, ref())

    assert house.ledger.find(ref()) is None
    assert house.engine.put(CHARTER, ref()).verified == 2


def test_a_reference_that_somebody_is_storing_is_busy(house: House) -> None:
    with house.ledger.claim([ref()]), pytest.raises(ClaimedError):
        house.engine.put(CHARTER, ref())

    assert leaves_no_trace(house)


def test_a_defect_in_the_thread_of_an_offer_is_not_mistaken_for_a_copy(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_args: object, **_named: object) -> None:
        raise MemoryError

    monkeypatch.setattr(house.offers["south"], "put", explode)

    with pytest.raises(MemoryError):
        house.engine.put(LARGE, ref(), strategy="lenient")

    assert house.ledger.find(ref()) is None
