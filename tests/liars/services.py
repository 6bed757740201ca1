"""Lies of the other services, each declared: replace, bulk put, quarantine, sweep, retention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from coffre.contract import (
    BulkPutRequest,
    CoffreError,
    ContainerEntry,
    ContainersRequest,
    DeleteRequest,
    DeleteResult,
    ObjectConflictError,
    ObjectNotFoundError,
    PutRequest,
    PutResult,
    QuarantineRequest,
    QuarantineResult,
    SweepRequest,
    SweepResult,
)
from coffre.streams import Copied
from coffre.testing import Held
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar


@liar("replace.done")
class ReplacesTheBytesAlone(HonestConnection):
    """A replacement keeps the metadata of the object it takes the place of."""

    def as_held(self, request: PutRequest, data: bytes, copied: Copied) -> Held:
        held, old = super().as_held(request, data, copied), self.found(request.ref)
        kept = old is not None and request.replace
        return replace(held, metadata=old.metadata) if old and kept else held


@liar("replace.done")
class IgnoresThatItMayReplace(HonestConnection):
    """Replacing is declared, and is a conflict like any other put."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        return super().publish(replace(request, replace=False), data, copied)


@liar("replace.done")
class KeepsTheOldOne(HonestConnection):
    """A replacement is acknowledged, and the old object stays."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        if request.replace and self.found(request.ref) is not None:
            return self.result(copied)
        return super().publish(request, data, copied)


@liar("replace.done")
class BringsTheReplacedBack(HonestConnection):
    """Once the object that replaced another is deleted, the other one is there again."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        held = self.found(request.ref)
        if held is not None and held.data != data and request.replace:
            self.driver.notes[str(request.ref)] = held
        return super().publish(request, data, copied)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        result = super().delete(request)
        old = self.driver.notes.pop(str(request.ref), None)
        if old is not None:
            self.place(request.ref, old)
        return result


@liar("replace.atomic")
class DeletesBeforeItReplaces(HonestConnection):
    """The old object is deleted before the new one is pulled."""

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        if request.replace:
            self._offer.forget(request.ref)
        return super().pull(request)


@liar("create-only.one-wins")
class LetsTheLastOneWin(HonestConnection):
    """Every writer of a reference wins, and the last one's bytes stay; one winner was declared."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        return super().publish(replace(request, replace=True), data, copied)


# --- bulk put, containers ------------------------------------------------------------------------

Outcomes = Sequence[PutResult | CoffreError]


@liar("bulk-put.each")
class StopsAtTheFirstFailure(HonestConnection):
    """The first object that fails takes the bulk put with it."""

    def bulk_put(self, request: BulkPutRequest) -> Outcomes:
        return [self._put(put) for put in request.puts]


@liar("bulk-put.each")
class SwallowsErrors(HonestConnection):
    """An object of many that fails is acknowledged like the others."""

    def bulk_put(self, request: BulkPutRequest) -> Outcomes:
        outcomes = super().bulk_put(request)
        good = next((one for one in outcomes if isinstance(one, PutResult)), None)
        return [one if good is None or isinstance(one, PutResult) else good for one in outcomes]


@liar("bulk-put.each")
class AnswersOutOfOrder(HonestConnection):
    """The outcomes of a bulk put come with the failures last."""

    def bulk_put(self, request: BulkPutRequest) -> Outcomes:
        return sorted(super().bulk_put(request), key=lambda one: isinstance(one, CoffreError))


@liar("bulk-put.many")
class StoresFiveHundred(HonestConnection):
    """Of more than five hundred objects the others are acknowledged and dropped."""

    def bulk_put(self, request: BulkPutRequest) -> Outcomes:
        outcomes = super().bulk_put(request)
        for put in request.puts[500:]:
            self._offer.forget(put.ref)
        return outcomes


@liar("bulk-put.many")
class FailsToStoreNothing(HonestConnection):
    """A bulk put of no objects is an error."""

    def bulk_put(self, request: BulkPutRequest) -> Outcomes:
        request.puts[0]
        return super().bulk_put(request)


@liar("containers.named")
class NamesTheFirstContainerOfEach(HonestConnection):
    """One container of each tenant is named."""

    def containers(self, request: ContainersRequest) -> Iterator[ContainerEntry]:
        found = {entry.tenant: entry for entry in super().containers(request)}
        return iter(found.values())


@liar("containers.named")
class NamesThemForEachObject(HonestConnection):
    """A container is named as often as it holds objects."""

    def containers(self, request: ContainersRequest) -> Iterator[ContainerEntry]:
        refs = self._offer.refs()
        return (ContainerEntry(tenant=ref.tenant, container=ref.container) for ref in refs)


# --- quarantine, sweep ---------------------------------------------------------------------------


@liar("quarantine.aside")
class CopiesAside(HonestConnection):
    """What is set aside stays where it was as well."""

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        held = self._offer.held(request.ref)
        result = super().quarantine(request)
        self.place(request.ref, held)
        return result


@liar("quarantine.aside")
class SetsEverythingAsideAtOnePlace(HonestConnection):
    """What is set aside takes the place of what was set aside before."""

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        return replace(super().quarantine(request), place=f"aside/{request.ref}")


@liar("quarantine.aside")
class DeletesWhatItSetsAside(HonestConnection):
    """What is set aside is deleted, and kept nowhere."""

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        result = super().quarantine(request)
        self._offer.quarantined.pop()
        return result


@liar("quarantine.aside")
class RemembersWhatItSetAside(HonestConnection):
    """Under the reference of an object set aside nothing can be stored any more."""

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        self.driver.notes[str(request.ref)] = True
        return super().quarantine(request)

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        if str(request.ref) in self.driver.notes:
            raise ObjectConflictError("it was set aside", ref=request.ref)
        return super().publish(request, data, copied)


@liar("quarantine.absent")
class SetsNothingAside(HonestConnection):
    """Setting aside what is not there succeeds."""

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        try:
            return super().quarantine(request)
        except ObjectNotFoundError:
            return QuarantineResult(place="nowhere", size=0)


@liar("sweep.leftovers")
class SweepsAnObject(HonestConnection):
    """A sweep takes the first object along."""

    def sweep(self, request: SweepRequest) -> SweepResult:
        for ref in self._offer.refs()[:1]:
            self._offer.forget(ref)
        return super().sweep(request)


@liar("sweep.leftovers")
class AlwaysFindsSomethingToSweep(HonestConnection):
    """A sweep says that it has removed something, every time."""

    def sweep(self, request: SweepRequest) -> SweepResult:
        return replace(super().sweep(request), removed=1)


@liar("sweep.live")
class SweepsWorkInProgress(HonestConnection):
    """A sweep takes the bytes of a put that is under way."""

    def receive(self, request: PutRequest) -> tuple[bytes, Copied]:
        before = self.driver.notes.get("sweeps", 0)
        data, copied = super().receive(request)
        swept = self.driver.notes.get("sweeps", 0) != before
        return (b"" if swept else data), copied

    def sweep(self, request: SweepRequest) -> SweepResult:
        self.driver.notes["sweeps"] = self.driver.notes.get("sweeps", 0) + 1
        return super().sweep(request)
