"""Bulk deposits: one answer for each item, acknowledged together, never stopped by one of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from coffre.contract import (
    Capability,
    DigestAlgorithm,
    Evidence,
    ObjectRef,
    PutRequest,
    SourceError,
)
from coffre.engine import PutItem, Receipt, Refusal, StrategyError, bulk
from coffre.engine.items import Source
from coffre.engine.ledger import ClaimedError, CopyState, Deposit, LedgerError
from coffre.engine.walking import Tree, walk
from coffre.offer import Offer
from coffre.testing import ErrorBefore, FlipOnWrite, LostWrite
from tests.unit.engine.sources import Breaking, OnceOnly
from tests.unit.engine.support import CHARTER, LARGE, House, ref, sha512


def item(name: str, source: Source = CHARTER, **named: object) -> PutItem:
    return PutItem(ref=ref(name), source=source, name=f"{name}.txt", **named)  # type: ignore[arg-type]


def numbered(count: int) -> list[PutItem]:
    return [item(f"n{number:04}", str(number).encode()) for number in range(count)]


def put_all(
    house: House, items: list[PutItem | Refusal], strategy: str = "default"
) -> dict[str, Receipt | Refusal]:
    """Every answer, by the name of its item; each item has exactly one."""
    answers = list(house.engine.put_many(items, strategy=strategy))
    assert len(answers) == len(items)
    return {answer.name: answer for answer in answers}


def code(answer: Receipt | Refusal) -> str:
    return answer.error.code if isinstance(answer, Refusal) else "stored"


def test_every_item_is_stored_and_has_its_receipt(house: House) -> None:
    items = numbered(600)

    answers = put_all(house, [*items])

    for one in items:
        receipt = answers[one.name]
        assert isinstance(receipt, Receipt)
        assert receipt.verified == 2
        assert house.record(one.ref).digest == receipt.digest == sha512(one.source)  # type: ignore[arg-type]
        assert set(house.held(one.ref).values()) == {one.source}


def test_an_empty_job_does_nothing(house: House) -> None:
    assert put_all(house, []) == {}


def test_small_and_large_ones_go_together(house: House) -> None:
    answers = put_all(house, [item("a"), item("large", LARGE), item("empty", b"")])

    assert {code(answer) for answer in answers.values()} == {"stored"}
    assert house.held(ref("large")) == {"north": LARGE, "south": LARGE}
    assert house.held(ref("empty")) == {"north": b"", "south": b""}


def test_a_large_stream_that_can_be_read_once_is_stored_whole(house: House) -> None:
    put_all(house, [item("once", OnceOnly(LARGE))])

    assert house.held(ref("once")) == {"north": LARGE, "south": LARGE}


def test_a_batch_is_one_put_for_each_offer_and_one_transaction(house: House) -> None:
    put_all(house, [*numbered(bulk.BATCH_OBJECTS)])

    before = house.ledger.head().seq
    assert before == bulk.BATCH_OBJECTS + 1
    for chaos in house.chaos.values():
        chaos.inject("bulk_put", ErrorBefore(), times=1)
    answers = put_all(house, [*numbered(2), item("new1"), item("new2")])
    assert {code(answers[name]) for name in ("new1.txt", "new2.txt")} == {"not-enough-copies"}


def test_the_job_again_stores_nothing_and_says_so(house: House) -> None:
    items: list[PutItem | Refusal] = [*numbered(300), item("large", LARGE)]
    put_all(house, items)
    head = house.ledger.head()

    answers = put_all(house, items)

    assert all(isinstance(one, Receipt) and one.already_stored for one in answers.values())
    assert house.ledger.head() == head


def test_the_job_again_after_an_interruption_stores_the_rest(house: House) -> None:
    items = numbered(700)
    job = house.engine.put_many(items)
    acknowledged = [next(job).name for _ in range(300)]
    job.close()  # type: ignore[attr-defined]

    answers = put_all(house, [*items])

    again = {
        name for name, one in answers.items() if isinstance(one, Receipt) and one.already_stored
    }
    assert set(acknowledged) <= again
    assert {code(answer) for answer in answers.values()} == {"stored"}


def test_items_in_an_order_that_repeats_a_reference_are_stored_in_that_order(house: House) -> None:
    first, same, other = item("a", b"1"), item("a", b"1"), item("a", b"2")

    answers = list(house.engine.put_many([first, same, other]))

    assert [code(answer) for answer in answers] == ["stored", "stored", "object-conflict"]
    assert house.held(ref("a")) == {"north": b"1", "south": b"1"}


def test_a_large_one_does_not_overtake_a_small_one_of_its_reference(house: House) -> None:
    place = ref("a", container="tmp")
    items = [PutItem(ref=place, source=CHARTER), PutItem(ref=place, source=LARGE)]

    answers = list(house.engine.put_many(items))

    assert [code(answer) for answer in answers] == ["stored", "stored"]
    assert house.record(place).digest == sha512(LARGE)


# --- one bad object never stops the job -------------------------------------------------


def test_one_bad_item_of_each_kind_is_refused_and_the_others_stored(
    house: House, tmp_path: Path
) -> None:
    house.engine.put(b"older", ref("taken"))
    items: list[PutItem | Refusal] = [
        item("good1"),
        item("vanished", tmp_path / "vanished"),
        item("directory", tmp_path),
        item("size", CHARTER, size=1),
        item("large-size", LARGE, size=1),
        item("digest", CHARTER, digest=DigestAlgorithm.MD5.of(b"")),
        item("large-digest", LARGE, digest=DigestAlgorithm.MD5.of(b"")),
        item("taken", b"newer"),
        item("metadata", CHARTER, metadata={"name": "x" * 20_000}),
        item("broken", Breaking(100, OSError(5, "Input/output error"))),
        item("nothing", 42),  # type: ignore[arg-type]
        Refusal(ref=None, error=SourceError("a socket has no bytes to keep"), name="socket"),
        item("good2", LARGE),
        item("good3"),
    ]

    answers = put_all(house, items)

    assert {name: code(answer) for name, answer in answers.items()} == {
        "good1.txt": "stored",
        "good2.txt": "stored",
        "good3.txt": "stored",
        "vanished.txt": "source-unreadable",
        "directory.txt": "source-unreadable",
        "size.txt": "size-mismatch",
        "large-size.txt": "size-mismatch",
        "digest.txt": "digest-mismatch",
        "large-digest.txt": "digest-mismatch",
        "taken.txt": "object-conflict",
        "metadata.txt": "invalid-request",
        "broken.txt": "source-unreadable",
        "nothing.txt": "invalid-request",
        "socket": "source-unreadable",
    }
    assert {one.identifier for one in house.memory["north"].refs()} == {
        "good1",
        "good2",
        "good3",
        "taken",
    }


def test_a_reference_that_somebody_is_storing_is_refused_alone(house: House) -> None:
    with house.ledger.claim([ref("busy")]):
        answers = put_all(house, [item("a"), item("busy"), item("b")])

    assert {name: code(answer) for name, answer in answers.items()} == {
        "a.txt": "stored",
        "busy.txt": ClaimedError.code,
        "b.txt": "stored",
    }


def test_an_object_that_one_offer_refuses_is_a_debt_of_its_own(house: House) -> None:
    house.memory["south"].plant(ref("b"), b"older")

    answers = put_all(house, [item("a"), item("b"), item("c")], "lenient")

    assert {code(answer) for answer in answers.values()} == {"stored"}
    assert house.debts() == {("b", "south"): "object-conflict"}


def test_one_offer_down_is_a_debt_for_every_object(house: House) -> None:
    house.down("south")

    put_all(house, [*numbered(5)], "lenient")

    assert set(house.debts()) == {(f"n{number:04}", "south") for number in range(5)}


def test_too_few_copies_refuse_each_with_the_reason_of_each_offer(house: House) -> None:
    house.down("south")

    answers = put_all(house, [*numbered(3)])

    for answer in answers.values():
        assert isinstance(answer, Refusal)
        assert answer.error.code == "not-enough-copies"
        assert "south: " in str(answer.error)
    assert len(house.memory["north"].refs()) == 3
    assert not list(house.ledger.objects())

    house.up()
    assert {code(one) for one in put_all(house, [*numbered(3)]).values()} == {"stored"}


@pytest.mark.parametrize("fault", [LostWrite(), FlipOnWrite(byte=0)])
def test_reading_back_finds_the_one_that_an_offer_lost_or_spoilt(
    house: House, fault: LostWrite | FlipOnWrite
) -> None:
    house.chaos["south"].inject("bulk_put", fault)

    answers = put_all(house, [*numbered(10)], "read-back")

    assert sorted(code(answer) for answer in answers.values()) == [
        "not-enough-copies",
        *["stored"] * 9,
    ]
    stored = [one for one in answers.values() if isinstance(one, Receipt)]
    assert {one.evidence for one in stored} == {Evidence.READ}


def test_an_offer_without_a_bulk_service_gets_them_one_by_one(house: House) -> None:
    south = house.offers["south"]
    house.offers["south"] = Offer(
        "south", south.driver, south.parameters, withheld=frozenset({Capability.BULK_PUT})
    )

    assert {code(one) for one in put_all(house, [*numbered(5)]).values()} == {"stored"}
    assert len(house.memory["south"].refs()) == 5


def test_a_directory_is_one_job(house: House, tmp_path: Path) -> None:
    root = tmp_path / "docs"
    (root / "inner").mkdir(parents=True)
    (root / "a.txt").write_bytes(CHARTER)
    (root / "inner" / "b.bin").write_bytes(LARGE)
    os.mkfifo(root / "fifo")

    answers = put_all(house, list(walk(Tree.of(root, tenant=0, container="object"))))

    assert sorted(code(answer) for answer in answers.values()) == [
        "source-unreadable",
        "stored",
        "stored",
    ]
    assert house.held(ref("docs@@inner@@b.bin")) == {"north": LARGE, "south": LARGE}


# --- what does stop it -------------------------------------------------------------------


@pytest.mark.parametrize("source", [CHARTER, LARGE], ids=["small", "large"])
def test_a_ledger_that_cannot_be_written_stops_the_job(
    house: House, monkeypatch: pytest.MonkeyPatch, source: bytes
) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise LedgerError("the disk of the ledger is full")

    with monkeypatch.context() as patched:
        patched.setattr(house.ledger, "record_deposits", refuse)
        with pytest.raises(LedgerError):
            list(house.engine.put_many([item("a", source), item("b", source)]))

    assert not list(house.ledger.objects())


def test_a_strategy_that_names_an_unknown_offer_is_refused_before_anything(house: House) -> None:
    del house.offers["south"]
    read: list[str] = []

    def items() -> Iterator[PutItem]:
        read.append("an item")
        yield item("a")

    with pytest.raises(StrategyError, match="'south' is not configured"):
        house.engine.put_many(items())

    assert not read


def test_a_conflict_in_the_ledger_refuses_one_and_records_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim that was lost: somebody stored other bytes, elsewhere, while the batch was made."""
    original = house.ledger.find_many

    def store_meanwhile(refs: list[ObjectRef]) -> object:
        known = original(refs)
        house.ledger.record_deposits([deposit_on("east", ref("b"), b"other")])
        return known

    monkeypatch.setattr(house.ledger, "find_many", store_meanwhile)

    answers = put_all(house, [item("a"), item("b"), item("c")])

    assert {name: code(answer) for name, answer in answers.items()} == {
        "a.txt": "stored",
        "b.txt": "object-conflict",
        "c.txt": "stored",
    }
    assert house.states(ref("a")) == {"north": CopyState.VERIFIED, "south": CopyState.VERIFIED}


def deposit_on(offer: str, wanted: ObjectRef, data: bytes) -> Deposit:
    return Deposit(
        ref=wanted, size=len(data), digest=sha512(data), copies=[(offer, Evidence.PRESENT)]
    )


def test_memory_holds_one_batch_of_bytes_only(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BATCH_BYTES", 1000)
    taken: list[int] = []

    def items() -> Iterator[PutItem]:
        for number in range(50):
            taken.append(number)
            yield item(f"n{number}", bytes(100))

    job = house.engine.put_many(items())
    next(job)

    assert len(taken) <= 12


def test_offers_that_keep_metadata_are_asked_the_same_and_others_without(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, PutRequest] = {}
    put_many, kept = Offer.put_many, house.offers["east"].capabilities

    def noting(offer: Offer, requests: Sequence[PutRequest], **named: Evidence) -> object:
        asked[offer.id] = requests[0]
        return put_many(offer, requests, **named)

    def capabilities(offer: Offer) -> frozenset[Capability]:
        return kept - {Capability.METADATA} if offer.id == "east" else kept

    monkeypatch.setattr(Offer, "put_many", noting)
    monkeypatch.setattr(Offer, "capabilities", property(capabilities))

    list(house.engine.put_many([item("a", metadata={"kept": "yes"})], strategy="three"))

    assert asked["north"] is asked["south"]
    assert dict(asked["north"].metadata) == {"kept": "yes"}
    assert dict(asked["east"].metadata) == {}
