"""Lies of puts that succeed: what is held, what is told of it, and on whose word."""

from __future__ import annotations

from dataclasses import replace

from coffre.contract import (
    Digest,
    DigestAlgorithm,
    Evidence,
    ObjectConflictError,
    PutRequest,
    PutResult,
)
from coffre.streams import CHUNK, Copied, check_received
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar


@liar("put.whole")
class LosesTheLastByteAtABufferEdge(HonestConnection):
    """An object that fills its last buffer is stored without its last byte."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        held = data[:-1] if data and len(data) % 65536 == 0 else data
        return super().publish(request, held, copied)


@liar("put.whole")
class TurnsABitBeyondTheFirstBuffer(HonestConnection):
    """In what comes after the first mebibyte one bit is wrong."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        held = data[:CHUNK] + bytes([data[CHUNK] ^ 1]) + data[CHUNK + 1 :]
        return super().publish(request, held if len(data) > CHUNK else data, copied)


@liar("put.whole")
class FailsTheSeventhTime(HonestConnection):
    """Every seventh put is acknowledged, and nothing is stored."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        notes = self.driver.notes
        notes["puts"] = notes.get("puts", 0) + 1
        if notes["puts"] % 7 == 0:
            return self.result(copied)
        return super().publish(request, data, copied)


@liar("put.whole")
class TakesAShortReadForTheEnd(HonestConnection):
    """A source that gives less than it was asked for is taken to be at its end."""

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        with request.content.open() as stream:
            data = stream.read(request.size + 1)
        return data, Copied(len(data), request.algorithm.of(data))


@liar("put.result")
class KnowsOneAlgorithm(HonestConnection):
    """Whatever digest is asked for, the result carries SHA-512."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        result = super().publish(request, data, copied)
        return replace(result, digest=DigestAlgorithm.SHA512.of(data))


@liar("put.result")
class DigestsTheDigestsOfParts(HonestConnection):
    """The digest of an object that comes in parts is that of the digests of its parts."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        result = super().publish(request, data, copied)
        parts = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]
        if len(parts) < 2:
            return result
        digests = b"".join(request.algorithm.of(part).value for part in parts)
        return replace(result, digest=request.algorithm.of(digests))


@liar("put.result")
class CountsInBlocks(HonestConnection):
    """The size in the result is that of the blocks on the disk."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        result = super().publish(request, data, copied)
        return replace(result, size=-(-result.size // 512) * 512)


@liar("put.result")
class ReadsTheSourceTwice(HonestConnection):
    """It digests the first reading of the source, and stores the second."""

    def receive(self, request: PutRequest) -> tuple[bytes, Copied]:
        _, first = super().receive(request)
        data, _ = super().pull(request)
        return data, first


@liar("put.digest")
class ReturnsTheAnnouncedDigest(HonestConnection):
    """The digest in the result is the one that was announced, whatever came."""

    def receive(self, request: PutRequest) -> tuple[bytes, Copied]:
        data, copied = super().receive(replace(request, expected=None))
        announced: Digest = request.expected or copied.digest
        return data, Copied(copied.size, announced)


@liar("put.evidence")
class ClaimsToHaveBeenChallenged(HonestConnection):
    """A put claims the strongest evidence there is, and nobody challenged it."""

    def result(self, copied: Copied, *, written: bool = True) -> PutResult:
        return replace(super().result(copied, written=written), evidence=Evidence.CHALLENGED)


@liar("put.evidence")
class LooksAtNothing(HonestConnection):
    """A put says that nobody looked whether the object is there."""

    def result(self, copied: Copied, *, written: bool = True) -> PutResult:
        return replace(super().result(copied, written=written), evidence=Evidence.DECLARED)


@liar("put.evidence")
class DoesNotSayWhetherItIsDurable(HonestConnection):
    """Whether the object would survive a power cut is left open."""

    def result(self, copied: Copied, *, written: bool = True) -> PutResult:
        durable: bool = None  # type: ignore[assignment]
        return replace(super().result(copied, written=written), durable=durable)


# --- the same again, and others ------------------------------------------------------------------


@liar("put.same")
class RefusesTheSameBytes(HonestConnection):
    """A put of the bytes that are held is a conflict."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        if self.found(request.ref) and not request.replace:
            raise ObjectConflictError("there is one already", ref=request.ref)
        return super().publish(request, data, copied)


@liar("put.same")
class NeverSaysThatItWasThere(HonestConnection):
    """A put of the bytes that are held says that it has written them."""

    def result(self, copied: Copied, *, written: bool = True) -> PutResult:
        return super().result(copied)


@liar("put.same")
class ComparesWhatWasRecorded(HonestConnection):
    """Bytes are the same when their digest is the recorded one: what is held is not read."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        held = self.found(request.ref)
        if held is not None and held.recorded == copied.digest:
            return self.result(copied, written=False)
        return super().publish(request, data, copied)


@liar("put.conflict")
class ReplacesSilently(HonestConnection):
    """Other bytes under a reference that is held take its place, unasked."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        return super().publish(replace(request, replace=True), data, copied)


@liar("put.conflict")
class KeepsTheFirstAndAcknowledgesTheSecond(HonestConnection):
    """Other bytes under a reference that is held are acknowledged, and dropped."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        try:
            return super().publish(request, data, copied)
        except ObjectConflictError:
            return self.result(copied)


class ComparesLess(HonestConnection):
    def alike(self, held: bytes, data: bytes) -> bool:
        raise NotImplementedError

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        held = self.found(request.ref)
        if held is not None and not request.replace and self.alike(held.data, data):
            return self.result(copied, written=False)
        return super().publish(request, data, copied)


@liar("put.conflict")
class ComparesSizes(ComparesLess):
    """Bytes are the same when there are as many."""

    def alike(self, held: bytes, data: bytes) -> bool:
        return len(held) == len(data)


@liar("put.conflict")
class ComparesTheBeginning(ComparesLess):
    """Bytes are the same when their first mebibyte and their number are."""

    def alike(self, held: bytes, data: bytes) -> bool:
        return len(held) == len(data) and held[:CHUNK] == data[:CHUNK] and len(held) > CHUNK


@liar("put.conflict")
class ComparesAsFarAsItGoes(ComparesLess):
    """Bytes are the same when one of them begins with the other."""

    def alike(self, held: bytes, data: bytes) -> bool:
        return held.startswith(data)


@liar("put.conflict")
class KeepsTheSecondWhileRefusingIt(HonestConnection):
    """Other bytes are refused as a conflict, and stored all the same."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        try:
            return super().publish(request, data, copied)
        except ObjectConflictError:
            self.place(request.ref, self.as_held(request, data, copied))
            raise


@liar("put.digest")
class LooksAtTheDigestTooLate(HonestConnection):
    """Bytes of another digest are refused once they are held, and stay."""

    def receive(self, request: PutRequest) -> tuple[bytes, Copied]:
        return self.pull(request)

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        result = super().publish(request, data, copied)
        check_received(request, copied)
        return result
