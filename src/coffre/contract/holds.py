"""Legal holds: an object under one cannot be deleted or replaced until it is lifted. Since 1.1.

A hold has an id, that of the case or the order for which it was placed; an object may be under
several, and is free once the last is lifted. A retention date that is over does not free an
object under a hold, and a hold that is lifted does not free one that is still retained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from coffre.contract.errors import InvalidReferenceError, InvalidRequestError
from coffre.contract.identity import ObjectRef, check_name

MAX_HOLD_ID = 64
"""Longest id of a hold: what every service can keep beside an object, in a tag for instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHoldRequest:
    """A hold to place; needs :attr:`Capability.LEGAL_HOLD`."""

    ref: ObjectRef
    id: str
    """Of the case or the order: letters, digits, ``_ @ -`` and single dots inside."""
    reason: str = ""
    """For a person. Kept by the offer where it has room; the caller records it in any case."""

    def __post_init__(self) -> None:
        """Check the id.

        Raises:
            InvalidRequestError: it is not allowed.
        """
        check_hold_id(self.id, self.ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftHoldRequest:
    """A hold to lift; needs :attr:`Capability.LEGAL_HOLD`."""

    ref: ObjectRef
    id: str
    """That of the hold; holds under other ids stay."""
    reason: str = ""
    """For a person. Kept by the offer where it has room; the caller records it in any case."""

    def __post_init__(self) -> None:
        """Check the id.

        Raises:
            InvalidRequestError: it is not allowed.
        """
        check_hold_id(self.id, self.ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldResult:
    """The holds that an object is under now."""

    holds: frozenset[str]
    """Their ids; none when it may be deleted, as far as holds go."""


class SupportsLegalHold(Protocol):
    """Service of :attr:`Capability.LEGAL_HOLD`; ``StatResult.holds`` tells of the holds."""

    def place_hold(self, request: PlaceHoldRequest) -> HoldResult:
        """Forbid the deletion and the replacement of an object, enforced by the offer itself.

        A hold that is there already stays, and is no error.

        Raises:
            ObjectNotFoundError: the reference holds nothing.
            UnsupportedOperationError: the service keeps one hold for each object, and there is
                another one; nothing changed.
            ForbiddenError: no right to place holds.
            OfferUnavailableError: the offer could not be asked.
        """
        ...

    def lift_hold(self, request: LiftHoldRequest) -> HoldResult:
        """Lift one hold. One that is not there is no error; holds under other ids stay.

        Raises:
            ObjectNotFoundError: the reference holds nothing.
            ForbiddenError: no right to lift holds.
            OfferUnavailableError: the offer could not be asked.
        """
        ...


def check_hold_id(id: str, ref: ObjectRef) -> None:
    """Refuse an id that some service could not keep beside an object.

    Raises:
        InvalidRequestError: too long, or with a character outside the alphabet of names.
    """
    try:
        check_name(id, "the id of a hold")
    except InvalidReferenceError as error:
        raise InvalidRequestError(error.message, ref=ref) from None
    if len(id) > MAX_HOLD_ID:
        raise InvalidRequestError(
            f"the id of a hold has {len(id)} characters, at most {MAX_HOLD_ID} are kept", ref=ref
        )
