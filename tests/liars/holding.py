"""Lies of dates before which nothing may be deleted, and of offers that have to be made."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from coffre.contract import (
    Capability,
    ConnectionParameters,
    DeleteRequest,
    DeleteResult,
    OfferUnavailableError,
    PrepareResult,
    PutRequest,
    PutResult,
    RetainedError,
)
from coffre.streams import Copied
from coffre.testing import Held, MemoryConnection, MemoryOffer
from tests.liars.honest import HonestConnection, HonestDriver
from tests.liars.liar import liar


@liar("retention.held")
class IgnoresTheDate(HonestConnection):
    """A retention date is taken, and not kept."""

    def as_held(self, request: PutRequest, data: bytes, copied: Copied) -> Held:
        return super().as_held(replace(request, retain_until=None), data, copied)


@liar("retention.held")
class RetainsForEver(HonestConnection):
    """An object whose date is over cannot be deleted."""

    def delete(self, request: DeleteRequest) -> DeleteResult:
        held = self.found(request.ref)
        if held is not None and held.retain_until is not None:
            raise RetainedError("it is retained", ref=request.ref)
        return super().delete(request)


@liar("retention.held")
class LiftsTheDateUnasked(HonestConnection):
    """The same bytes put again without a date end the retention."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        result = super().publish(request, data, copied)
        self.place(request.ref, self.as_held(request, data, copied))
        return result


@liar("retention.held")
class ReplacesWhatIsRetained(HonestConnection):
    """What may not be deleted may be replaced."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        if request.replace:
            self.place(request.ref, self.as_held(request, data, copied))
            return self.result(copied)
        return super().publish(request, data, copied)


@liar("retention.held")
class DeletesAndThenRefuses(HonestConnection):
    """The deletion of a retained object is refused, once it is gone."""

    def delete(self, request: DeleteRequest) -> DeleteResult:
        with suppress(RetainedError):
            return super().delete(request)
        self._offer.forget(request.ref)
        raise RetainedError("it is retained", ref=request.ref)


# --- prepare -------------------------------------------------------------------------------------


class Prepares(HonestDriver):
    """An honest driver whose new offers have to be made."""

    capabilities = HonestDriver.capabilities | {Capability.PREPARE}

    def is_new(self, parameters: ConnectionParameters) -> bool:
        return parameters.url.endswith("/new") and parameters.url not in self.notes

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        if self.is_new(parameters):
            raise OfferUnavailableError("no offer is there")
        return super().connect(parameters)

    def is_available(self, parameters: ConnectionParameters) -> bool:
        return not self.is_new(parameters) and super().is_available(parameters)

    def prepare(self, parameters: ConnectionParameters) -> PrepareResult:
        MemoryOffer.at(parameters.url).begin("prepare")
        made = self.is_new(parameters)
        self.notes[parameters.url] = True
        return PrepareResult(place=parameters.url, made=made)


@liar("prepare.once")
class MakesAnOfferByConnecting(Prepares):
    """A place that is no offer becomes one when somebody connects to it."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        self.prepare(parameters)
        return super().connect(parameters)


@liar("prepare.once")
class EmptiesWhatItPreparesAgain(Prepares):
    """Preparing an offer again empties it."""

    def prepare(self, parameters: ConnectionParameters) -> PrepareResult:
        offer = MemoryOffer.at(parameters.url)
        for ref in offer.refs():
            offer.forget(ref)
        return super().prepare(parameters)


@liar("prepare.once")
class PreparesWhatIsAway(Prepares):
    """An offer that is away is prepared, as if it had never been."""

    def prepare(self, parameters: ConnectionParameters) -> PrepareResult:
        return PrepareResult(place=parameters.url, made=not MemoryOffer.at(parameters.url).online)


@liar("prepare.once")
class AlwaysSaysThatItMadeIt(Prepares):
    """Preparing an offer again says that it was made."""

    def prepare(self, parameters: ConnectionParameters) -> PrepareResult:
        return replace(super().prepare(parameters), made=True)
