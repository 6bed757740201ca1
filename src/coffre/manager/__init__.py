"""Drivers that are installed, and the offers opened with them.

- ``discovery``: which drivers are installed, and why one of them cannot be used.
- ``manager``: opens every offer once, while others are added and removed.
- ``pooling``, ``limits``: a pool of connections and limits of threads around every driver.
- ``snapshot``, ``events``, ``metrics``: what can be seen of them from outside.
- ``availability``: asks all offers at the same time whether they answer.
"""

from coffre.manager.availability import Availability
from coffre.manager.discovery import (
    DriverReport,
    InstalledDriver,
    examine_drivers,
    installed_drivers,
    load_driver,
)
from coffre.manager.errors import MetricsMissingError, OfferExistsError, OfferNotOpenError
from coffre.manager.limits import (
    GLOBAL_THREADS,
    OFFER_THREADS,
    DriverSettings,
    OfferLimits,
    ThreadLimit,
)
from coffre.manager.manager import DriverManager, OfferSettings, unwrapped
from coffre.manager.snapshot import ManagerSnapshot, OfferSnapshot

__all__ = [
    "GLOBAL_THREADS",
    "OFFER_THREADS",
    "Availability",
    "DriverManager",
    "DriverReport",
    "DriverSettings",
    "InstalledDriver",
    "ManagerSnapshot",
    "MetricsMissingError",
    "OfferExistsError",
    "OfferLimits",
    "OfferNotOpenError",
    "OfferSettings",
    "OfferSnapshot",
    "ThreadLimit",
    "examine_drivers",
    "installed_drivers",
    "load_driver",
    "unwrapped",
]
