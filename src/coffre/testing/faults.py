"""Faults: what can go wrong between a caller and an offer, as values.

A fault goes *around* one operation: it may alter the request, let it proceed or not, and
alter the answer. Two equal faults do the same, and their ``repr`` is how a test names them.
This module has the base and what can befall any operation; the others are sorted by what
they spoil: ``read_faults``, ``write_faults``, ``answer_faults``.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from coffre.contract import (
    Clock,
    ConnectionLostError,
    GetResult,
    ObjectRef,
    OfferError,
    OfferUnavailableError,
)
from coffre.testing.past import Past

Step = Callable[[object], object]
"""From a request to its result: the offer itself, or another fault around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Circumstances under which a fault fires."""

    operation: str
    """Name of the method called: ``put``, ``get``, ``connect`` ..."""
    ref: ObjectRef | None
    """Object concerned, when there is one."""
    chance: random.Random
    """Where a fault gets its positions from; the same at the same call under the same seed."""
    clock: Clock
    past: Past
    """What was changed through this driver so far."""


class Fault(ABC):
    """One thing that goes wrong, once."""

    operations: ClassVar[frozenset[str]] = frozenset()
    """Operations it makes sense for; empty for any."""

    @abstractmethod
    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Do the operation, wrongly.

        Args:
            proceed: the operation as it would have been without this fault.
            request: what was asked.
            moment: the circumstances.

        Raises:
            OfferError: where the fault is an error.
        """

    def befalls(self, operation: str) -> bool:
        """Whether it makes sense for an operation."""
        return not self.operations or operation in self.operations


@dataclass(frozen=True, slots=True)
class Latency(Fault):
    """The operation takes longer, on the clock that the driver was given."""

    seconds: float = 1.0

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Sleep, then proceed."""
        moment.clock.sleep(self.seconds)
        return proceed(request)


@dataclass(frozen=True, slots=True)
class ErrorBefore(Fault):
    """The operation fails, and has had no effect."""

    kind: type[OfferError] = OfferUnavailableError
    message: str = "chaos: failed before the effect"

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Raise, made anew each time: errors gather a traceback and the id of an offer."""
        raise self.kind(self.message, ref=moment.ref)


@dataclass(frozen=True, slots=True)
class ErrorAfter(Fault):
    """The operation has its effect, and then the answer is lost."""

    kind: type[OfferError] = ConnectionLostError
    message: str = "chaos: the answer was lost"

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Proceed, give back what the answer holds, and raise."""
        release(proceed(request))
        raise self.kind(self.message, ref=moment.ref)


def release(result: object) -> None:
    """Close what an answer holds open, when nobody will."""
    close = getattr(result.stream if isinstance(result, GetResult) else result, "close", None)
    if callable(close):
        close()
