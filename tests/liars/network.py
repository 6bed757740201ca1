"""Lies about a network: half an object, half a listing, *no doubt*, and waiting for ever."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from coffre.conformance import Harness
from coffre.contract import (
    ConnectionLostError,
    ConnectionParameters,
    GetRequest,
    GetResult,
    Listing,
    ListRequest,
    ObjectNotFoundError,
    ObjectRef,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    StatRequest,
    StatResult,
)
from coffre.streams import BytesContent
from coffre.testing import MemoryOffer
from tests.conformance import toy
from tests.conformance.test_toy import PASSWORD, ToyHarness
from tests.conformance.toy import Asked, Handler, Server, Service, ToyConnection, ToyDriver
from tests.liars.honest import HonestDriver
from tests.liars.liar import liar


class NetworkDriver(HonestDriver):
    """The driver of the toy service, as far as a liar leaves it honest."""

    session: type[ToyConnection] = ToyConnection
    handler: type[Handler] = Handler
    capabilities = ToyConnection.capabilities

    def connect(  # type: ignore[override]
        self, parameters: ConnectionParameters
    ) -> ToyConnection:
        return self.session(parameters)

    def is_available(self, parameters: ConnectionParameters) -> bool:
        return ToyDriver().is_available(parameters)


def on_a_network(driver: HonestDriver) -> Harness:
    """A toy service of its own, whose handler may be a liar's."""
    assert isinstance(driver, NetworkDriver)
    service = Service(PASSWORD)
    assert isinstance(service._server, Server)
    service._server.RequestHandlerClass = driver.handler
    driver.at_the_end.append(service.stop)
    harness = ToyHarness(service)
    harness.driver = driver
    harness.answer_within = 2.0
    return harness


class HalfAnObject(ToyConnection):
    def get(self, request: GetRequest) -> GetResult:
        try:
            return super().get(request)
        except ConnectionLostError:
            return GetResult(stream=BytesContent(b"half").open(), size=4)


@liar("faults.cut", harness=on_a_network)
class GivesHalfAnObject(NetworkDriver):
    """What had come of an object when the session was cut is given as the object."""

    session = HalfAnObject


class AbsentForLost(ToyConnection):
    def stat(self, request: StatRequest) -> StatResult:
        try:
            return super().stat(request)
        except ConnectionLostError:
            raise ObjectNotFoundError("no answer", ref=request.ref) from None


@liar("faults.cut", harness=on_a_network)
class SaysAbsentWhenCutOff(NetworkDriver):
    """A question that was cut off is answered with *absent*."""

    session = AbsentForLost


class EmptyForLost(ToyConnection):
    def list(self, request: ListRequest) -> Listing:
        try:
            return super().list(request)
        except ConnectionLostError:
            return Listing(iter(()))


@liar("faults.cut", harness=on_a_network)
class ListsNothingWhenCutOff(NetworkDriver):
    """A listing that was cut off just ends."""

    session = EmptyForLost


class KeepsWhatCame(Handler):
    def put(self, offer: MemoryOffer, ref: ObjectRef, asked: Asked) -> tuple[dict[str, Any], bytes]:
        pieces: list[bytes] = []
        with suppress(OSError):
            while piece := toy.receive(self.request):
                pieces.append(piece)
                offer.plant(ref, b"".join(pieces))
        if not asked["replace"]:
            with suppress(OSError):
                toy.receive(self.request)
        return {"written": True}, b""


@liar("faults.nothing-half", harness=on_a_network)
class LeavesWhatCameBeforeTheCut(NetworkDriver):
    """A put that is cut off leaves the part that had come."""

    handler = KeepsWhatCame


class NoDoubt(ToyConnection):
    def put(self, request: PutRequest) -> PutResult:
        try:
            return super().put(request)
        except OfferUnavailableError as error:
            error.effect_unknown = False
            raise


@liar("faults.doubt", harness=on_a_network)
class DoubtsNothing(NetworkDriver):
    """A put whose answer was lost had no effect, it says."""

    session = NoDoubt


class WaitsLong(ToyConnection):
    def __init__(self, parameters: ConnectionParameters) -> None:
        super().__init__(parameters)
        self._sock.settimeout(2.5)


@liar("faults.stall", harness=on_a_network, only=("faults.stall/silence-is-given-up:stat",))
class WaitsForEver(NetworkDriver):
    """A service that is silent is waited for, longer than anybody allows."""

    session = WaitsLong


class BelievesAll(Handler):
    def put(self, offer: MemoryOffer, ref: ObjectRef, asked: Asked) -> tuple[dict[str, Any], bytes]:
        pieces = []
        while piece := toy.receive(self.request):
            pieces.append(piece)
        toy.receive(self.request)
        offer.plant(ref, b"".join(pieces))
        return {"written": True}, b""


@liar("faults.spoiled", harness=on_a_network)
class ClaimsAReportThatNobodyMade(NetworkDriver):
    """The service takes what comes, and the driver claims that it has digested it."""

    handler = BelievesAll


class OnceBitten(ToyConnection):
    lost: set[str]

    def __init__(self, parameters: ConnectionParameters) -> None:
        if parameters.url in self.lost:
            raise OfferUnavailableError("it has failed before")
        super().__init__(parameters)

    def get(self, request: GetRequest) -> GetResult:
        try:
            return super().get(request)
        except OfferUnavailableError:
            self.lost.add(self.parameters.url)
            raise


@liar("faults.recovers", harness=on_a_network)
class NeverComesBackAfterAFault(NetworkDriver):
    """Once a session was lost no other is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.session = type("OnceBitten", (OnceBitten,), {"lost": set()})
