"""Retention: immutability policies of single blobs, where the container has them switched on.

A policy keeps *versions*: once one is set, the service destroys the bytes for nobody before the
date. A plain deletion would still succeed there and make the object a previous version, absent
for every reader. So a deletion looks first, and is refused here while a date or a hold stands.

Source: Azure Storage, "Version-level WORM policies", "Set Blob Immutability Policy". No emulator
has them: tested against the protocol as documented, never yet on the service itself.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from coffre.contract import ObjectRef, PutRequest, RetainedError
from coffre.drivers.azure.naming import Place
from coffre.drivers.azure.reading import Held
from coffre.drivers.azure.service import Service

_UNTIL = "x-ms-immutability-policy-until-date"
_MODE = "x-ms-immutability-policy-mode"


def retention_headers(until: datetime, mode: str, now: datetime) -> dict[str, str]:
    """Headers of a put, or of a policy, that keep a blob until a moment; seconds are rounded up.

    None for a moment that is over: it forbids nothing, and the service takes no such date.
    """
    if until <= now:
        return {}
    moment = until.astimezone(UTC)
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return {_UNTIL: format_datetime(moment, usegmt=True), _MODE: mode.capitalize()}


def extend_retention(service: Service, place: Place, request: PutRequest, held: Held) -> None:
    """Keep an object that was there already at least as long as the request says."""
    until = request.retain_until
    if until is None or (held.retained_until is not None and held.retained_until >= until):
        return
    headers = retention_headers(until, service.settings.retention_mode, service.clock.now())
    query = (("comp", "immutabilityPolicies"),)
    if headers:
        service.done("PUT", place.path, query, headers, b"", ref=request.ref)


def refuse_retained(held: Held, ref: ObjectRef, now: datetime) -> None:
    """Refuse to take away, or to hide behind another version, what must be kept.

    Raises:
        RetainedError: a date that is not over, or a hold.
    """
    if held.on_hold:
        raise RetainedError("a legal hold forbids it; lift it first", ref=ref)
    if held.retained_until is not None and held.retained_until > now:
        raise RetainedError(f"kept until {held.retained_until:%Y-%m-%d %H:%M:%S} UTC", ref=ref)
