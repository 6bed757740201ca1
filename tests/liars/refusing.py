"""Lies of puts that must not succeed, and of puts that meet: what they leave, whom they fail."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from coffre.contract import (
    DeleteRequest,
    DeleteResult,
    Digest,
    ObjectConflictError,
    OfferFailedError,
    PutRequest,
    PutResult,
    SizeMismatchError,
)
from coffre.streams import CHUNK, Copied, copy_digesting
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar

A_MOMENT = 0.01
"""Seconds that a step of a service takes: long enough for others to come between."""


class TakesWhatComes(HonestConnection):
    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        pieces: list[bytes] = []
        with request.content.open() as stream:
            copied = copy_digesting(stream, lambda x: pieces.append(bytes(x)), request.algorithm)
        return b"".join(pieces), copied


@liar("put.size")
class StoresAnyLength(TakesWhatComes):
    """The announced size is not looked at."""

    def receive(self, request: PutRequest) -> tuple[bytes, Copied]:
        return self.pull(request)


@liar("put.size")
class CutsWhatIsTooLong(TakesWhatComes):
    """Of a content that is too long the announced number of bytes is stored."""

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        data, _ = super().pull(request)
        data = data[: request.size]
        return data, Copied(len(data), request.algorithm.of(data))


@liar("put.size")
class FillsUpWhatIsTooShort(HonestConnection):
    """A content that is too short is filled up with zeros."""

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        data, _ = super().pull(request)
        data = data.ljust(request.size, b"\0")
        return data, Copied(len(data), request.algorithm.of(data))


@liar("put.size")
class KeepsWhatWasTooShort(HonestConnection):
    """A content that is too short is refused, and what came of it stays."""

    def receive(self, request: PutRequest) -> tuple[bytes, Copied]:
        data, copied = self.pull(request)
        if copied.size < request.size:
            self.place(request.ref, self.as_held(request, data, copied))
            raise SizeMismatchError("too short", ref=request.ref)
        return super().receive(request)


@liar("put.digest")
class LooksAtTheFirstHalfOfTheDigest(HonestConnection):
    """Of the announced digest only the algorithm is looked at."""

    def receive(self, request: PutRequest) -> tuple[bytes, Copied]:
        return self.pull(request)


# --- sources -------------------------------------------------------------------------------------


class WatchesTheSource(HonestConnection):
    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        came: list[bytes] = []
        with request.content.open() as stream:
            try:
                while piece := stream.read(CHUNK):
                    came.append(piece)
            except BaseException as error:  # noqa: BLE001 - what to do of it is the lie
                return self.broken(request, b"".join(came), error)
        data = b"".join(came)
        return data, Copied(len(data), request.algorithm.of(data))

    def broken(
        self, request: PutRequest, came: bytes, error: BaseException
    ) -> tuple[bytes, Copied]:
        raise NotImplementedError


@liar("put.source")
class PublishesWhatCameBeforeTheSourceFailed(WatchesTheSource):
    """When the source fails in the middle its error passes, and what came is held."""

    def broken(
        self, request: PutRequest, came: bytes, error: BaseException
    ) -> tuple[bytes, Copied]:
        part = Copied(len(came), Digest(request.algorithm, request.algorithm.of(came).value))
        self.place(request.ref, self.as_held(request, came, part))
        raise error


@liar("put.source")
class TakesTheSourcesErrorForItsOwn(WatchesTheSource):
    """An error of the source is passed off as one of the offer."""

    def broken(
        self, request: PutRequest, came: bytes, error: BaseException
    ) -> tuple[bytes, Copied]:
        raise OfferFailedError("something went wrong", ref=request.ref) from error


@liar("put.source")
class TakesTheSourcesErrorForItsEnd(WatchesTheSource):
    """A source that fails is at its end: one says that too few bytes came."""

    def broken(
        self, request: PutRequest, came: bytes, error: BaseException
    ) -> tuple[bytes, Copied]:
        return came, Copied(len(came), request.algorithm.of(came))


@liar("put.content")
class LeavesTheSourceOpen(HonestConnection):
    """The stream of the content is read, and never closed."""

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        pieces: list[bytes] = []
        stream = request.content.open()
        copied = copy_digesting(
            stream, lambda x: pieces.append(bytes(x)), request.algorithm, at_most=request.size
        )
        return b"".join(pieces), copied


@liar("put.content")
class ClosesTheSourceOnlyWhenAllIsWell(HonestConnection):
    """The stream of the content stays open when the put fails."""

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        pieces: list[bytes] = []
        stream = request.content.open()
        copied = copy_digesting(
            stream, lambda x: pieces.append(bytes(x)), request.algorithm, at_most=request.size
        )
        stream.close()
        return b"".join(pieces), copied


# --- at the same moment --------------------------------------------------------------------------


@liar("put.race")
class IsBusy(HonestConnection):
    """Of two writers of one reference the second is turned away as if the service had failed."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        lock = self.driver.notes.setdefault(str(request.ref), threading.Lock())
        if not lock.acquire(blocking=False):
            raise OfferFailedError("somebody else is writing", ref=request.ref)
        try:
            time.sleep(A_MOMENT)
            return super().publish(request, data, copied)
        finally:
            lock.release()


@liar("put.race")
class SharesOneBuffer(HonestConnection):
    """All sessions gather their bytes in one buffer of the driver."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        self.driver.notes["buffer"] = data
        time.sleep(A_MOMENT)
        return super().publish(request, self.driver.notes["buffer"], copied)


@liar("create-only.one-wins")
class LooksBeforeItLeaps(HonestConnection):
    """It looks whether something is there, and then writes: many writers win."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        held = self.found(request.ref)
        if held is not None and held.data != data and not request.replace:
            raise ObjectConflictError("it holds other bytes", ref=request.ref)
        time.sleep(A_MOMENT)
        written = held is None or held.data != data
        if written:
            self.place(request.ref, self.as_held(request, data, copied))
        return self.result(copied, written=written)


@liar("delete.race")
class DeletesInTwoSteps(HonestConnection):
    """A delete empties the object, and removes its name a moment later."""

    def delete(self, request: DeleteRequest) -> DeleteResult:
        held = self.found(request.ref)
        if held is not None:
            with suppress(OfferFailedError):
                self._offer.damage(request.ref, held.data[: len(held.data) // 2])
            time.sleep(A_MOMENT)
        return super().delete(request)


@liar("delete.race")
class TurnsADeleteAwayDuringAPut(HonestConnection):
    """A delete fails while the object is being put."""

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        writing = self.driver.notes.setdefault("writing", set())
        writing.add(request.ref)
        time.sleep(A_MOMENT)
        try:
            return super().pull(request)
        finally:
            writing.discard(request.ref)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        time.sleep(A_MOMENT / 2)
        if request.ref in self.driver.notes.get("writing", set()):
            raise OfferFailedError("it is being written", ref=request.ref)
        return super().delete(request)
