"""Lies of the moment when an object appears: too late, too early, or in parts."""

from __future__ import annotations

from dataclasses import replace

from coffre.contract import Listing, ListRequest, ObjectRef, PutRequest, PutResult
from coffre.streams import CHUNK, Copied
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar


@liar("put.visible")
class AcknowledgesBeforeWriting(HonestConnection):
    """A put returns at once; the object is written when its own session goes on, or ends."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        self.later = (request, data, copied)
        return self.result(copied)

    later: tuple[PutRequest, bytes, Copied] | None = None

    def _begin(self, operation: str) -> None:
        self.catch_up()
        super()._begin(operation)

    def close(self) -> None:
        self.catch_up()
        super().close()

    def catch_up(self) -> None:
        later, self.later = self.later, None
        if later is not None:
            super().publish(*later)


@liar("put.visible")
class ForgetsWithItsSession(HonestConnection):
    """What a session has stored is gone when it is closed."""

    mine: tuple[ObjectRef, ...] = ()

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        self.mine += (request.ref,)
        return super().publish(request, data, copied)

    def close(self) -> None:
        for ref in self.mine:
            self._offer.forget(ref)
        super().close()


@liar("put.atomic")
class ShowsAPartWhileItIsPulled(HonestConnection):
    """While an object is pulled, readers see what has come so far."""

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        before, came = self.found(request.ref), b""
        with request.content.open() as stream:
            while piece := stream.read(CHUNK):
                came += piece
                if before is None:
                    so_far = Copied(len(came), request.algorithm.of(came))
                    self.place(request.ref, self.as_held(request, came, so_far))
        if before is None:
            self._offer.forget(request.ref)
        return came, Copied(len(came), request.algorithm.of(came))


@liar("put.atomic")
class PublishesAtTheLastByte(HonestConnection):
    """An object appears with its last announced byte, before the source has come to its end."""

    early = False

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        came = b""
        with request.content.open() as stream:
            while piece := stream.read(CHUNK):
                came += piece
                if len(came) == request.size:
                    whole = Copied(len(came), request.algorithm.of(came))
                    self.early = not super().publish(request, came, whole).already_there
        return came, Copied(len(came), request.algorithm.of(came))

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        result = super().publish(request, data, copied)
        return replace(result, already_there=result.already_there and not self.early)


@liar("put.atomic")
class ListsWhatIsComing(HonestConnection):
    """A listing names an object whose put is under way."""

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        coming = self.driver.notes.setdefault("coming", {})
        coming[request.ref] = 0
        try:
            return super().pull(request)
        finally:
            del coming[request.ref]

    def list(self, request: ListRequest) -> Listing:
        names = {ref.identifier: 0 for ref in self.driver.notes.get("coming", {})}
        return self.listing(dict(sorted((names | self.sizes(request)).items())), request.limit)
