"""The ledger: durable memory of what was stored, and a log that shows if it was touched.

Nothing is acknowledged before it is recorded here (law 7). Expected digests are written once
(law 1). Every change is an event, numbered without a gap and chained to the one before.

- :class:`Ledger` is all that the engine uses.
- ``records`` are the values that go in and come out; ``errors`` what can go wrong.
- ``schema``, ``guards``, ``migrations``: the tables. ``embedded``, ``server``: where they are.
- ``chain``, ``eventlog``, ``verification``: the log. ``deposits``, ``changes``, ``checks``,
  ``merging``, ``jobs``, ``retiring``: what is recorded. ``reading``, ``holdings``: what is asked.
- ``claims``: who is storing what right now, by the locks of ``filelocks``, ``processlocks`` or
  ``sessionlocks``.
"""

from coffre.engine.ledger.claims import Claim
from coffre.engine.ledger.errors import (
    ClaimedError,
    LedgerDamagedError,
    LedgerError,
    LedgerLockedError,
    LedgerUnavailableError,
    LedgerVersionError,
)
from coffre.engine.ledger.ledger import Ledger
from coffre.engine.ledger.records import (
    Check,
    CopyRecord,
    CopyState,
    DebtKind,
    DebtRecord,
    DeletionOrder,
    Deposit,
    DepositOutcome,
    EventKind,
    EventRecord,
    JobProgress,
    JobRecord,
    JobState,
    LedgerCounts,
    LedgerFinding,
    LedgerHead,
    ObjectRecord,
    ObjectState,
    Recorded,
)

__all__ = [
    "Check",
    "Claim",
    "ClaimedError",
    "CopyRecord",
    "CopyState",
    "DebtKind",
    "DebtRecord",
    "DeletionOrder",
    "Deposit",
    "DepositOutcome",
    "EventKind",
    "EventRecord",
    "JobProgress",
    "JobRecord",
    "JobState",
    "Ledger",
    "LedgerCounts",
    "LedgerDamagedError",
    "LedgerError",
    "LedgerFinding",
    "LedgerHead",
    "LedgerLockedError",
    "LedgerUnavailableError",
    "LedgerVersionError",
    "ObjectRecord",
    "ObjectState",
    "Recorded",
]
