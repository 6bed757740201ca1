"""Exit statuses, and the one table that gives every error its own.

Source: DESIGN, section 6.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import IntEnum

from coffre.contract import CoffreError


class ExitStatus(IntEnum):
    """How a command ends, for scripts."""

    OK = 0
    """Done, and nothing was found wrong."""
    PART = 1
    """Findings, or only part done: an interrupted job, some objects refused."""
    USAGE = 2
    """The command line, the configuration or a driver is wrong; nothing was done."""
    NOT_FOUND = 3
    """The object is not stored."""
    REFUSED = 4
    """Refused: conflict, forbidden, invalid."""
    NOT_ENOUGH_COPIES = 5
    """Fewer good copies than required, to store or to read."""
    UNAVAILABLE = 6
    """An offer or the ledger could not do it; most often it can later."""
    INTERNAL = 70
    """A bug in coffre."""


STATUS_OF_CODE: Mapping[str, ExitStatus] = {
    # The root: an error of a family that this table does not know.
    "error": ExitStatus.REFUSED,
    "usage": ExitStatus.USAGE,
    "output": ExitStatus.PART,
    "interrupted": ExitStatus.PART,
    "internal": ExitStatus.INTERNAL,
    # Configuration and drivers.
    "configuration": ExitStatus.USAGE,
    "invalid-parameter": ExitStatus.USAGE,
    "strategy": ExitStatus.USAGE,
    "driver-unusable": ExitStatus.USAGE,
    "driver-not-found": ExitStatus.USAGE,
    "metrics-missing": ExitStatus.USAGE,
    "contract-version": ExitStatus.USAGE,
    "offer-exists": ExitStatus.USAGE,
    "offer-not-open": ExitStatus.USAGE,
    "ledger-version": ExitStatus.USAGE,
    # Signed documents and keys.
    "seal-error": ExitStatus.USAGE,
    "signing-missing": ExitStatus.USAGE,
    "key-unusable": ExitStatus.USAGE,
    "key-exists": ExitStatus.USAGE,
    "document-unreadable": ExitStatus.USAGE,
    "not-genuine": ExitStatus.PART,
    # What was asked cannot be.
    "invalid-reference": ExitStatus.REFUSED,
    "invalid-digest": ExitStatus.REFUSED,
    "invalid-request": ExitStatus.REFUSED,
    "invalid-range": ExitStatus.REFUSED,
    "invalid-order": ExitStatus.REFUSED,
    "source-unreadable": ExitStatus.REFUSED,
    "source-changed": ExitStatus.REFUSED,
    "protocol-length": ExitStatus.REFUSED,
    "size-mismatch": ExitStatus.REFUSED,
    "digest-mismatch": ExitStatus.REFUSED,
    "object-conflict": ExitStatus.REFUSED,
    "forbidden": ExitStatus.REFUSED,
    "retained": ExitStatus.REFUSED,
    "unsupported": ExitStatus.REFUSED,
    "brake": ExitStatus.REFUSED,
    "still-needed": ExitStatus.REFUSED,
    # Objects and their copies.
    "object-not-found": ExitStatus.NOT_FOUND,
    "object-corrupt": ExitStatus.NOT_ENOUGH_COPIES,
    "object-incomplete": ExitStatus.NOT_ENOUGH_COPIES,
    "not-enough-copies": ExitStatus.NOT_ENOUGH_COPIES,
    "no-readable-copy": ExitStatus.NOT_ENOUGH_COPIES,
    # Offers and the ledger, now.
    "offer-error": ExitStatus.UNAVAILABLE,
    "offer-full": ExitStatus.UNAVAILABLE,
    "offer-failed": ExitStatus.UNAVAILABLE,
    "offer-unavailable": ExitStatus.UNAVAILABLE,
    "offer-timeout": ExitStatus.UNAVAILABLE,
    "connection-lost": ExitStatus.UNAVAILABLE,
    "not-ready": ExitStatus.UNAVAILABLE,
    # The other end of the offer protocol.
    "protocol": ExitStatus.UNAVAILABLE,
    "protocol-header": ExitStatus.UNAVAILABLE,
    "protocol-negative-length": ExitStatus.UNAVAILABLE,
    "protocol-route": ExitStatus.UNAVAILABLE,
    "protocol-method": ExitStatus.UNAVAILABLE,
    "protocol-signature": ExitStatus.UNAVAILABLE,
    "protocol-body": ExitStatus.UNAVAILABLE,
    "protocol-body-missing": ExitStatus.UNAVAILABLE,
    "protocol-field-missing": ExitStatus.UNAVAILABLE,
    "protocol-listing-cut": ExitStatus.UNAVAILABLE,
    # Pools and limits: nothing was sent.
    "pool-error": ExitStatus.UNAVAILABLE,
    "pool-timeout": ExitStatus.UNAVAILABLE,
    "pool-busy": ExitStatus.UNAVAILABLE,
    "pool-closed": ExitStatus.UNAVAILABLE,
    "pool-paused": ExitStatus.UNAVAILABLE,
    "pool-deadlock": ExitStatus.UNAVAILABLE,
    "breaker-open": ExitStatus.UNAVAILABLE,
    "lease-nested": ExitStatus.UNAVAILABLE,
    "lease-returned": ExitStatus.UNAVAILABLE,
    "lease-forked": ExitStatus.UNAVAILABLE,
    "limiter-timeout": ExitStatus.UNAVAILABLE,
    "limiter-busy": ExitStatus.UNAVAILABLE,
    "object-busy": ExitStatus.UNAVAILABLE,
    "ledger-error": ExitStatus.UNAVAILABLE,
    "ledger-locked": ExitStatus.UNAVAILABLE,
    "ledger-unavailable": ExitStatus.UNAVAILABLE,
    "ledger-damaged": ExitStatus.UNAVAILABLE,
}


def status_of(error: CoffreError) -> ExitStatus:
    """The exit status of an error; one that the table does not know takes its family's."""
    for family in type(error).__mro__:
        known = STATUS_OF_CODE.get(getattr(family, "code", ""))
        if known is not None:
            return known
    return ExitStatus.REFUSED


def status_of_code(code: str) -> ExitStatus:
    """The exit status of an error of which only the code is left, in a report."""
    return STATUS_OF_CODE.get(code, ExitStatus.REFUSED)


def status_of_job(done: int, failures: Collection[ExitStatus]) -> ExitStatus:
    """The exit status of a job over several objects.

    Args:
        done: objects dealt with.
        failures: the distinct statuses of those that were not.

    Returns:
        ``OK`` when nothing failed; the status of the failures when nothing else happened and
        they agree; ``PART`` otherwise.
    """
    if not failures:
        return ExitStatus.OK
    if done or len(failures) > 1:
        return ExitStatus.PART
    return next(iter(failures))
