"""Lies of parameters and secrets: what a session was opened with, and whom it tells."""

from __future__ import annotations

from typing import Any

from coffre.contract import (
    ConnectionParameters,
    ForbiddenError,
    PutRequest,
    PutResult,
)
from coffre.streams import Copied
from coffre.testing import MemoryConnection, MemoryOffer
from tests.liars.honest import HonestConnection, HonestDriver
from tests.liars.liar import liar


@liar("parameters.kept")
class KeepsParametersWithoutTheSecret(HonestDriver):
    """A session has other parameters than it was opened with."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        connection = super().connect(parameters)
        values = tuple(pair for pair in parameters.values if pair[0] != "password")
        connection._parameters = ConnectionParameters(url=parameters.url, values=values)
        return connection


class Assignable(HonestConnection):
    parameters: Any = None  # type: ignore[misc]

    def __init__(
        self, parameters: ConnectionParameters, offer: MemoryOffer, driver: HonestDriver
    ) -> None:
        super().__init__(parameters, offer, driver)
        self.parameters = parameters  # type: ignore[misc]


@liar("parameters.fixed")
class LetsParametersBeAssigned(HonestDriver):
    """The parameters of an open session can be assigned."""

    connection = Assignable


@liar("parameters.fixed")
class WritesIntoItsParameters(HonestConnection):
    """A put keeps a token in the parameters that it was given."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        values = (*self.parameters.values, ("token", "t"))
        object.__setattr__(self.parameters, "values", values)
        return super().publish(request, data, copied)


@liar("parameters.users")
class KeepsOneSessionForAnOffer(HonestDriver):
    """The second user of an offer is given the session of the first."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        first = self.notes.setdefault(parameters.url, parameters)
        return super().connect(first)


@liar("parameters.travel")
class KnowsParametersByTheirPlaceInMemory(HonestDriver):
    """Parameters that are equal and not the same are refused."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        if self.notes.setdefault(repr(parameters), parameters) is not parameters:
            raise ForbiddenError("never seen")
        return super().connect(parameters)


# --- secrets -------------------------------------------------------------------------------------


@liar("secret.shown")
class PrintsItsPassword(HonestConnection):
    """The password shows in what a session prints of itself."""

    def __repr__(self) -> str:
        return f"session of {self.parameters.text('user')}:{self.parameters.text('password')}"


@liar("secret.shown")
class PicklesThePassword(HonestDriver):
    """The password goes along when the driver is sent to another process."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        self.notes["login"] = parameters.text("password")
        return super().connect(parameters)
