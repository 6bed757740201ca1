"""Faults of writing: acknowledged, and not held as it was sent.

Each tells of the true bytes: their size and digest, as an offer does that answers before it
has looked. On a bulk put the fault befalls one of its objects, drawn.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import cast

from coffre.contract import (
    BulkPutRequest,
    DeleteResult,
    Evidence,
    OfferError,
    PutRequest,
    PutResult,
)
from coffre.streams import check_received, copy_digesting
from coffre.testing.faults import Fault, Moment, Step
from coffre.testing.read_faults import drawn
from coffre.testing.spoiling import Alteration, AlteredContent, cut, flip


class WriteFault(Fault):
    """A fault of one put, alone or in a bulk."""

    operations = frozenset({"put", "bulk_put"})

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Spoil the put; of a bulk, one of them."""
        if isinstance(request, PutRequest):
            return self.spoilt(proceed, request, moment)
        if not isinstance(request, BulkPutRequest):
            raise TypeError(f"{self!r} needs a put, not {moment.operation}")
        if not request.puts:
            return proceed(request)
        return self._in_bulk(proceed, request, moment)

    def _in_bulk(
        self, proceed: Step, request: BulkPutRequest, moment: Moment
    ) -> list[PutResult | OfferError]:
        chosen = moment.chance.randrange(len(request.puts))
        others = [put for index, put in enumerate(request.puts) if index != chosen]
        outcomes = _outcomes(proceed(BulkPutRequest(puts=others)))

        def alone(put: object) -> object:
            (outcome,) = _outcomes(proceed(BulkPutRequest(puts=[cast(PutRequest, put)])))
            if isinstance(outcome, OfferError):
                raise outcome
            return outcome

        try:
            outcomes.insert(chosen, self.spoilt(alone, request.puts[chosen], moment))
        except OfferError as error:
            outcomes.insert(chosen, error)
        return outcomes

    @abstractmethod
    def spoilt(self, proceed: Step, request: PutRequest, moment: Moment) -> PutResult:
        """Do one put, wrongly."""


def _outcomes(result: object) -> list[PutResult | OfferError]:
    if not isinstance(result, list | tuple):
        raise TypeError("a bulk put returns a sequence of outcomes")
    return list(result)


def _store_altered(proceed: Step, request: PutRequest, alter: Alteration, size: int) -> PutResult:
    """Have the offer store altered bytes, and tell of the true ones."""
    content = AlteredContent(request, alter)
    result = proceed(replace(request, content=content, size=size, expected=None))
    if not isinstance(result, PutResult):
        raise TypeError("a put returns a PutResult")
    return replace(result, size=request.size, digest=content.truth)


@dataclass(frozen=True, slots=True)
class FlipOnWrite(WriteFault):
    """One bit of what is stored differs from what was sent."""

    byte: int | None = None
    """Position; drawn when ``None``."""

    def spoilt(self, proceed: Step, request: PutRequest, moment: Moment) -> PutResult:
        """Store the bytes with a bit flipped."""
        position = drawn(self.byte, request.size, moment)
        return _store_altered(proceed, request, flip(position), request.size)


@dataclass(frozen=True, slots=True)
class TornWrite(WriteFault):
    """Only the beginning is stored."""

    keep: int | None = None
    """Bytes stored; drawn below the size when ``None``."""

    def spoilt(self, proceed: Step, request: PutRequest, moment: Moment) -> PutResult:
        """Store the beginning."""
        keep = min(drawn(self.keep, request.size, moment), request.size)
        return _store_altered(proceed, request, cut(keep), keep)


@dataclass(frozen=True, slots=True)
class LostWrite(WriteFault):
    """Received, acknowledged, and not stored."""

    def spoilt(self, proceed: Step, request: PutRequest, moment: Moment) -> PutResult:
        """Read the content, and answer without asking the offer."""
        with request.content.open() as stream:
            copied = copy_digesting(stream, lambda _: None, request.algorithm, at_most=request.size)
        check_received(request, copied)
        return PutResult(size=copied.size, digest=copied.digest, evidence=Evidence.PRESENT)


@dataclass(frozen=True, slots=True)
class LostDelete(Fault):
    """A deletion acknowledged, and not done."""

    operations = frozenset({"delete"})

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Answer without asking the offer."""
        return DeleteResult(existed=True)
