"""Errors of the manager: which offers there are, and what it takes to look at them."""

from __future__ import annotations

from coffre.contract import CoffreError


class OfferExistsError(CoffreError, ValueError):
    """An offer of that id is open already; it stays as it is."""

    code = "offer-exists"


class OfferNotOpenError(CoffreError, LookupError):
    """No offer of that id is open."""

    code = "offer-not-open"


class MetricsMissingError(CoffreError, ImportError):
    """The library for metrics is not installed."""

    code = "metrics-missing"
