"""The version of the contract, apart from the version of the package.

A minor version adds (fields with defaults, optional services); a major one may break. The
check at loading is in ``coffre.manager``; what it decides is here, because it is a promise
to providers.
"""

from __future__ import annotations

from typing import NamedTuple

from coffre.contract.errors import ContractVersionError


class Version(NamedTuple):
    """Major and minor number."""

    major: int
    minor: int

    def __str__(self) -> str:
        """``1.0``."""
        return f"{self.major}.{self.minor}"


CONTRACT_VERSION = Version(1, 1)
"""The contract that this package speaks.

1.1 adds services (access requests, legal holds, bulk stat and delete, copies inside an offer, the
offer log) and what ``stat`` tells of them. Drivers written for 1.0 work as before."""


def check_contract(driver: str, written_for: Version) -> None:
    """Decide whether a driver can be used.

    A driver for an older minor version works: it refuses what it does not know. One for a
    newer minor version works too, and only offers services that nobody asks it for.

    Args:
        driver: name of the driver, for the message.
        written_for: the contract version it declares.

    Raises:
        ContractVersionError: the major version differs; the message says what to do.
    """
    if written_for.major == CONTRACT_VERSION.major:
        return
    remedy = (
        "upgrade coffre, or install an older release of the driver"
        if written_for.major > CONTRACT_VERSION.major
        else "ask its provider for a release made for the current contract"
    )
    raise ContractVersionError(
        f"driver {driver!r} was written for contract {written_for}, this coffre speaks "
        f"{CONTRACT_VERSION}: {remedy}"
    )
