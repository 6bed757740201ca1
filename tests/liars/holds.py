"""Lies of legal holds."""

from __future__ import annotations

from dataclasses import replace

from coffre.contract import (
    DeleteRequest,
    DeleteResult,
    HoldResult,
    LiftHoldRequest,
    ObjectNotFoundError,
    PlaceHoldRequest,
    PutRequest,
    PutResult,
    StatRequest,
    StatResult,
)
from coffre.streams import Copied
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar


@liar("legal-hold.held")
class OnlyNotesHolds(HonestConnection):
    """A hold is told, and forbids nothing."""

    def delete(self, request: DeleteRequest) -> DeleteResult:
        self._offer._holds.pop(request.ref, None)
        return super().delete(request)


@liar("legal-hold.held")
class FreesWhatIsNoLongerRetained(HonestConnection):
    """A date that is over frees an object that is under a hold."""

    def delete(self, request: DeleteRequest) -> DeleteResult:
        held = self.found(request.ref)
        if held is not None and held.retain_until is not None:
            self._offer._holds.pop(request.ref, None)
        return super().delete(request)


@liar("legal-hold.held")
class TellsOfNoHold(HonestConnection):
    """Holds are kept, and stat does not tell of them."""

    def stat(self, request: StatRequest) -> StatResult:
        return replace(super().stat(request), holds=frozenset())


@liar("legal-hold.held")
class NeverLiftsAHold(HonestConnection):
    """A hold that is lifted stays, and nobody is told."""

    def lift_hold(self, request: LiftHoldRequest) -> HoldResult:
        return HoldResult(holds=self._offer.holds_on(request.ref) - {request.id})


@liar("legal-hold.held")
class ReplacesUnderAHold(HonestConnection):
    """An object under a hold can be replaced."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        if request.replace:
            self._offer._holds.pop(request.ref, None)
        return super().publish(request, data, copied)


@liar("legal-hold.each")
class LiftsAllHolds(HonestConnection):
    """Lifting one hold lifts all of them."""

    def lift_hold(self, request: LiftHoldRequest) -> HoldResult:
        for id in self._offer.holds_on(request.ref):
            self._offer.lift_hold(request.ref, id)
        return super().lift_hold(request)


@liar("legal-hold.each")
class LiftsHoldsByPuttingAgain(HonestConnection):
    """The same bytes put again lift the holds."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        self._offer._holds.pop(request.ref, None)
        return super().publish(request, data, copied)


@liar("legal-hold.each")
class HoldsTheNeighbours(HonestConnection):
    """A hold is on everything that begins with the same name."""

    def place_hold(self, request: PlaceHoldRequest) -> HoldResult:
        for ref in self._offer.refs():
            if str(ref).startswith(str(request.ref)):
                self._offer.place_hold(ref, request.id)
        return super().place_hold(request)


@liar("legal-hold.absent")
class HoldsWhatIsNotThere(HonestConnection):
    """A hold on what is not there is acknowledged."""

    def place_hold(self, request: PlaceHoldRequest) -> HoldResult:
        try:
            return super().place_hold(request)
        except ObjectNotFoundError:
            return HoldResult(holds=frozenset({request.id}))
