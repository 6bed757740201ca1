"""Faults of reading: what ``get`` gives is not what is held."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace

from coffre.contract import ConnectionLostError, GetRequest, GetResult, OfferError
from coffre.testing.faults import Fault, Moment, Step
from coffre.testing.spoiling import Alteration, AlteredStream, break_off, cut, flip


class ReadFault(Fault):
    """A fault of the stream that a get returns."""

    operations = frozenset({"get"})

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Proceed, and put the stream behind the alteration."""
        result = proceed(request)
        if not isinstance(result, GetResult):
            raise TypeError(f"{self!r} needs a get, not {moment.operation}")
        stream = AlteredStream(result.stream, self.alteration(_given(request, result), moment))
        return replace(result, stream=stream)

    @abstractmethod
    def alteration(self, size: int, moment: Moment) -> Alteration:
        """What becomes of a stream of so many bytes."""


@dataclass(frozen=True, slots=True)
class ShortRead(ReadFault):
    """The stream ends early, as if that were its end."""

    keep: int | None = None
    """Bytes still given; drawn below the size when ``None``."""

    def alteration(self, size: int, moment: Moment) -> Alteration:
        """Cut."""
        return cut(drawn(self.keep, size, moment))


@dataclass(frozen=True, slots=True)
class BrokenRead(ReadFault):
    """The stream raises half-way."""

    after: int | None = None
    """Bytes given before; drawn below the size when ``None``."""
    kind: type[OfferError] = ConnectionLostError
    message: str = "chaos: the stream broke off"

    def alteration(self, size: int, moment: Moment) -> Alteration:
        """Break off."""
        after = drawn(self.after, size, moment)
        return break_off(after, lambda: self.kind(self.message, ref=moment.ref))


@dataclass(frozen=True, slots=True)
class FlipOnRead(ReadFault):
    """One bit differs from what is held; what is held is good."""

    byte: int | None = None
    """Position; drawn when ``None``."""

    def alteration(self, size: int, moment: Moment) -> Alteration:
        """Flip."""
        return flip(drawn(self.byte, size, moment))


def _given(request: object, result: GetResult) -> int:
    """Bytes that the stream has: those of the range asked for."""
    if not isinstance(request, GetRequest):
        return result.size
    rest = result.size - request.offset
    return rest if request.length is None else request.length


def drawn(given: int | None, size: int, moment: Moment) -> int:
    """The position given, or one inside the object, from the moment's chance."""
    return moment.chance.randrange(max(size, 1)) if given is None else given
