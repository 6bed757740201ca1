"""For tests, of this project and of its users: an offer in memory, chaos, clocks, bad sources.

Not for keeping anything: what is in memory is gone with the process.
"""

from coffre.testing.answer_faults import (
    AbsentForUnreachable,
    BrokenListing,
    FalselyAbsent,
    IncompleteListing,
    LyingDigest,
    ParrotDigest,
    StaleListing,
    WrongSize,
)
from coffre.testing.chaos import ChaosConnection, ChaosDriver, Fired
from coffre.testing.clock import FakeClock
from coffre.testing.cold import ColdObjects
from coffre.testing.contents import ChangingContent, FailingContent
from coffre.testing.faults import ErrorAfter, ErrorBefore, Fault, Latency, Moment
from coffre.testing.held import Held, Quarantined
from coffre.testing.memory import MemoryConnection, MemoryDriver
from coffre.testing.offer import MemoryOffer
from coffre.testing.read_faults import BrokenRead, FlipOnRead, ShortRead
from coffre.testing.script import ANY, BAD_FAITH, BAD_WEATHER, Chance, Rule
from coffre.testing.write_faults import FlipOnWrite, LostDelete, LostWrite, TornWrite

__all__ = [
    "ANY",
    "BAD_FAITH",
    "BAD_WEATHER",
    "AbsentForUnreachable",
    "BrokenListing",
    "BrokenRead",
    "Chance",
    "ChangingContent",
    "ChaosConnection",
    "ChaosDriver",
    "ColdObjects",
    "ErrorAfter",
    "ErrorBefore",
    "FailingContent",
    "FakeClock",
    "FalselyAbsent",
    "Fault",
    "Fired",
    "FlipOnRead",
    "FlipOnWrite",
    "Held",
    "IncompleteListing",
    "Latency",
    "LostDelete",
    "LostWrite",
    "LyingDigest",
    "MemoryConnection",
    "MemoryDriver",
    "MemoryOffer",
    "Moment",
    "ParrotDigest",
    "Quarantined",
    "Rule",
    "ShortRead",
    "StaleListing",
    "TornWrite",
    "WrongSize",
]
