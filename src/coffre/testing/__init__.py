"""For tests, of this project and of its users: an offer in memory, chaos, clocks.

Not for keeping anything: what is in memory is gone with the process.
"""

from coffre.testing.clock import FakeClock
from coffre.testing.memory import MemoryConnection, MemoryDriver
from coffre.testing.offer import Held, MemoryOffer, Quarantined

__all__ = [
    "FakeClock",
    "Held",
    "MemoryConnection",
    "MemoryDriver",
    "MemoryOffer",
    "Quarantined",
]
