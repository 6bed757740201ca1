"""``audit``, ``repair`` and ``rebuild``: what was found, what was mended, what is left."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator

import pytest

from coffre.contract import ObjectRef
from coffre.engine import Audit, Engine, Finding, Limits, Strategy, StrategyOffer
from coffre.engine.ledger import LedgerFinding
from coffre.testing import MemoryOffer, Quarantined
from tests.unit.cli.conftest import Bench, ref

ALONE = Strategy(name="default", copies=(StrategyOffer(offer="north", rank=1),), required=1)


@pytest.fixture
def stored(coffre: Bench) -> Bench:
    for name in ("a.txt", "b.txt"):
        coffre("put", coffre.file(name, name.encode()))
    return coffre


def test_an_audit_without_findings_ends_well_and_says_on_what_evidence(stored: Bench) -> None:
    ran = stored("audit")

    assert ran.status == 0
    assert ran.lines[0].startswith(
        "2 objects, 4 copies looked at, 4 verified (read), 0 findings, 20 B read in "
    )


def test_an_audit_tells_each_finding_and_the_totals_agree(stored: Bench) -> None:
    stored.memory["south"].damage(ref("a.txt"))
    stored.memory["south"].forget(ref("b.txt"))

    ran = stored("audit", "--json")

    assert ran.status == 1
    found = [(line["code"], line["ref"], line["offer"]) for line in ran.told if "code" in line]
    assert set(found) >= {
        ("copy-corrupt", "0/object/a.txt", "south"),
        ("copy-missing", "0/object/b.txt", "south"),
    }
    assert ran.summary["findings"] == len(found)


def test_a_finding_shows_the_beginning_of_a_digest_and_json_the_whole(stored: Bench) -> None:
    stored.memory["south"].damage(ref("a.txt"))

    text = stored("audit").lines[0]
    whole = next(line for line in stored("audit", "--json").told if "code" in line)["detail"]

    assert re.search(r"digest sha512:[0-9a-f]{8}… was read, sha512:[0-9a-f]{8}… was", text)
    assert re.search(r"digest sha512:[0-9a-f]{128} was read", str(whole))


def test_too_few_copies_are_told_in_the_right_number(stored: Bench) -> None:
    stored.memory["south"].damage(ref("a.txt"))

    assert any("1 copy at most, 2 required" in line for line in stored("audit").lines)


def test_an_audit_that_could_not_look_does_not_say_that_anything_is_lost(stored: Bench) -> None:
    stored.memory["south"].online = False

    ran = stored("audit")

    assert ran.status == 1
    assert "copy-unknown" in ran.out
    assert "missing" not in ran.out
    assert "audit again" in ran.err
    assert "coffre offers --check" in ran.err
    assert "coffre repair" not in ran.err


def test_an_audit_then_repairs_and_still_says_that_it_found_something(stored: Bench) -> None:
    stored.memory["south"].damage(ref("a.txt"))

    ran = stored("audit", "--repair")
    after = stored("audit")

    assert ran.status == 1
    assert any(
        line.startswith("rewritten  0/object/a.txt  south  from north") for line in ran.lines
    )
    assert "1 copy owed, 1 rewritten" in ran.out
    assert after.status == 0
    assert stored.memory["south"].bytes_of(ref("a.txt")) == b"a.txt"


def test_an_audit_can_be_narrowed_to_an_offer_that_exists(stored: Bench) -> None:
    stored.memory["south"].damage(ref("a.txt"))

    assert stored("audit", "--offer", "north").status == 0
    assert stored("audit", "--offer", "south").status == 1
    unknown = stored("audit", "--offer", "west", "--json")
    assert (unknown.status, unknown.codes) == (2, ["strategy"])
    assert "north, south" in unknown.err


@pytest.mark.parametrize(
    "words", [("--threads", "0"), ("--ledger", "--repair"), ("--ledger", "--tenant", "0")], ids=str
)
def test_an_audit_that_contradicts_itself_is_a_usage_error(
    coffre: Bench, words: tuple[str, ...]
) -> None:
    assert coffre("audit", *words).status == 2


def test_an_interrupted_audit_says_what_it_read_and_how_to_go_on(
    stored: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Audit) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Audit, "__next__", interrupted)

    ran = stored("audit")

    assert ran.status == 1
    assert ran.lines[0].startswith("stopped early: 0 objects")
    assert "again to go on" in ran.err


def test_an_interrupted_audit_tells_all_it_recorded_and_goes_on_from_there(
    stored: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.txt"):
        stored.memory["south"].damage(ref(name))
    monkeypatch.setattr("coffre.engine.auditing.PAGE", 1)
    step = Audit.__next__

    def interrupted(audit: Audit) -> Finding:
        if not audit.summary.findings:
            os.kill(os.getpid(), signal.SIGINT)
        return step(audit)

    with monkeypatch.context() as patch:
        patch.setattr(Audit, "__next__", interrupted)
        first = stored("audit", "--json")
    second = stored("audit", "--json")

    assert (first.status, second.status) == (1, 1)
    assert first.summary.items() >= {"objects": 1, "complete": False}.items()
    assert second.summary.items() >= {"objects": 2, "complete": True, "resumed": True}.items()
    told = [len([line for line in ran.told if "code" in line]) for ran in (first, second)]
    assert told[0] == first.summary["findings"] == second.summary["told_before"]
    assert sum(told) == second.summary["findings"]
    assert f"{told[0]} findings told then" in second.err


def test_a_sound_ledger_is_told_so(stored: Bench) -> None:
    ran = stored("audit", "--ledger")

    assert ran.status == 0
    assert ran.lines[-1].endswith("events verified, 0 findings")


def test_a_changed_ledger_is_a_finding(stored: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(_: object) -> Iterator[LedgerFinding]:
        yield LedgerFinding(seq=2, code="event-changed", detail="its digest differs")

    monkeypatch.setattr("coffre.engine.Engine.audit_ledger", found)

    ran = stored("audit", "--ledger")

    assert ran.status == 1
    assert ran.lines[0].startswith("event-changed")
    assert ran.lines[1].endswith("events read, 1 finding")
    assert "restore a backup" in ran.err


def test_a_repair_pays_what_is_owed(coffre: Bench) -> None:
    coffre.memory["south"].online = False
    coffre("put", coffre.file("a.txt", b"a"), "--strategy", "one")
    coffre.memory["south"].online = True

    ran = coffre("repair", "--json")

    assert ran.status == 0
    assert ran.told[0].items() >= {"action": "made", "offer": "south", "source": "north"}.items()
    assert ran.summary.items() >= {"made": 1, "failed": 0}.items()
    assert coffre("repair").lines == ["nothing is owed"]


def test_a_repair_that_cannot_be_done_now_ends_with_the_reason_and_stays_owed(
    coffre: Bench,
) -> None:
    coffre.memory["south"].online = False
    coffre("put", coffre.file("a.txt"), "--strategy", "one")

    ran = coffre("repair")

    assert ran.status == 6
    assert "[offer-unavailable]" in ran.err
    assert ran.lines == ["1 copy owed, 1 failed"]
    assert coffre("repair", "--dry-run").lines[-1] == "1 copy owed, of 1 object"


def test_an_interrupted_repair_tells_the_copy_in_hand_and_leaves_the_others_owed(
    stored: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.txt"):
        stored.memory["south"].damage(ref(name))
    stored("audit")
    look = MemoryOffer.set_aside

    def interrupted(offer: MemoryOffer, ref: ObjectRef, reason: str) -> Quarantined:
        os.kill(os.getpid(), signal.SIGINT)
        return look(offer, ref, reason)

    with monkeypatch.context() as patch:
        patch.setattr(MemoryOffer, "set_aside", interrupted)
        ran = stored("repair", "--json")

    assert ran.status == 1
    assert ran.summary.items() >= {"rewritten": 1, "failed": 0, "complete": False}.items()
    assert "still owed" in ran.err
    assert stored("repair").lines[-1] == "1 copy owed, 1 rewritten"


def test_a_repair_can_be_of_one_object(stored: Bench) -> None:
    for name in ("a.txt", "b.txt"):
        stored.memory["south"].damage(ref(name))
    stored("audit")

    ran = stored("repair", "0/object/b.txt")

    assert ran.status == 0
    assert ran.lines[-1] == "1 copy owed, 1 rewritten"
    assert stored.memory["south"].bytes_of(ref("a.txt")) != b"a.txt"


def test_a_dry_run_names_what_would_be_touched_in_its_scope_and_touches_nothing(
    stored: Bench,
) -> None:
    for name in ("a.txt", "b.txt"):
        stored.memory["south"].damage(ref(name))
    stored("audit")

    everything = stored("repair", "--dry-run")
    one = stored("repair", "--dry-run", "--json", "b.txt")
    elsewhere = stored("repair", "--dry-run", "--tenant", "1")

    assert [line.split()[:4] for line in everything.lines[:2]] == [
        ["would", "mend", f"0/object/{name}", "south"] for name in ("a.txt", "b.txt")
    ]
    assert everything.lines[-1] == "2 copies owed, of 2 objects"
    assert one.told[0].items() >= {"ref": "0/object/b.txt", "offer": "south"}.items()
    assert one.told[0].items() >= {"owed": "copy", "code": "object-corrupt"}.items()
    assert one.summary == {"objects": 1, "owed": 1}
    assert elsewhere.lines == ["nothing is owed"]
    assert stored.memory["south"].bytes_of(ref("b.txt")) != b"b.txt"


@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=str)
def test_what_is_not_stored_cannot_be_repaired(stored: Bench, words: tuple[str, ...]) -> None:
    ran = stored("repair", *words, "nowhere.txt", "--json")

    assert (ran.status, ran.codes) == (3, ["object-not-found"])


def test_a_repair_that_would_touch_too_much_stops_and_says_how_to_go_on(stored: Bench) -> None:
    stored.limits = Limits(brake_count=1)
    for name in ("a.txt", "b.txt"):
        stored.memory["south"].damage(ref(name))
    stored("audit")

    stopped = stored("repair", "--json")
    released = stored("repair", "--release-brake")

    assert (stopped.status, stopped.codes) == (4, ["brake"])
    assert "--release-brake" in stopped.err
    assert released.status == 0


def test_a_lost_ledger_is_rebuilt_from_one_offer(stored: Bench) -> None:
    for lost in stored.home.glob("ledger.db*"):
        lost.unlink()

    ran = stored("rebuild", "north")

    assert ran.status == 0
    assert ran.lines[0].startswith("north: 2 objects recovered, 0 known already")
    assert "run coffre audit" in ran.err
    assert stored("get", "a.txt").out == "a.txt"


def test_a_rebuild_from_an_offer_that_is_not_configured_is_a_usage_error(coffre: Bench) -> None:
    ran = coffre("rebuild", "west", "--json")

    assert (ran.status, ran.codes) == (2, ["strategy"])
    assert "north, south" in ran.err


def test_a_rebuild_that_had_to_leave_something_out_is_part_done(
    stored: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored.memory["north"].plant(ref("a.txt"), b"other bytes")

    ran = stored("rebuild", "north")

    assert ran.status == 1
    assert "1 in conflict" in ran.lines[0]
    assert "the ledger stays" in ran.err


def test_an_offer_that_is_needed_is_not_retired(stored: Bench) -> None:
    ran = stored("retire", "south", "--reason", "old", "--json")

    assert (ran.status, ran.codes) == (4, ["still-needed"])
    assert "out of every strategy" in ran.err


def test_an_offer_that_nothing_needs_is_retired(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = coffre.open()
    held = Engine(
        opened.offers, {"default": ALONE}, opened._context.ledger, author="tester"
    ).closing(opened.close)
    monkeypatch.setattr("coffre.config.open", lambda path=None: held)

    ran = coffre("retire", "south", "--reason", "old")

    assert ran.status == 0
    assert ran.lines == ["retired  south  0 copies no longer counted on"]
    assert "nothing was deleted" in ran.err


def test_leftovers_are_swept_and_what_could_not_be_is_told(coffre: Bench) -> None:
    coffre.memory["north"].leave_behind(2048, age=7200)
    coffre.memory["south"].online = False

    ran = coffre("sweep")
    alone = coffre("sweep", "south", "--json")

    assert ran.status == 1
    assert ran.lines == ["swept  north  1 leftover removed, 0 kept, 2.0 KiB freed"]
    assert "not swept  south" in ran.err
    assert alone.status == 6
    assert alone.told[0].items() >= {"offer": "south", "code": "offer-unavailable"}.items()
    assert coffre("sweep", "north", "--older-than", "0").status == 0
    assert coffre("sweep", "nowhere").status == 2
