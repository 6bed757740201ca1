"""The laws, one test each: what they forbid is tried, and seen not to happen."""

from __future__ import annotations

import json
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import (
    CoffreError,
    Evidence,
    ObjectConflictError,
    OfferFailedError,
)
from coffre.engine import (
    BrakeError,
    DeletionOrder,
    FindingCode,
    InvalidOrderError,
    Limits,
    NoReadableCopyError,
    NotEnoughCopiesError,
    PutItem,
    Refusal,
    RepairAction,
)
from coffre.engine.ledger import CopyState, LedgerError, ObjectState
from coffre.testing import (
    BrokenRead,
    ErrorAfter,
    ErrorBefore,
    FlipOnRead,
    FlipOnWrite,
    LostWrite,
    MemoryConnection,
    TornWrite,
)
from tests.laws.archive import NAMES, PASSWORD, Archive, archive_in, ref, sha512

CHARTER = b"We, the people of the valley"
OTHER = b"We, the people of the hills!"
LARGE = bytes(range(256)) * 8200
PLACE = ref("charter")


@pytest.fixture
def archive() -> Iterator[Archive]:
    with archive_in() as archive:
        yield archive
        assert list(archive.engine.audit_ledger()) == []


def audited(archive: Archive) -> dict[FindingCode, set[str | None]]:
    """Offers by what an audit found there."""
    told: dict[FindingCode, set[str | None]] = {}
    for finding in archive.engine.audit(resume=False):
        told.setdefault(finding.code, set()).add(finding.offer)
    return told


def test_law_01_the_expected_digest_is_written_once(archive: Archive) -> None:
    """Not by another put, an audit, a repair, a rebuild, nor by hand."""
    archive.engine.put(CHARTER, PLACE)
    for name in NAMES:
        archive.memory[name].damage(PLACE, OTHER)

    with pytest.raises(ObjectConflictError):
        archive.engine.put(OTHER, PLACE)
    audited(archive)
    assert {one.action for one in archive.engine.repair()} == {RepairAction.FAILED}
    archive.memory["north"].forget(PLACE)
    archive.memory["north"].plant(PLACE, OTHER)
    assert archive.engine.rebuild("north").conflicts == 1
    with closing(sqlite3.connect(archive.path)) as stranger, pytest.raises(sqlite3.DatabaseError):
        stranger.execute("UPDATE objects SET digest = ?", (sha512(OTHER).value,))

    assert archive.records()[PLACE].digest == sha512(CHARTER)


def test_law_02_absent_unknown_and_refused_are_three_answers(archive: Archive) -> None:
    """On *unknown* nothing is deleted, repaired or counted lost."""
    archive.engine.put(CHARTER, PLACE)
    before = archive.at_rest()
    archive.memory["north"].online = False
    archive.chaos["south"].inject("get", ErrorBefore(OfferFailedError), times=None)
    archive.memory["east"].forget(PLACE)

    told = audited(archive)

    assert told[FindingCode.UNKNOWN] == {"north", "south"}
    assert told[FindingCode.MISSING] == {"east"}
    assert FindingCode.CORRUPT not in told
    outcomes = {one.offer: one.action for one in archive.engine.repair()}
    assert outcomes == {"east": RepairAction.FAILED}
    archive.calm()
    del before["east", PLACE]
    assert archive.at_rest() == before
    assert ("north", PLACE) in archive.verified()


def test_law_03_nothing_is_deleted_because_something_else_is_missing(archive: Archive) -> None:
    """Neither what the ledger does not know, nor what has no other copy; only by a signed order."""
    archive.engine.put(CHARTER, PLACE)
    archive.memory["south"].plant(ref("stranger"), b"whose is this?")
    archive.memory["north"].forget(PLACE)
    archive.memory["east"].forget(PLACE)

    audited(archive)
    list(archive.engine.repair())
    archive.engine.rebuild("south")

    assert archive.memory["south"].bytes_of(ref("stranger")) == b"whose is this?"
    assert archive.memory["south"].bytes_of(PLACE) == CHARTER
    with pytest.raises(InvalidOrderError):
        DeletionOrder(ref=PLACE, author="", reason="tidying up")
    order = DeletionOrder(ref=PLACE, author="archivist", reason="decision 12")
    archive.engine.delete(order)
    (event,) = [e for e in archive.ledger.events() if e.kind == "deletion-ordered"]
    body = json.loads(event.body)
    assert (body["order"], body["author"], body["reason"]) == (order.id, "archivist", "decision 12")


def test_law_04_the_last_verified_copy_is_never_destroyed(archive: Archive) -> None:
    """Nor is a good copy undone to tidy up after a failure."""
    archive.memory["south"].online = archive.memory["east"].online = False
    with pytest.raises(NotEnoughCopiesError):
        archive.engine.put(CHARTER, PLACE)
    assert archive.memory["north"].bytes_of(PLACE) == CHARTER

    archive.calm()
    archive.engine.put(CHARTER, PLACE)
    for name in ("south", "east"):
        archive.memory[name].damage(PLACE)
    audited(archive)
    archive.memory["north"].online = False  # the only good one cannot be read just now
    assert {one.action for one in archive.engine.repair()} == {RepairAction.FAILED}

    archive.calm()
    assert archive.memory["north"].bytes_of(PLACE) == CHARTER
    assert {one.action for one in archive.engine.repair()} == {RepairAction.REWRITTEN}
    assert set(archive.at_rest().values()) == {CHARTER}


def test_law_05_new_bytes_are_verified_before_they_show_and_bad_ones_are_kept(
    archive: Archive,
) -> None:
    """A failed overwrite leaves the old readable; quarantine, not the bin."""
    place = ref("index", "tmp")
    archive.engine.put(CHARTER, place)
    for name in ("south", "east"):
        archive.chaos[name].inject("put", ErrorBefore(OfferFailedError))
    with pytest.raises(NotEnoughCopiesError):
        archive.engine.put(OTHER, place)
    archive.calm()
    with archive.engine.get(place) as reader:
        assert reader.read() == CHARTER

    list(archive.engine.repair())

    assert set(archive.at_rest().values()) == {CHARTER}
    assert archive.set_aside() == {("north", place, OTHER): 1}


@pytest.mark.parametrize("data", [CHARTER, LARGE], ids=["small", "large"])
def test_law_06_a_copy_is_only_made_from_a_source_verified_in_the_same_pass(
    archive: Archive, data: bytes
) -> None:
    """A source that reads well when looked at, and wrong when copied, makes no copy."""
    archive.engine.put(data, PLACE)
    archive.memory["east"].forget(PLACE)
    audited(archive)
    for name in ("north", "south"):
        archive.chaos[name].inject("get", FlipOnRead(byte=7), nth=2, times=None)

    (outcome,) = archive.engine.repair()

    assert outcome.action is RepairAction.FAILED
    assert archive.memory["east"].bytes_of(PLACE) is None


@pytest.mark.parametrize("data", [CHARTER, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("way", ["put", "put_many", "delete", "audit", "repair"])
def test_law_07_what_cannot_be_recorded_fails_and_says_so(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, data: bytes, way: str
) -> None:
    archive.engine.put(data, ref("before"))
    archive.memory["east"].damage(ref("before"))
    audited(archive)
    at_rest = archive.at_rest()
    seq = archive.ledger.head().seq

    def refuse() -> None:
        raise LedgerError("the disk of the ledger is full")

    monkeypatch.setattr(archive.ledger, "_recording", refuse)
    order = DeletionOrder(ref=ref("before"), author="archivist", reason="decision 12")
    ways: dict[str, Callable[[], object]] = {
        "put": lambda: archive.engine.put(data, PLACE),
        "put_many": lambda: list(archive.engine.put_many([PutItem(ref=PLACE, source=data)])),
        "delete": lambda: archive.engine.delete(order),
        "audit": lambda: list(archive.engine.audit()),
        "repair": lambda: list(archive.engine.repair()),
    }

    with pytest.raises(LedgerError):
        ways[way]()

    assert archive.ledger.head().seq == seq
    assert archive.ledger.find(PLACE) is None
    if way in ("delete", "audit"):
        assert archive.at_rest() == at_rest


def test_law_08_every_claim_carries_its_evidence(archive: Archive) -> None:
    """*Written*, *read back*, *read by an audit*, *said by the offer*: and never *ok* unlooked."""
    written = archive.engine.put(CHARTER, ref("written"))
    read = archive.engine.put(CHARTER, ref("read"), strategy="read-back")
    assert {copy.evidence for copy in written.copies} == {Evidence.PRESENT}
    assert {copy.evidence for copy in read.copies} == {Evidence.READ}

    archive.clock.advance(3600)
    archive.memory["east"].online = False
    audit = archive.engine.audit()
    unlooked = {found.offer for found in audit if found.code is FindingCode.UNKNOWN}

    assert unlooked == {"east"}
    assert (audit.summary.verified, audit.summary.unknown) == (4, 2)
    by_offer = {copy.offer: copy for copy in archive.engine.stat(ref("written")).copies}
    assert by_offer["north"].evidence is Evidence.READ
    assert by_offer["north"].checked_at == archive.clock.now()
    assert by_offer["east"].evidence is Evidence.PRESENT
    assert by_offer["east"].checked_at != archive.clock.now()


@given(
    faults=st.lists(
        st.sampled_from([FlipOnWrite(), LostWrite(), TornWrite(), ErrorBefore(), ErrorAfter()]),
        max_size=3,
    ),
    data=st.sampled_from([b"", CHARTER, LARGE]),
)
def test_law_08_read_back_means_that_the_bytes_are_there(
    faults: list[FlipOnWrite | LostWrite | TornWrite | ErrorBefore | ErrorAfter], data: bytes
) -> None:
    """However writes are lost, torn or spoilt, a copy called *read* has the bytes."""
    with archive_in() as archive:
        for name, fault in zip(NAMES, faults, strict=False):
            archive.chaos[name].inject("put", fault)
        try:
            receipt = archive.engine.put(data, PLACE, strategy="read-back")
            verified = {copy.offer for copy in receipt.copies if copy.verified}
        except NotEnoughCopiesError as error:
            verified = {copy.offer for copy in error.copies if copy.verified}
        for name in verified:
            assert archive.memory[name].bytes_of(PLACE) == data


def test_law_09_a_job_that_would_touch_too_much_stops_and_asks() -> None:
    limits = Limits(brake_count=1000, brake_share=0.1, brake_floor=5)
    with archive_in(limits=limits) as archive:
        refs = [ref(f"n{number}") for number in range(30)]
        list(archive.engine.put_many(PutItem(ref=one, source=CHARTER) for one in refs))
        for one in refs[:6]:
            archive.memory["south"].forget(one)
        audited(archive)
        before = archive.at_rest()

        with pytest.raises(BrakeError, match="release the brake"):
            archive.engine.repair()
        assert archive.at_rest() == before

        done = [one.action for one in archive.engine.repair(release_brake=True)]
        assert done == [RepairAction.MADE] * 6


@pytest.mark.parametrize("name", NAMES)
def test_law_10_any_one_offer_alone_gives_the_ledger_back(archive: Archive, name: str) -> None:
    for number, data in enumerate((b"", CHARTER, LARGE)):
        archive.engine.put(data, ref(f"n{number}"), metadata={"name": f"Pièce n° {number}"})
    before = archive.records()

    with archive.open_ledger(archive.path.with_name("new.db")) as ledger:
        summary = archive.engine_over(ledger).rebuild(name)

        assert (summary.recovered, summary.complete) == (3, True)
        after = {record.ref: record for record in ledger.objects()}
        assert set(after) == set(before)
        for one, record in before.items():
            assert after[one].digest == record.digest
            assert after[one].size == record.size
            assert after[one].metadata == record.metadata


def test_law_11_no_secret_is_ever_shown(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in a ``repr``, a log line, an error, a receipt, a pickle, nor in the ledger."""

    def careless(*_args: object) -> None:
        raise ConnectionRefusedError(f"login refused for user=archive password={PASSWORD}")

    def remember(call: Callable[[], object]) -> None:
        try:
            archive.hear(call())
        except CoffreError as error:
            archive.said.extend((str(error), repr(error), repr(error.to_json()), repr(error.args)))

    remember(lambda: archive.engine.put(CHARTER, PLACE))
    for method in ("connect", "is_available"):
        monkeypatch.setattr(archive.chaos["north"], method, careless)
    monkeypatch.setattr(MemoryConnection, "close", careless)
    for call in (
        lambda: archive.offers["north"].is_available(),
        lambda: archive.engine.put(CHARTER, ref("second")),
        lambda: archive.engine.put(LARGE, ref("third")),
        lambda: list(archive.engine.put_many([PutItem(ref=ref("fourth"), source=CHARTER)])),
        lambda: archive.engine.get(PLACE, offer="north").__enter__(),
        lambda: archive.engine.stat(PLACE, ask=True),
        lambda: [found.to_json() for found in archive.engine.audit()],
        lambda: [one.to_json() for one in archive.engine.repair()],
        lambda: archive.engine.rebuild("north"),
        lambda: archive.engine.delete(DeletionOrder(ref=PLACE, author="a", reason="r")),
    ):
        remember(call)
    monkeypatch.undo()
    with pytest.raises(TypeError):
        pickle.dumps(archive.offers["north"].parameters)

    assert archive.leaks() == []
    assert any("ConnectionRefusedError" in text for text in archive.said)


def test_law_12_one_bad_object_never_stops_a_job(archive: Archive) -> None:
    """And what a job says at its end is the sum of what it said on its way."""
    refs = [ref(f"n{number:02}") for number in range(40)]
    bad = {ref(f"n{number:02}") for number in (0, 11, 39)}
    for one in bad:
        for name in ("north", "south"):
            archive.memory[name].plant(one, b"older")
    items = [PutItem(ref=one, source=CHARTER) for one in refs]
    lying = PutItem(ref=ref("lying"), source=CHARTER, size=1)
    answers = list(archive.engine.put_many([*items[:20], lying, *items[20:]]))
    assert len(answers) == 41
    refused = {answer.ref for answer in answers if isinstance(answer, Refusal)}
    assert refused == {*bad, ref("lying")}

    good = [one for one in refs if one not in bad]
    for one in good[:3]:
        archive.memory["east"].damage(one)
    archive.chaos["east"].inject("get", BrokenRead(after=3), nth=20)
    archive.chaos["north"].inject("get", ErrorBefore(OfferFailedError), nth=5)
    audit = archive.engine.audit(threads=1)
    findings = list(audit)

    summary = audit.summary
    assert summary.complete
    assert summary.findings == len(findings)
    assert (summary.corrupt, summary.unknown) == (3, 2)
    looked_at = summary.verified + summary.corrupt + summary.missing + summary.unknown
    assert summary.copies == looked_at == 3 * 37

    archive.chaos["east"].inject("quarantine", ErrorBefore(OfferFailedError), nth=2)
    actions = [one.action for one in archive.engine.repair()]
    assert sorted(actions) == ["failed", "rewritten", "rewritten"]


# --- what follows from several of them ---------------------------------------------------------


@given(
    sound=st.sets(st.sampled_from(NAMES)),
    verified=st.booleans(),
    data=st.sampled_from([b"", CHARTER, LARGE]),
)
def test_one_good_copy_is_enough_to_read_and_a_bad_one_is_never_given(
    sound: set[str], verified: bool, data: bytes
) -> None:
    with archive_in() as archive:
        archive.engine.put(data, PLACE)
        for name in set(NAMES) - sound:
            archive.memory[name].damage(PLACE)
        given_out = None
        try:
            with archive.engine.get(PLACE, verified=verified) as reader:
                given_out = reader.read()
        except (NoReadableCopyError, CoffreError):
            assert not verified or not sound
        if verified and sound:
            assert given_out == data
        assert given_out in (None, data)


def test_a_tombstone_stays_for_ever(archive: Archive) -> None:
    archive.engine.put(CHARTER, PLACE)
    archive.engine.delete(DeletionOrder(ref=PLACE, author="archivist", reason="decision 12"))
    archive.engine.put(OTHER, PLACE)
    archive.restart()

    states = [record.state for record in archive.ledger.all_under(PLACE)]
    assert states == [ObjectState.STORED, ObjectState.DELETED]
    assert archive.records()[PLACE].copy_on("north") is not None
    assert {copy.state for copy in archive.records()[PLACE].copies} == {CopyState.VERIFIED}
