"""A probe of an offer: what it tries, what it leaves, what it does when the offer is away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import cast

import pytest

from coffre.conformance import Bench, Check, check, expect
from coffre.contract import (
    Capability,
    ConnectionParameters,
    ObjectRef,
    OfferTimeoutError,
    OfferUnavailableError,
    PutRequest,
)
from coffre.contract.clock import SystemClock
from coffre.probe import BASIC, ProbeRecord, ProbeSettings, State, Subject, judge
from coffre.probe.running import run_probe
from coffre.probe.scratch import LARGEST_PART, SMALLEST_PART, crossing
from coffre.probe.trials import EVERY_TRIAL
from coffre.testing import MemoryDriver, MemoryOffer
from tests.liars.everyone import LIARS, Liar
from tests.liars.honest import HonestDriver, HonestHarness

QUICK = ProbeSettings(retain=0.05, page=20, part_size=1024 * 1024 + 1)
WHOLE = ProbeSettings(retain=0.05, page=20)
URL = "memory://probed"
WHERE = ConnectionParameters(url=URL)

NEEDS_A_WAY_AROUND = {
    "acknowledges-before-writing": "shows under load alone",
    "acknowledges-what-is-retained": "deletes by the thousand, and lies of dates alone",
    "always-finds-something-to-sweep": "an offer in use may have leftovers of others",
    "compares-the-beginning": "compares as much as is tried in the kit's longer check",
    "compares-what-was-recorded": "shows on damaged bytes",
    "blames-the-copy": "names another reference in an error that is raised",
    "copies-anew-every-time": "shows in the result of a copy that was there",
    "deletes-a-thousand": "shows past a thousand in one call",
    "deletes-none-when-one-is-refused": "shows when one of many is refused",
    "fails-the-seventh-time": "shows in a long history",
    "forgets-the-digest-of-many": "shows when digests of many are asked for",
    "frees-what-is-no-longer-retained": "takes a date that has to pass",
    "lists-what-failed": "shows when the listing is asked for by the session that failed",
    "never-replaces-by-copying": "no replacement is made by a copy",
    "records-what-is-there-now": "shows on damaged bytes",
    "repeats-the-recorded-digest": "shows on damaged bytes",
    "retains-for-ever": "is told as left on the offer, since clocks differ",
    "says-that-all-existed": "a service need not tell",
    "stats-a-thousand": "shows past a thousand in one call",
    "shares-one-listing": "takes two sessions at once",
}
"""Liars whom the kit finds and a probe cannot: it has one session, no damage, and little time."""
TRIED = {one.duty.id for one in EVERY_TRIAL}


@pytest.fixture
def offer() -> Iterator[MemoryOffer]:
    yield MemoryOffer.at(URL)
    MemoryOffer.discard(URL)


def probed(checks: list[Check] | None = None, **named: object) -> ProbeRecord:
    chosen = EVERY_TRIAL if checks is None else checks
    settings = cast(ProbeSettings, named.get("settings", QUICK))
    return run_probe("north", MemoryDriver(), WHERE, settings=settings, checks=chosen)


def test_an_honest_offer_is_proved_in_everything_it_declares(offer: MemoryOffer) -> None:
    found = judge(probed(), Subject.of(MemoryDriver(), WHERE), MemoryDriver.capabilities)

    tried = {one.guarantee for one in probed().trials}
    assert {one.name for one in found if one.state is not State.PROVED} == {
        str(one) for one in MemoryDriver.capabilities if str(one) not in tried
    }
    assert set(BASIC) <= tried


def test_nothing_of_anybody_is_touched_and_nothing_is_left(offer: MemoryOffer) -> None:
    mine = ObjectRef(tenant=0, container="object", identifier="mine")
    offer.plant(mine, b"since 1328")

    record = probed()

    assert offer.refs() == [mine]
    assert offer.bytes_of(mine) == b"since 1328"
    assert [text.split()[0] for text in record.left] == ["left", "tried"], "aside, and tenants"


def test_what_stays_behind_is_said(offer: MemoryOffer) -> None:
    record = probed()

    assert len(offer.quarantined) == 2
    assert any("set aside" in text for text in record.left)


def test_an_object_that_the_offer_still_retains_is_said_to_be_left(
    offer: MemoryOffer,
) -> None:
    class Slow(SystemClock):
        def now(self) -> datetime:
            return super().now() - timedelta(hours=1)

    offer.clock = Slow()
    checks = [one for one in EVERY_TRIAL if one.duty.id == "retention.held"]

    record = probed(checks)

    (ref,) = offer.refs()
    said = record.left[0]
    assert said.startswith(f"left on the offer: {ref}, retained until ")
    assert [one.outcome for one in record.trials] == ["passed"]


# --- away, slow, stopped -------------------------------------------------------------------------


def test_an_offer_that_cannot_be_reached_is_not_probed(offer: MemoryOffer) -> None:
    offer.online = False

    with pytest.raises(OfferUnavailableError):
        probed()


@pytest.mark.parametrize("operation", ["put", "get", "list", "delete"])
def test_an_offer_that_breaks_off_disproves_nothing(offer: MemoryOffer, operation: str) -> None:
    offer.fail_next(OfferTimeoutError("slow"), operation=operation, times=9)

    record = probed()

    outcomes = {one.outcome for one in record.trials}
    assert "not tried" in outcomes
    assert "failed" not in outcomes


def test_a_trial_that_takes_too_long_proves_nothing(offer: MemoryOffer) -> None:
    import threading

    over = threading.Event()

    @check("put.whole")
    def hangs(bench: Bench) -> None:
        """It never comes back."""
        over.wait(10)

    settings = ProbeSettings(patience=0.05, part_size=2)
    (trial,) = probed([hangs], settings=settings).trials
    over.set()

    assert (trial.outcome, trial.seen) == ("not tried", "out of time")


def test_a_probe_that_is_stopped_tries_no_more(offer: MemoryOffer) -> None:
    record = run_probe(
        "north", MemoryDriver(), WHERE, settings=QUICK, stopped=lambda: True, checks=EVERY_TRIAL
    )

    assert {one.outcome for one in record.trials} == {"not tried"}


def test_what_is_not_declared_is_not_tried(offer: MemoryOffer) -> None:
    class Plain(MemoryDriver):
        capabilities = frozenset({Capability.METADATA})

    record = run_probe("north", Plain(), WHERE, settings=QUICK)

    assert record.capabilities == tuple(sorted(MemoryDriver.capabilities))  # as its sessions say


def test_what_was_seen_is_kept_short(offer: MemoryOffer) -> None:
    @check("put.whole")
    def talks(bench: Bench) -> None:
        """It has much to say."""
        expect(False, "x" * 5000)

    (trial,) = probed([talks]).trials

    assert trial.outcome == "failed"
    assert len(trial.seen) == 500


# --- the size of parts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ((), SMALLEST_PART),
        ((("part_size", 1000),), SMALLEST_PART),
        ((("part_size", 16 * 2**20),), 16 * 2**20 + 1),
        ((("segment_size", 256 * 2**20),), LARGEST_PART),
        ((("block_size", "text"), ("user", "ada")), SMALLEST_PART),
    ],
)
def test_large_objects_are_larger_than_a_part(
    values: tuple[tuple[str, int | str], ...], size: int
) -> None:
    assert crossing(ConnectionParameters(url=URL, values=values)) == size


def test_parts_larger_than_all_that_is_tried_are_not_taken_for_tried(offer: MemoryOffer) -> None:
    where = ConnectionParameters(url=URL, values=(("segment_size", 256 * 2**20),))
    checks = [one for one in EVERY_TRIAL if one.duty.id == "put.whole"]

    record = run_probe("north", MemoryDriver(), where, settings=QUICK, checks=checks)

    (parts,) = (one for one in record.trials if one.trial.endswith(":parts"))
    assert parts.outcome == "not tried"
    assert "give --part-size" in parts.seen


# --- liars ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "liar",
    [one for one in LIARS if one.duty in TRIED and one.remark is None],
    ids=lambda liar: liar.name,
)
def test_a_probe_disproves_what_a_liar_declares(liar: Liar) -> None:
    driver = liar.driver()
    parameters = liar.harness(driver).parameters
    checks = [one for one in EVERY_TRIAL if one.duty.id == liar.duty]
    try:
        record = run_probe("liar", driver, parameters, settings=WHOLE, checks=checks)
    finally:
        for let_go in reversed(driver.at_the_end):
            let_go()

    caught = any(one.outcome == "failed" for one in record.trials)
    assert caught is (liar.name not in NEEDS_A_WAY_AROUND), liar.lie


def test_a_liar_s_secret_is_in_no_record() -> None:
    driver = HonestDriver()
    record = run_probe("honest", driver, HonestHarness(driver).parameters, settings=QUICK)

    assert "correct-horse" not in str(record.to_json())


def test_a_conflict_is_held_against_a_driver_that_overwrites_in_parts_alone() -> None:
    """As services do that ignore a condition on a multipart put: small objects are safe."""

    class OverwritesLarge(HonestDriver):
        def connect(self, parameters: ConnectionParameters):  # type: ignore[no-untyped-def]
            connection = super().connect(parameters)
            put = connection._put

            def overwriting(request: PutRequest):  # type: ignore[no-untyped-def]
                from dataclasses import replace

                large = request.size > 1024 * 1024
                return put(replace(request, replace=True) if large else request)

            connection._put = overwriting  # type: ignore[method-assign]
            return connection

    driver = OverwritesLarge()
    checks = [one for one in EVERY_TRIAL if one.duty.id == "put.conflict"]
    record = run_probe(
        "liar", driver, HonestHarness(driver).parameters, settings=QUICK, checks=checks
    )

    failed = {one.trial.rpartition(":")[2] for one in record.trials if one.outcome == "failed"}
    assert "parts" in failed
    assert "small" not in failed
