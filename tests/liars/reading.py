"""Lies of get and stat: other bytes, other sizes, and what nobody has looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from coffre.contract import (
    Buffer,
    DigestAlgorithm,
    ForbiddenError,
    GetRequest,
    GetResult,
    InvalidRangeError,
    ObjectNotFoundError,
    ObjectRef,
    StatRequest,
    StatResult,
)
from coffre.streams import BytesContent, ReadableStream
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar


class Gives(HonestConnection):
    """A session that gives other bytes than those asked for."""

    def given(self, data: bytes) -> bytes:
        raise NotImplementedError

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        return replace(result, stream=BytesContent(self.given(result.stream.read())).open())


@liar("get.whole")
class DropsTheLastByteOfAFullBuffer(Gives):
    """What fills the last buffer is given without its last byte."""

    def given(self, data: bytes) -> bytes:
        return data[:-1] if data and len(data) % 65536 == 0 else data


@liar("get.whole")
class PadsWithZeros(Gives):
    """What is given is filled up to whole blocks."""

    def given(self, data: bytes) -> bytes:
        return data.ljust(-(-len(data) // 512) * 512, b"\0")


@liar("get.whole")
class GivesAllAtOnce(HonestConnection):
    """A read of a few bytes gives the whole object."""

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        return replace(result, stream=Gush(result.stream.read()))


class Gush(ReadableStream):
    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data

    def chunks(self) -> Iterator[Buffer]:
        return iter((self.data,) if self.data else ())

    def read(self, size: int = -1, /) -> bytes:
        data, self.data = self.data, b""
        return data


@liar("get.whole")
class SaysItIsOneByteMore(HonestConnection):
    """The size in the result of a get is one too many."""

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        return replace(result, size=result.size + 1)


@liar("get.whole")
class SharesOnePosition(HonestConnection):
    """Streams of one object share the place where they are."""

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        self.driver.notes[str(request.ref)] = 0
        return replace(result, stream=Shared(self, request.ref, result.stream.read()))


class Shared(Gush):
    def __init__(self, session: HonestConnection, ref: ObjectRef, data: bytes) -> None:
        super().__init__(data)
        self.places, self.name = session.driver.notes, str(ref)

    def read(self, size: int = -1, /) -> bytes:
        begin = self.places[self.name]
        end = len(self.data) if size < 0 else min(begin + size, len(self.data))
        self.places[self.name] = end
        return self.data[begin:end]


@liar("get.absent")
class GivesNothingForWhatIsAbsent(HonestConnection):
    """What is not held is an empty object."""

    def get(self, request: GetRequest) -> GetResult:
        try:
            return super().get(request)
        except ObjectNotFoundError:
            return GetResult(stream=BytesContent(b"").open(), size=0)


@liar("get.absent")
class CallsWhatIsAbsentForbidden(HonestConnection):
    """What is not held may not be seen."""

    def stat(self, request: StatRequest) -> StatResult:
        try:
            return super().stat(request)
        except ObjectNotFoundError as error:
            raise ForbiddenError("no", ref=request.ref) from error


@liar("get.absent")
class GuessesWhatIsMeant(HonestConnection):
    """A name that is not held stands for one that begins so."""

    def get(self, request: GetRequest) -> GetResult:
        ref = request.ref
        for name in sorted(self._offer.sizes(ref.tenant, ref.container)):
            if name.startswith(ref.identifier):
                return super().get(replace(request, ref=replace(ref, identifier=name)))
        return super().get(request)


@liar("get.absent")
class MakesWhatIsAskedFor(HonestConnection):
    """A get of what is not held leaves an empty object behind."""

    def get(self, request: GetRequest) -> GetResult:
        try:
            return super().get(request)
        except ObjectNotFoundError:
            self._offer.plant(request.ref, b"")
            raise


@liar("get.bare")
class InventsADigest(HonestConnection):
    """Asked for the bytes alone, it gives a recorded digest that is none."""

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        nothing = DigestAlgorithm.SHA512.of(b"")
        return result if request.describe else replace(result, recorded=nothing)


@liar("get.steady")
class ReadsOnInWhatIsThereNow(HonestConnection):
    """A stream goes on in the object that has taken the place of its own."""

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        stream = Following(self, request.ref, result.stream.read())
        return replace(result, stream=stream) if request.length is None else super().get(request)


class Following(Gush):
    def __init__(self, session: HonestConnection, ref: ObjectRef, data: bytes) -> None:
        super().__init__(data)
        self.session, self.ref, self.at = session, ref, 0

    def now(self) -> bytes:
        held = self.session.found(self.ref)
        return self.data if held is None else held.data

    def read(self, size: int = -1, /) -> bytes:
        data = self.now()
        end = len(data) if size < 0 else self.at + size
        piece = data[self.at : end]
        self.at += len(piece)
        return piece


@liar("get.steady")
class EndsWhenItsObjectIsDeleted(HonestConnection):
    """The stream of an object that is deleted meanwhile just ends."""

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        stream = Vanishing(self, request.ref, result.stream.read())
        return replace(result, stream=stream) if request.length is None else super().get(request)


class Vanishing(Following):
    def now(self) -> bytes:
        return self.data if self.session.found(self.ref) is not None else b""


@liar("get.damage")
class GivesACopyItHasKept(HonestConnection):
    """What was put by this driver is given from its memory, whatever is held."""

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        good = self.driver.notes.setdefault(str(request.ref), result.recorded)
        held = self._offer.held(request.ref).data
        if good is not None and held and good.algorithm.of(held) != good:
            held = held[:-1] + bytes([held[-1] ^ 1])
        return replace(result, stream=BytesContent(held).open())


# --- ranges --------------------------------------------------------------------------------------


class Ranges(HonestConnection):
    """A session that cuts a range out of an object itself."""

    def cut(self, data: bytes, offset: int, end: int) -> bytes:
        return data[offset:end]

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        if not request.offset and request.length is None:
            return result
        end = result.size if request.length is None else request.offset + request.length
        data = self._offer.held(request.ref).data
        return replace(result, stream=BytesContent(self.cut(data, request.offset, end)).open())


@liar("range-read.exact")
class BeginsAByteLate(Ranges):
    """A range begins one byte after where it should."""

    def cut(self, data: bytes, offset: int, end: int) -> bytes:
        return data[offset + 1 : end + 1]


@liar("range-read.exact")
class GivesAByteMore(Ranges):
    """The end of a range is taken to be a part of it."""

    def cut(self, data: bytes, offset: int, end: int) -> bytes:
        return data[offset : end + 1]


@liar("range-read.exact")
class LosesTheLastByteOfAnOpenRange(Ranges):
    """A range that reaches the end of the object stops before its last byte."""

    def cut(self, data: bytes, offset: int, end: int) -> bytes:
        return data[offset : end - 1] if end == len(data) else data[offset:end]


@liar("range-read.exact")
class TellsTheSizeOfTheRange(Ranges):
    """The size in the result is that of the range."""

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        size = result.size - request.offset if request.length is None else request.length
        return replace(result, size=size)


@liar("range-read.outside")
class GivesWhatThereIsOfARange(HonestConnection):
    """Of a range that reaches beyond the object the part inside is given."""

    def get(self, request: GetRequest) -> GetResult:
        try:
            return super().get(request)
        except InvalidRangeError:
            held = self._offer.held(request.ref)
            data = held.data[request.offset :]
            return GetResult(stream=BytesContent(data).open(), size=len(held.data))
