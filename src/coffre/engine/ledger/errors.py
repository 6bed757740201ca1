"""What can go wrong with the ledger, each with a stable code and the next step.

Nothing raised by the database library leaves this room: each kind of database translates in one
place, and chains with ``from``. No password of a database URL is ever printed.
"""

from __future__ import annotations

from coffre.contract import CoffreError


class LedgerError(CoffreError):
    """The ledger could not be read or written; the operation in hand failed with it (law 7)."""

    code = "ledger-error"


class LedgerLockedError(LedgerError):
    """Another process kept the ledger for longer than we were told to wait; nothing was written."""

    code = "ledger-locked"
    retryable = True


class LedgerUnavailableError(LedgerError):
    """The database server could not be reached, or hung up.

    Whether the transaction in hand was committed is unknown when this is raised by a commit:
    read the object again before acting. Recording the same facts twice is harmless.
    """

    code = "ledger-unavailable"
    retryable = True


class LedgerVersionError(LedgerError):
    """A ledger whose schema this version of coffre does not know; it was not touched."""

    code = "ledger-version"


class LedgerDamagedError(LedgerError):
    """The database is not one, is damaged, or contradicts itself; nothing was written."""

    code = "ledger-damaged"


class ClaimedError(CoffreError):
    """Somebody else is storing, replacing or deleting under this reference right now."""

    code = "object-busy"
    retryable = True
