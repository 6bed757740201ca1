"""Scratch: the offer as its trials see it, their sizes, and what they cannot remove themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from coffre.conformance import Bench, Harness, NotTried, some_bytes
from coffre.contract import (
    SYSTEM_CLOCK,
    Clock,
    ConnectionParameters,
    Driver,
    ObjectRef,
    OfferUnavailableError,
)
from coffre.probe.settings import DEFAULT_SETTINGS, ProbeSettings

MIB = 1024 * 1024
SMALLEST_PART, LARGEST_PART = 9 * MIB, 64 * MIB
"""Bounds of what is put to take the path of large objects, unless somebody asks for more."""
SIZE_NAMES = ("part_size", "block_size", "segment_size", "multipart_threshold", "chunk_size")
"""How drivers call the size from which on they store an object in parts."""
SMALL = 10
SIZES = ("empty", "small", "parts")
"""Cases of the trials whose promise is another one for each way in which a driver stores."""


def crossing(parameters: ConnectionParameters) -> int:
    """Bytes of an object that the driver stores in parts, as far as its parameters tell."""
    return min(max(told_part(parameters) + 1, SMALLEST_PART), LARGEST_PART)


def told_part(parameters: ConnectionParameters) -> int:
    """Bytes of one part, as the parameters tell it; 0 when they do not."""
    sizes = [value for name, value in parameters.values if name in SIZE_NAMES]
    return max((size for size in sizes if isinstance(size, int)), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """Something that cannot be removed before a moment."""

    ref: ObjectRef
    until: datetime


class Scratch(Harness):
    """The offer of a probe, as the kit's benches take it."""

    def __init__(
        self,
        driver: Driver,
        parameters: ConnectionParameters,
        settings: ProbeSettings = DEFAULT_SETTINGS,
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Hold the offer; nothing is sent yet.

        Args:
            driver: of the offer, with the limits that its configuration puts around it.
            parameters: of the offer.
            settings: how far to go.
            clock: where dates of retention come from.
        """
        super().__init__(driver, parameters)
        self.settings = settings
        self.clock = clock
        self.tenants = settings.tenants
        # A little more than the runner waits: what is late is then *not tried*, not a finding.
        self.patience = settings.patience + 60
        self.part_size = settings.part_size or crossing(parameters)
        """Bytes of the objects that go in parts."""
        self.retained: list[Retained] = []
        """What trials could not remove yet."""
        self.used: list[int] = []
        """Tenants that trials were made in."""
        self._pair: tuple[int, int | None] | None = None

    def scratch_tenants(self) -> tuple[int, int | None]:
        """The same two for every trial, which leaves them empty: services make places of them."""
        if self._pair is None:
            self._pair = super().scratch_tenants()
            self.used.extend(tenant for tenant in self._pair if tenant is not None)
        return self._pair

    def move_on(self) -> None:
        """Have the next trial draw other tenants: something may be left in these."""
        self._pair = None

    def retain(self, ref: ObjectRef) -> datetime:
        """A date for an object, which is removed at the end of the probe, once it has passed."""
        until = self.clock.now() + timedelta(seconds=self.settings.retain)
        self.retained.append(Retained(ref=ref, until=until))
        self.move_on()
        return until


def scratch_of(bench: Bench) -> Scratch:
    """The scratch of a bench.

    Raises:
        NotTried: the bench is not one of a probe.
    """
    if not isinstance(bench.harness, Scratch):
        raise NotTried("this trial belongs to a probe, and not to the kit")
    return bench.harness


def data_of(bench: Bench, case: str, start: int = 0) -> bytes:
    """Bytes of the size of a case; with another start, others of the same size.

    Raises:
        NotTried: the driver stores in parts what is larger than all that is to be tried.
    """
    scratch = scratch_of(bench)
    size = {"empty": 0, "small": SMALL, "parts": scratch.part_size}[case]
    part = told_part(scratch.parameters)
    if case == "parts" and size <= part:
        raise NotTried(
            f"the driver's parts have {part} bytes, and {size} were tried at most: give --part-size"
        )
    return some_bytes(size, start)


def unless_away(outcomes: Iterable[object]) -> None:
    """Go on only if none of several things done at once failed because the offer was away.

    Raises:
        OfferUnavailableError: one did; nothing follows from the others.
    """
    for one in outcomes:
        if isinstance(one, OfferUnavailableError):
            raise one
