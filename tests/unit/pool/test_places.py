"""The place that borrowed is the caller's own, through however many wrappers."""

from __future__ import annotations

import pytest

from coffre.contract import ConnectionParameters, Driver
from coffre.pool import LimitedDriver, PooledDriver
from coffre.testing import MemoryDriver

PARAMETERS = ConnectionParameters(url="memory://places")


@pytest.mark.parametrize("limited", [False, True])
def test_the_place_of_a_loan_is_where_the_driver_was_asked(limited: bool) -> None:
    with PooledDriver(MemoryDriver()) as pooled:
        driver: Driver = LimitedDriver(pooled) if limited else pooled
        with driver.connect(PARAMETERS):
            (lease,) = pooled.pool(PARAMETERS).snapshot().leases

    assert __file__ in lease.place
    assert "test_the_place_of_a_loan" in lease.place
