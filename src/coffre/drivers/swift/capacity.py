"""Room: what the quota of the account leaves, when it has one."""

from __future__ import annotations

from collections.abc import Mapping

from coffre.contract import CapacityResult
from coffre.drivers.swift.answers import error_of
from coffre.drivers.swift.service import Service

_QUOTAS = ("X-Account-Quota-Bytes", "X-Account-Meta-Quota-Bytes")
"""Where a quota is told, by newer and by older servers."""


def capacity_of(service: Service) -> CapacityResult:
    """Ask the account. Who may not look at it is told nothing.

    What is used is not told: Swift counts it in its own time, minutes after a put. What is free
    is what the quota leaves by that same count, which is the one that the service enforces.
    """
    answer = service.ask("HEAD", "")
    if answer.status == 403:
        return CapacityResult()
    if not answer.done:
        raise error_of(answer, safe=True)
    quotas = [_number(answer.headers, name) for name in _QUOTAS]
    total = min((quota for quota in quotas if quota is not None), default=None)
    if total is None:
        return CapacityResult()
    used = _number(answer.headers, "X-Account-Bytes-Used") or 0
    return CapacityResult(total=total, free=max(total - used, 0))


def _number(headers: Mapping[str, str], name: str) -> int | None:
    told = headers.get(name, "")
    return int(told) if told.isascii() and told.isdigit() else None
