"""Liars: drivers that cheat in one way each, and the duty that each of them breaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from coffre.conformance import Harness, Report, run
from coffre.contract import Connection
from tests.liars.honest import HonestConnection, HonestDriver, HonestHarness

SEED = 1


@dataclass(frozen=True)
class Liar:
    """One lie, and the duty under which the kit has to find it."""

    name: str
    lie: str
    """What it does wrong, in a sentence."""
    duty: str
    """Duty under which it must be found."""
    driver: type[HonestDriver]
    harness: Callable[[HonestDriver], Harness] = HonestHarness
    remark: str | None = None
    """It breaks no duty, and the kit says this of it."""
    only: tuple[str, ...] = ()
    """Trials that are enough, where those of its duty would take long."""

    def tried(self) -> tuple[Report, set[str]]:
        """The kit's report on it, and the duties it is found to break."""
        driver = self.driver()
        harness = self.harness(driver)
        try:
            report = run(harness, only=self.only or (self.duty,), seed=SEED)
        finally:
            for let_go in reversed(driver.at_the_end):
                let_go()
        return report, {finding.duty.id for finding in report.findings}


LIARS: list[Liar] = []

Kind = TypeVar("Kind", bound=type[HonestDriver] | type[Connection])


def liar(
    duty: str,
    *,
    harness: Callable[[HonestDriver], Harness] = HonestHarness,
    remark: str | None = None,
    only: tuple[str, ...] = (),
) -> Callable[[Kind], Kind]:
    """Enter a driver, or a session of the honest driver, in the list of liars.

    Args:
        duty: under which it must be found.
        harness: how it is tried.
        remark: what the kit says of it, where that is no failure.
        only: trials that are enough.
    """

    def enter(kind: Kind) -> Kind:
        name = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", kind.__name__).lower()
        lie = " ".join((kind.__doc__ or "").split())
        LIARS.append(Liar(name, lie, duty, _driver(kind), harness, remark, only))
        return kind

    return enter


def _driver(kind: type[HonestDriver] | type[Connection]) -> type[HonestDriver]:
    if issubclass(kind, HonestDriver):
        return kind
    session = cast(type[HonestConnection], kind)
    # A driver declares what its sessions do: that is not the lie, unless a liar says so itself.
    return type(
        kind.__name__, (HonestDriver,), {"connection": session, "capabilities": kind.capabilities}
    )
