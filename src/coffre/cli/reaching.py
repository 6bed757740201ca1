"""Reaching an offer to try a driver on: what is wrong with the offer is no finding."""

from __future__ import annotations

from secrets import randbelow
from typing import cast

from coffre.cli.errors import UsageError
from coffre.cli.output import Output
from coffre.contract import (
    Capability,
    CoffreError,
    ConnectionParameters,
    Driver,
    ListRequest,
    OfferUnavailableError,
    SupportsPrepare,
)


def prepare(driver: Driver, parameters: ConnectionParameters, out: Output) -> None:
    """Make a new place an offer, for drivers whose offers are made on purpose.

    Raises:
        UsageError: the driver's offers need no preparation.
        CoffreError: what the driver says of the place.
    """
    if Capability.PREPARE not in driver.capabilities:
        raise UsageError(f"--prepare: offers of {driver.name} need no preparation; leave it out")
    result = cast(SupportsPrepare, driver).prepare(parameters)
    out.advice(f"{'made' if result.made else 'found'} an offer: {result.place}")


def reach(driver: Driver, parameters: ConnectionParameters, out: Output) -> None:
    """Open a session, look at a container that nobody uses, close it.

    Raises:
        CoffreError: no session could be opened, or the offer cannot be reached.
    """
    try:
        _look(driver, parameters)
    except OfferUnavailableError:
        if Capability.PREPARE in driver.capabilities:
            out.advice("a new offer is made with --prepare")
        raise


def _look(driver: Driver, parameters: ConnectionParameters) -> None:
    """What is not about reaching the offer is left for the checks to find, and to tell."""
    connected = False
    try:
        with driver.connect(parameters) as connection:
            connected = True
            # Some sessions are opened when they are first used.
            request = ListRequest(tenant=10**9 + randbelow(10**9), container="object", limit=1)
            with connection.list(request) as listing:
                next(listing, None)
    except CoffreError as error:
        if not connected or isinstance(error, OfferUnavailableError):
            raise
    except Exception:  # noqa: BLE001 - no driver may raise that
        return
