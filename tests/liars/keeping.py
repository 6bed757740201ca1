"""Lies of what is kept beside an object, of listings, of deletes and of the room left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from coffre.contract import (
    CapacityRequest,
    CapacityResult,
    DeleteRequest,
    DeleteResult,
    ForbiddenError,
    GetRequest,
    GetResult,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferFullError,
    PutRequest,
    PutResult,
)
from coffre.streams import Copied
from coffre.testing import Held
from tests.liars.honest import HonestConnection, SmallHarness
from tests.liars.liar import liar


class KeepsOtherwise(HonestConnection):
    """A session that keeps other metadata than it was given."""

    def kept(self, given: Mapping[str, str]) -> Mapping[str, str]:
        raise NotImplementedError

    def as_held(self, request: PutRequest, data: bytes, copied: Copied) -> Held:
        held = super().as_held(request, data, copied)
        return replace(held, metadata=self.kept(request.metadata))


@liar("metadata.kept")
class DropsMetadata(KeepsOtherwise):
    """Metadata is taken, and forgotten."""

    def kept(self, given: Mapping[str, str]) -> Mapping[str, str]:
        return {}


@liar("metadata.kept")
class LowersNames(KeepsOtherwise):
    """Names of metadata are kept in lower case."""

    def kept(self, given: Mapping[str, str]) -> Mapping[str, str]:
        return {name.lower(): value for name, value in given.items()}


@liar("metadata.kept")
class StripsValues(KeepsOtherwise):
    """White space around values of metadata is lost."""

    def kept(self, given: Mapping[str, str]) -> Mapping[str, str]:
        return {name: value.strip() for name, value in given.items()}


@liar("metadata.kept")
class KeepsAsciiAlone(KeepsOtherwise):
    """Letters of metadata that are not ASCII become question marks."""

    def kept(self, given: Mapping[str, str]) -> Mapping[str, str]:
        return {
            name.encode("ascii", "replace").decode(): value.encode("ascii", "replace").decode()
            for name, value in given.items()
        }


@liar("metadata.kept")
class KeepsTwoHundredNames(KeepsOtherwise):
    """Of many names the first two hundred are kept."""

    def kept(self, given: Mapping[str, str]) -> Mapping[str, str]:
        return dict(list(given.items())[:200])


@liar("metadata.kept")
class TellsStatAndNotGet(HonestConnection):
    """A stat tells the metadata, a get does not."""

    def get(self, request: GetRequest) -> GetResult:
        return replace(super().get(request), metadata={})


@liar("metadata.kept")
class RemembersTheDeleted(HonestConnection):
    """An object put again has the metadata of the one that was deleted."""

    def as_held(self, request: PutRequest, data: bytes, copied: Copied) -> Held:
        held = super().as_held(request, data, copied)
        kept = self.driver.notes.setdefault(str(request.ref), {})
        kept.update(request.metadata)
        return replace(held, metadata=kept)


@liar("request.kept")
class EmptiesTheMetadataItIsGiven(HonestConnection):
    """A put takes the names out of the metadata that it was given."""

    def as_held(self, request: PutRequest, data: bytes, copied: Copied) -> Held:
        held = super().as_held(request, data, copied)
        held = replace(held, metadata=dict(request.metadata))
        if isinstance(request.metadata, dict):
            request.metadata.clear()
        return held


@liar("request.kept")
class KeepsTheCallersOwnMetadata(HonestConnection):
    """What the caller does to its own metadata afterwards happens to what is kept."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        result = super().publish(request, data, copied)
        held = self._offer._objects[request.ref]
        self._offer._objects[request.ref] = replace(held, metadata=request.metadata)
        return result


# --- delete --------------------------------------------------------------------------------------


@liar("delete.gone")
class DeletesWhatBeginsSo(HonestConnection):
    """A delete takes along every object whose identifier begins so."""

    def delete(self, request: DeleteRequest) -> DeleteResult:
        ref = request.ref
        for name in self._offer.sizes(ref.tenant, ref.container):
            if name.startswith(ref.identifier) and name != ref.identifier:
                self._offer.forget(replace(ref, identifier=name))
        return super().delete(request)


@liar("delete.gone")
class DeletesInEveryContainer(HonestConnection):
    """A delete takes along the object of that name in other containers."""

    def delete(self, request: DeleteRequest) -> DeleteResult:
        for ref in self._offer.refs():
            if ref.identifier == request.ref.identifier and ref != request.ref:
                self._offer.forget(ref)
        return super().delete(request)


@liar("delete.gone")
class DeletesNothing(HonestConnection):
    """A delete is acknowledged, and the object stays."""

    def delete(self, request: DeleteRequest) -> DeleteResult:
        return DeleteResult(existed=self.found(request.ref) is not None)


@liar("delete.gone")
class BringsItBack(HonestConnection):
    """What was deleted is there again when its session ends."""

    lost: tuple[ObjectRef, Held] | None = None

    def delete(self, request: DeleteRequest) -> DeleteResult:
        held = self.found(request.ref)
        if held is not None:
            self.lost = (request.ref, held)
        return super().delete(request)

    def close(self) -> None:
        lost, self.lost = self.lost, None
        if lost is not None:
            self.place(*lost)
        super().close()


@liar("delete.again")
class SaysThatItWasAlwaysThere(HonestConnection):
    """A delete says that there was something, whether there was or not."""

    def delete(self, request: DeleteRequest) -> DeleteResult:
        super().delete(request)
        return DeleteResult(existed=True)


@liar("delete.again")
class FailsToDeleteNothing(HonestConnection):
    """Deleting what is not there is an error."""

    def delete(self, request: DeleteRequest) -> DeleteResult:
        if self.found(request.ref) is None:
            raise ObjectNotFoundError("nothing to delete", ref=request.ref)
        return super().delete(request)


@liar("delete.again")
class BuriesWhatItDeleted(HonestConnection):
    """Under a reference that was deleted other bytes can never be stored."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        first = self.driver.notes.setdefault(str(request.ref), data)
        if first != data and not request.replace:
            raise ObjectConflictError("it held other bytes once", ref=request.ref)
        return super().publish(request, data, copied)


# --- capacity ------------------------------------------------------------------------------------


class Counts(HonestConnection):
    """A session that tells the room otherwise."""

    def counted(self, told: CapacityResult) -> CapacityResult:
        raise NotImplementedError

    def capacity(self, request: CapacityRequest) -> CapacityResult:
        return self.counted(super().capacity(request))


@liar("capacity.units")
class CountsInKibibytes(Counts):
    """Room is told in KiB."""

    def counted(self, told: CapacityResult) -> CapacityResult:
        total, used, free = (
            amount and amount // 1024 for amount in (told.total, told.used, told.free)
        )
        return CapacityResult(total=total, used=used, free=free)


@liar("capacity.units")
class CountsBeyondTheEnd(Counts):
    """More is free than there is."""

    def counted(self, told: CapacityResult) -> CapacityResult:
        return replace(told, free=(told.total or 0) + 1)


@liar("capacity.units")
class CountsBelowNothing(Counts):
    """What is not known is told as a negative number."""

    def counted(self, told: CapacityResult) -> CapacityResult:
        return replace(told, free=-1)


@liar("capacity.full", harness=SmallHarness)
class TakesMoreThanItHolds(HonestConnection):
    """What does not fit is acknowledged, and dropped."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        try:
            return super().publish(request, data, copied)
        except OfferFullError:
            return self.result(copied)


@liar("capacity.full", harness=SmallHarness)
class KeepsWhatFits(HonestConnection):
    """Of what does not fit the beginning is kept, and the put refused."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        try:
            return super().publish(request, data, copied)
        except OfferFullError:
            self.place(request.ref, self.as_held(request, data[:10], copied))
            raise


@liar("capacity.full", harness=SmallHarness)
class CallsItselfForbiddenWhenFull(HonestConnection):
    """An offer that is full says that one may not store."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        try:
            return super().publish(request, data, copied)
        except OfferFullError as error:
            raise ForbiddenError("no", ref=request.ref) from error
