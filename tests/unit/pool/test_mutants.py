"""No rule of the pool can be taken out without a test objecting."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from tests.unit.pool.explorer import explore
from tests.unit.pool.mutants import MUTANTS, Mutant
from tests.unit.pool.rules import RULES
from tests.unit.pool.scenes import SCENES


class HangsError(Exception):
    """A mutant made somebody wait."""


@contextlib.contextmanager
def not_for_ever(seconds: float) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise HangsError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def objection(patience: float = 0.5) -> str | None:
    """Name of the first rule or scene that does not hold.

    Args:
        patience: seconds after which a rule counts as waited for in vain.
    """
    for name, check in RULES.items():
        try:
            with not_for_ever(patience):
                check()
        except Exception:  # noqa: BLE001 - a mutant may do anything
            return name
        except BaseException as failed:  # pytest's own
            if isinstance(failed, KeyboardInterrupt):
                raise
            return name
    for name, make in SCENES.items():
        try:
            explore(make)
        except Exception:  # noqa: BLE001 - a mutant may do anything
            return name
    return None


def test_nobody_objects_to_the_pool_as_it_is() -> None:
    # A machine may be busy: only a mutant is not waited for.
    assert objection(patience=60.0) is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rule.replace(" ", "-"))
@pytest.mark.filterwarnings("ignore")
def test_somebody_objects_when_a_rule_is_taken_out(mutant: Mutant) -> None:
    with mutant.loose():
        found = objection()

    assert found is not None, f"nobody missed the rule: {mutant.rule}"
