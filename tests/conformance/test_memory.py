"""The memory driver keeps the contract, and so does chaos around it while nothing fires."""

from __future__ import annotations

import pytest

from coffre.contract import ConnectionParameters, Driver, ObjectRef
from coffre.testing import ChaosDriver, MemoryDriver, MemoryOffer
from tests.conformance.harness import Harness
from tests.conformance.kit import DriverConformance

URL = "memory://conformance"


class MemoryHarness(Harness):
    def __init__(self, driver: Driver) -> None:
        MemoryOffer.discard(URL)
        self.driver = driver
        self.parameters = ConnectionParameters.checked(
            driver.parameters, url=URL, values={"capacity": 1 << 30}
        )
        self.offer = MemoryOffer.at(URL)

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        return self.offer.bytes_of(ref)

    def damage(self, ref: ObjectRef) -> None:
        self.offer.damage(ref)

    def unreachable(self) -> ConnectionParameters:
        MemoryOffer.at("memory://gone").online = False
        return ConnectionParameters(url="memory://gone")


class TestMemoryDriver(DriverConformance):
    @pytest.fixture
    def harness(self) -> Harness:
        return MemoryHarness(MemoryDriver())


class TestCalmChaos(DriverConformance):
    @pytest.fixture
    def harness(self) -> Harness:
        return MemoryHarness(ChaosDriver(MemoryDriver()))
