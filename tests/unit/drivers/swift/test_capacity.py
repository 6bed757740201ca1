"""Room: what a quota leaves."""

from __future__ import annotations

import pytest

from coffre.contract import CapacityResult, OfferUnavailableError
from coffre.drivers.swift.capacity import capacity_of
from coffre.http import Headers, HttpAnswer


class Told:
    """An account that says one thing."""

    def __init__(self, status: int, *lines: bytes) -> None:
        self._answer = HttpAnswer(status, Headers(lines), b"")

    def ask(self, method: str, path: str) -> HttpAnswer:
        assert (method, path) == ("HEAD", "")
        return self._answer


def room(status: int, *lines: bytes) -> CapacityResult:
    return capacity_of(Told(status, *lines))  # type: ignore[arg-type]


USED = b"X-Account-Bytes-Used: 300"


@pytest.mark.parametrize("name", [b"X-Account-Meta-Quota-Bytes", b"X-Account-Quota-Bytes"])
def test_free_is_what_the_quota_leaves_and_used_is_not_told(name: bytes) -> None:
    assert room(204, USED, name + b": 1000") == CapacityResult(total=1000, free=700)


def test_the_narrower_of_two_quotas_counts() -> None:
    lines = (USED, b"X-Account-Meta-Quota-Bytes: 1000", b"X-Account-Quota-Bytes: 500")
    assert room(204, *lines) == CapacityResult(total=500, free=200)


def test_a_quota_below_what_is_there_leaves_nothing() -> None:
    assert room(204, USED, b"X-Account-Quota-Bytes: 100") == CapacityResult(total=100, free=0)


@pytest.mark.parametrize("line", [b"X: y", b"X-Account-Quota-Bytes: many"])
def test_nothing_is_told_without_a_quota(line: bytes) -> None:
    assert room(204, USED, line) == CapacityResult()


def test_who_may_not_look_is_told_nothing_and_who_cannot_ask_is_told_so() -> None:
    assert room(403) == CapacityResult()
    with pytest.raises(OfferUnavailableError):
        room(503)
