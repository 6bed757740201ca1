"""Errors that only the command line can make."""

from __future__ import annotations

from coffre.contract import CoffreError


class UsageError(CoffreError):
    """A command line that makes no sense; nothing was done."""

    code = "usage"


class OutputError(CoffreError):
    """Standard output cannot be written (a full disk); what was done before stands."""

    code = "output"


class InterruptedJobError(CoffreError):
    """A person stopped the job; the message says what was done, and how to go on."""

    code = "interrupted"
    retryable = True


class ReaderGoneError(Exception):
    """Whoever read our output stopped reading (``| head``): no error, but no reason to go on."""
