"""The rules of a limit: one by one, in every interleaving, and with each of them taken out."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from coffre.pool.admission import Admission
from coffre.pool.limiter import ThreadLimiter
from coffre.pool.limits import Limit
from coffre.pool.permits import Permit, Permits
from tests.unit.pool.mutants import Mutant
from tests.unit.pool.permit_explorer import explore
from tests.unit.pool.permit_rules import RULES
from tests.unit.pool.permit_scenes import LARGE, SCENES, STUCK
from tests.unit.pool.schedules import RuleBrokenError
from tests.unit.pool.test_mutants import not_for_ever


@dataclass(frozen=True)
class PropertyMutant(Mutant):
    """A rule that stands in a property."""

    @contextmanager
    def loose(self) -> Iterator[None]:
        original = inspect.getattr_static(self.owner, self.method)
        setattr(self.owner, self.method, original.fget)
        try:
            with super().loose():
                setattr(self.owner, self.method, property(getattr(self.owner, self.method)))
                yield
        finally:
            setattr(self.owner, self.method, original)


MUTANTS: list[Mutant] = [
    # the line
    Mutant(
        "who waits is in line",
        Permits,
        "come",
        "self.line.join(waiter)",
        "self.line.rejoin(waiter)",
    ),
    Mutant("who waits shuts the gate", Permits, "come", "self._shut()"),
    Mutant(
        "who is inside enters again", Permits, "come", "permit.used or not permit.recalled", "False"
    ),
    Mutant("what is free is given", Permits, "come", "self.serve()"),
    Mutant(
        "the limit is kept by who is served",
        Permits,
        "serve",
        "len(self.held) >= self.size",
        "False",
    ),
    Mutant(
        "the limit is kept by who finds room",
        Permits,
        "room",
        "len(self.held) >= self.size",
        "False",
    ),
    Mutant("nobody passes a shut gate", Permits, "room", "self.gate or", "False or"),
    Mutant("nobody is let in while paused", Permits, "serve", "not self.paused and", "True and"),
    Mutant(
        "the gate is opened again",
        Permits,
        "serve",
        "self.gate = bool(",
        "self.gate = bool(True or ",
    ),
    Mutant("the gate stays shut while paused", Permits, "serve", "or self.paused", ""),
    Mutant(
        "who is handed a permit does not keep it",
        Permits,
        "serve",
        "recalled=True",
        "recalled=False",
    ),
    Mutant("who was let in leaves the line", Permits, "_admit", "self.line.leave(waiter)"),
    Mutant(
        "a party is let in together",
        Permits,
        "_admit",
        "self.waiting.get(head.holder, [head])",
        "[head]",
    ),
    # leaving
    Mutant("what comes back goes on", Permits, "leave", "self.serve()"),
    Mutant("what comes back is free", Permits, "leave", "self._recall(permit)"),
    Mutant("what was given to the gone goes on", Permits, "give_up", "self.serve()"),
    Mutant(
        "what was given to the gone is free",
        Permits,
        "give_up",
        "permit.stays.pop(id(waiter), None)",
    ),
    Mutant("who is gone leaves the line", Permits, "give_up", "self.line.leave(waiter)"),
    Mutant(
        "who is gone is not let in with its party", Permits, "give_up", "self._wait_no_more(waiter)"
    ),
    # recalling
    Mutant("parked permits are recalled", Permits, "_shut", "self._recall(permit)"),
    Mutant("a permit in use is left alone", Permits, "_recall", "not permit.used and", "True and"),
    Mutant("it is recalled before it is looked at", Permits, "_recall", "permit.recalled = True"),
    PropertyMutant("a stay is a use", Permit, "used", "bool(self.stays) or", "False or"),
    PropertyMutant("a guest is a use", Permit, "used", "or bool(self.guests)", ""),
    # governing
    Mutant("a smaller limit recalls", Permits, "resize", "self._shut()"),
    Mutant("a larger limit lets in", Permits, "resize", "self.serve()"),
    Mutant("a pause recalls", Permits, "pause", "self._shut()"),
    Mutant("a resumed limit lets in", Permits, "resume", "self.serve()"),
    Mutant("repairing takes back what is not used", Permits, "repair", "self._shut()"),
    Mutant("repairing takes the let in out of line", Permits, "repair", "self.line.leave(waiter)"),
    # the faces
    Mutant(
        "who enters looks whether it may",
        ThreadLimiter,
        "__enter__",
        "if not permit.recalled:",
        "if True:",
    ),
    Mutant("an exit gives back", ThreadLimiter, "__exit__", "self.went(permit)"),
    Mutant(
        "an exit ends one entry", ThreadLimiter, "__exit__", "permit.depth - 1, True", "0, True"
    ),
    Mutant(
        "nobody leaves who is not inside", ThreadLimiter, "__exit__", "and permit.depth > 0", ""
    ),
    Mutant(
        "the queue is bounded", ThreadLimiter, "_come", "len(self.permits.line) > most", "False"
    ),
    Mutant("a limit of nothing is no knot", Limit, "blockers", "not inside or", "False or"),
    PropertyMutant(
        "a stay may be ended elsewhere", Permit, "known", "and all(list(self.stays.values()))", ""
    ),
    Mutant(
        "a block is left by who entered it", Admission, "__enter__", "permit.stays[id(self)] = True"
    ),
    Mutant("a stay ends", Admission, "close", "permit.stays.pop(id(self), None)"),
    Mutant("a stay gives back", Admission, "close", "self.limit.went(permit)"),
    Mutant("a dropped stay ends", Admission, "__del__", "self.limit.note(permit)"),
    Mutant("a note wakes who waits", Limit, "note", "waiter.wake()"),
    Mutant("notes are taken in", Limit, "_take_in", "self.permits.leave(left)"),
    Mutant("nobody waits for its own lock", Limit, "went", "if self._is_inside():", "if False:"),
    Mutant("nobody asks from inside", Limit, "change", "if self._is_inside():", "if False:"),
]


@pytest.mark.parametrize("name", RULES)
def test_rule(name: str) -> None:
    RULES[name]()


@pytest.mark.parametrize("name", SCENES)
def test_every_interleaving_of_a_few_threads_keeps_the_rules(name: str) -> None:
    assert explore(SCENES[name]) > 100


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_every_interleaving_of_more_threads_keeps_the_rules(name: str) -> None:
    assert explore(LARGE[name]) > 500


def test_two_limits_in_opposite_orders_are_found_to_be_stuck() -> None:
    with pytest.raises(RuleBrokenError, match="wait for ever"):
        explore(STUCK)


def objection() -> str | None:
    """Name of the first rule or scene that does not hold."""
    for name, check in RULES.items():
        try:
            with not_for_ever(1.0):
                check()
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - a mutant may do anything, and pytest's own
            return name
    for name, make in SCENES.items():
        try:
            explore(make)
        except Exception:  # noqa: BLE001 - a mutant may do anything
            return name
    return None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rule.replace(" ", "-"))
@pytest.mark.filterwarnings("ignore")
def test_somebody_objects_when_a_rule_is_taken_out(mutant: Mutant) -> None:
    with mutant.loose():
        found = objection()

    assert found is not None, f"nobody missed the rule: {mutant.rule}"
