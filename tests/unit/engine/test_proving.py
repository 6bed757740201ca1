"""What a probe saw is recorded, and held against the offer from then on, in every process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.contract import (
    Capability,
    ConnectionParameters,
    Driver,
    Evidence,
    OfferUnavailableError,
    QuarantineRequest,
    UnsupportedOperationError,
    Version,
)
from coffre.engine import (
    ContainerRights,
    Engine,
    NotEnoughCopiesError,
    PutItem,
    Receipt,
    Strategy,
    StrategyOffer,
)
from coffre.engine.ledger import EventKind, Ledger
from coffre.offer import NO_RETRY, Offer
from coffre.probe import EVERYTHING, ProbeSettings, State
from coffre.testing import MemoryDriver, MemoryOffer
from tests.liars.honest import HonestDriver, HonestHarness
from tests.liars.liar import LIARS
from tests.unit.engine.support import House, ref

QUICK = ProbeSettings(retain=0.05, page=20, part_size=1024 * 1024 + 1)


def liar(name: str) -> HonestDriver:
    import tests.liars.everyone  # noqa: F401 - enters them in the list

    return next(one for one in LIARS if one.name == name).driver()


class Archive:
    """One honest offer and one that is tried, with a ledger, opened as often as a test likes."""

    def __init__(self, path: Path, driver: Driver, where: ConnectionParameters) -> None:
        self.path = path
        self.driver = driver
        self.where = where
        self.required = 1
        self.require_proved: frozenset[str] = frozenset()

    def open(self) -> Engine:
        north = ConnectionParameters(url="memory://good")
        offers = {
            "good": Offer("good", MemoryDriver(), north, retry=NO_RETRY),
            "tried": Offer(
                "tried",
                self.driver,
                self.where,
                retry=NO_RETRY,
                require_proved=self.require_proved,
            ),
        }
        copies = tuple(StrategyOffer(offer=name, rank=rank) for rank, name in enumerate(offers))
        default = Strategy(name="default", copies=copies, required=self.required)
        ledger = Ledger.open(str(self.path / "ledger.db"), author="test")
        rights = {"draft": ContainerRights(overwrite=True, delete=True)}
        return Engine(offers, {"default": default}, ledger, rights=rights).closing(ledger.close)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    driver = HonestDriver()
    yield Archive(tmp_path, driver, HonestHarness(driver).parameters)
    MemoryOffer.discard("memory://good")


def lying(archive: Archive, name: str) -> Archive:
    archive.driver = liar(name)
    return archive


def states(engine: Engine) -> dict[str, State]:
    return {one.name: one.state for one in engine.guarantees("tried")}


# --- a silent overwrite ---------------------------------------------------------------------------


def test_an_offer_that_overwrites_in_silence_is_found_out_and_gets_nothing_more(
    archive: Archive,
) -> None:
    lying(archive, "replaces-silently")
    with archive.open() as engine:
        assert engine.put(b"before", ref("before")).verified == 2, "nobody has tried it yet"
        engine.probe("tried", settings=QUICK)
        assert states(engine)["put.conflict"] is State.DISPROVED

        receipt = engine.put(b"charter", ref())

    (owed,) = receipt.owed
    assert owed.code == "unsupported"
    assert "put.conflict was disproved on 2" in owed.message
    assert "put.conflict/" in owed.message
    assert owed.guarantees == "disproved"
    assert "coffre offers --check --probe" in owed.message


def test_another_process_that_opens_the_archive_knows_it(archive: Archive) -> None:
    lying(archive, "replaces-silently")
    with archive.open() as engine:
        engine.probe("tried", settings=QUICK)

    archive.required = 2
    with archive.open() as engine, pytest.raises(NotEnoughCopiesError, match="disproved on"):
        engine.put(b"charter", ref())


def test_what_is_held_there_can_still_be_read(archive: Archive) -> None:
    lying(archive, "replaces-silently")
    with archive.open() as engine:
        engine.put(b"charter", ref())
        engine.probe("tried", settings=QUICK)
        with engine.get(ref(), offer="tried") as reader:
            assert reader.read() == b"charter"
        assert list(engine.audit()) == []


def test_many_puts_at_once_are_refused_each(archive: Archive) -> None:
    lying(archive, "replaces-silently")
    with archive.open() as engine:
        engine.probe("tried", settings=QUICK)
        items = [PutItem(ref=ref(f"n{number}"), source=b"x") for number in range(3)]

        answers = list(engine.put_many(items))

    assert len(answers) == 3
    for answer in answers:
        assert isinstance(answer, Receipt)
        assert [copy.code for copy in answer.owed] == ["unsupported"]


def test_a_repair_moves_no_bad_bytes_that_it_could_not_replace(archive: Archive) -> None:
    lying(archive, "replaces-silently")
    with archive.open() as engine:
        engine.put(b"charter", ref())
        engine.probe("tried", settings=QUICK)
        offer = MemoryOffer.at(archive.where.url)
        aside = len(offer.quarantined)
        offer.damage(ref())
        assert [one.code for one in engine.audit()] == ["copy-corrupt"]

        (outcome,) = engine.repair()

    assert "disproved" in outcome.message
    assert len(offer.quarantined) == aside


# --- single capabilities -------------------------------------------------------------------------


def test_a_replacement_that_was_disproved_is_not_asked_for(archive: Archive) -> None:
    lying(archive, "keeps-the-old-one")
    archive.required = 2
    with archive.open() as engine:
        engine.probe("tried", settings=QUICK)
        assert Capability.REPLACE not in engine.offers["tried"].capabilities
        engine.put(b"first", ref(container="draft"))

        with pytest.raises(NotEnoughCopiesError, match="replacing is not relied on: disproved on"):
            engine.put(b"second", ref(container="draft"))

    assert MemoryOffer.at(archive.where.url).bytes_of(ref(container="draft")) == b"first"


def test_a_quarantine_that_was_disproved_is_refused_with_its_trial(archive: Archive) -> None:
    lying(archive, "copies-aside")
    with archive.open() as engine:
        engine.probe("tried", settings=QUICK)
        request = QuarantineRequest(ref=ref(), reason="x")

        with pytest.raises(UnsupportedOperationError, match=r"quarantine.aside/what-is-set-aside"):
            engine.offers["tried"].quarantine(request)


def test_digests_that_were_disproved_are_not_taken_for_evidence(archive: Archive) -> None:
    """The same bytes again: the offer's word for them is no longer enough, and they are read."""
    lying(archive, "digests-under-its-own-algorithm")
    with archive.open() as engine:
        first = engine.put(b"charter", ref())
        assert {copy.evidence for copy in first.copies} == {Evidence.PRESENT}
        engine.probe("tried", settings=QUICK)
        offer = engine.offers["tried"]
        assert Capability.OFFER_DIGEST in offer.standing.withheld
        from coffre.contract import PutRequest
        from coffre.streams import BytesContent

        again = PutRequest(ref=ref(), content=BytesContent(b"charter"), size=7)
        (many,) = offer.put_many([again])

        assert offer.put(again).evidence is Evidence.READ
        assert many.evidence is Evidence.READ  # type: ignore[union-attr]


# --- what counts, and for how long ----------------------------------------------------------------


def test_an_honest_offer_is_proved_and_its_receipts_say_so(archive: Archive) -> None:
    with archive.open() as engine:
        assert set(states(engine).values()) == {State.DECLARED}
        last = engine.probe("tried", settings=QUICK)
        receipt = engine.put(b"charter", ref())

        tried = {one.guarantee for one in last.trials}
        assert {name for name, state in states(engine).items() if state is State.PROVED} == tried

    assert receipt.copies[0].guarantees == "declared", "nobody has tried the other one"


def test_a_probe_is_an_event_of_the_ledger(house: House) -> None:
    house.engine.probe("north", settings=QUICK)

    last = list(house.ledger.events())[-1]
    assert (last.kind, last.author) == (EventKind.OFFER_PROBED, "tester")
    assert house.sound()


def test_the_last_probe_counts(archive: Archive) -> None:
    honest = archive.driver
    lying(archive, "replaces-silently")
    with archive.open() as engine:
        engine.probe("tried", settings=QUICK)
    archive.driver = honest
    with archive.open() as engine:
        assert engine.offers["tried"].standing.hindrance is not None, "the service was mended"
        engine.probe("tried", settings=QUICK)
        assert states(engine)["put.conflict"] is State.PROVED


@pytest.mark.parametrize("change", ["version", "user"])
def test_a_probe_of_something_else_is_stale(archive: Archive, change: str) -> None:
    with archive.open() as engine:
        engine.probe("tried", settings=QUICK)
    if change == "version":
        archive.driver.version = Version(1, 1)
    else:
        archive.where = HonestHarness(HonestDriver()).other_user()

    with archive.open() as engine:
        assert set(states(engine).values()) == {State.DECLARED}
        assert "probed on" in engine.guarantees("tried")[0].why
        assert engine.last_probe("tried") is not None


def test_a_probe_that_was_stopped_records_nothing(archive: Archive) -> None:
    with archive.open() as engine:
        engine.probe("tried", settings=QUICK, stopped=lambda: True)

        assert engine.last_probe("tried") is None


def test_an_offer_that_is_away_stands_as_before(archive: Archive) -> None:
    with archive.open() as engine:
        engine.probe("tried", settings=QUICK)
        before = states(engine)
        MemoryOffer.at(archive.where.url).online = False

        with pytest.raises(OfferUnavailableError):
            engine.probe("tried", settings=QUICK)

        assert states(engine) == before


def test_a_record_of_a_newer_coffre_counts_as_none(archive: Archive) -> None:
    with archive.open() as engine:
        engine.probe("tried", settings=QUICK)
    with Ledger.open(str(archive.path / "ledger.db"), author="test") as ledger:
        told = dict(ledger.probes()["tried"])
        ledger.record_event(EventKind.OFFER_PROBED, told | {"format": 99})

    with archive.open() as engine:
        assert engine.last_probe("tried") is None
        assert set(states(engine).values()) == {State.DECLARED}


# --- proof that is demanded -----------------------------------------------------------------------


def test_an_offer_that_must_be_proved_gets_nothing_before(archive: Archive) -> None:
    archive.require_proved = frozenset({"create-only"})
    with archive.open() as engine:
        (owed,) = engine.put(b"charter", ref()).owed
        assert "create-only must be proved, and is declared: not probed" in owed.message

        engine.probe("tried", settings=QUICK)
        assert engine.put(b"another", ref("another")).owed == ()


def test_everything_may_be_demanded_of_an_offer(archive: Archive) -> None:
    archive.require_proved = frozenset({EVERYTHING})
    with archive.open() as engine:
        assert engine.offers["tried"].standing.hindrance is not None
        engine.probe("tried", settings=QUICK)
        unproved = [name for name, state in states(engine).items() if state is not State.PROVED]
        assert (engine.offers["tried"].standing.hindrance is None) is (unproved == [])


def test_an_offer_whose_record_nobody_reads_takes_nothing_that_must_be_proved() -> None:
    offer = Offer(
        "alone",
        MemoryDriver(),
        ConnectionParameters(url="memory://alone"),
        require_proved=frozenset({"put.conflict"}),
    )

    assert offer.standing.hindrance is not None
