"""A driver of a service on a network keeps the contract, in good weather and in bad."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.contract import ConnectionParameters, ObjectRef, Secret
from tests.conformance.toy import Service, ToyDriver

PASSWORD = "correct-horse-battery"


class ToyHarness(Harness):
    exclusive = True
    answer_within = 5.0

    def __init__(self, service: Service) -> None:
        self.service = service
        super().__init__(ToyDriver(), self._parameters(service.port))

    def _parameters(
        self, port: int, password: str = PASSWORD, user: str = "one"
    ) -> ConnectionParameters:
        return ConnectionParameters.checked(
            ToyDriver.parameters,
            url=f"toy://127.0.0.1:{port}",
            values={"password": Secret(password), "user": user},
        )

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        return self.service.offer.bytes_of(ref)

    def damage(self, ref: ObjectRef) -> None:
        self.service.offer.damage(ref)

    def unreachable(self) -> ConnectionParameters:
        return self._parameters(1)

    def other_user(self) -> ConnectionParameters:
        return self._parameters(self.service.port, user="two")

    def refused_user(self) -> ConnectionParameters:
        return self._parameters(self.service.port, password="a-guess-that-is-wrong")

    def stop(self) -> None:
        self.service.stop()

    def start(self) -> None:
        self.service.start()


class TestToyDriver(DriverConformance):
    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        service = Service(PASSWORD)
        yield ToyHarness(service)
        service.stop()
