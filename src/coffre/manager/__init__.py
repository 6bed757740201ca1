"""Drivers that are installed, and the offers opened with them.

- ``discovery``: which drivers are installed, and why one of them cannot be used.
- ``manager``: opens every offer once, while others are added and removed.
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
from coffre.manager.errors import OfferExistsError, OfferNotOpenError
from coffre.manager.manager import DriverManager, OfferSettings

__all__ = [
    "Availability",
    "DriverManager",
    "DriverReport",
    "InstalledDriver",
    "OfferExistsError",
    "OfferNotOpenError",
    "OfferSettings",
    "examine_drivers",
    "installed_drivers",
    "load_driver",
]
