"""Many objects asked about or deleted: in one call where the driver can, else one by one.

Both ways give the same outcomes; the loop is only slower. An offer that stays away is not asked
for ever: what was not asked about is unknown, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from coffre.contract import (
    CoffreError,
    ObjectRef,
    OfferFailedError,
    OfferUnavailableError,
    refuse_unsupported,
)
from coffre.contract.refusing import AnyRequest
from coffre.offer.sessions import Sessions

STRIKES = 3
"""Objects in a row for which the offer was not reached, after which it is left alone."""

Part = TypeVar("Part", bound=AnyRequest)
Result = TypeVar("Result")


class Many(Generic[Part, Result]):
    """One call for several objects under way; used by one thread."""

    def __init__(
        self, sessions: Sessions, parts: Sequence[Part], alone: Callable[[Part], Result]
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            sessions: signs errors, and knows what the driver can do.
            parts: what is asked of each object; none twice.
            alone: does it for one object, with the patience of the offer.
        """
        self._sessions = sessions
        self._parts = parts
        self._alone = alone

    def run(
        self, together: Callable[[list[Part]], Sequence[Result | CoffreError]] | None
    ) -> list[Result | CoffreError]:
        """Do all of it; one outcome for each, in order.

        Args:
            together: does it in one call, outcomes in order; ``None`` where the driver cannot.
        """
        outcomes: dict[int, Result | CoffreError] = {}
        for index, part in enumerate(self._parts):
            if (refusal := self._refusal(part)) is not None:
                outcomes[index] = refusal
        left = [index for index in range(len(self._parts)) if index not in outcomes]
        if together is not None and left:
            outcomes.update(self._in_one_call(together, left))
            left = self._to_try_alone(outcomes, left)
        outcomes.update(self._one_by_one(left))
        return [outcomes[index] for index in range(len(self._parts))]

    def _refusal(self, part: Part) -> CoffreError | None:
        try:
            capabilities = self._sessions.capabilities()
            refuse_unsupported(part, capabilities, self._sessions.driver.contract)
        except CoffreError as error:
            return self._sessions.sign(error, _ref(part))
        return None

    def _in_one_call(
        self, together: Callable[[list[Part]], Sequence[Result | CoffreError]], left: list[int]
    ) -> dict[int, Result | CoffreError]:
        parts = [self._parts[index] for index in left]
        try:
            found = together(parts)
        except CoffreError as error:
            return dict.fromkeys(left, error)
        return {
            index: self._sessions.sign(outcome, _ref(self._parts[index]))
            if isinstance(outcome, CoffreError)
            else outcome
            for index, outcome in zip(left, found, strict=True)
        }

    def _to_try_alone(
        self, outcomes: dict[int, Result | CoffreError], left: list[int]
    ) -> list[int]:
        """What one object alone met may pass; what the whole call met had its patience."""
        away = [index for index in left if isinstance(outcomes[index], OfferUnavailableError)]
        one_error = len({id(outcomes[index]) for index in away}) == 1
        return [] if one_error and len(away) == len(left) else away

    def _one_by_one(self, left: list[int]) -> dict[int, Result | CoffreError]:
        outcomes: dict[int, Result | CoffreError] = {}
        strikes = 0
        for position, index in enumerate(left):
            outcomes[index] = outcome = self._outcome(self._parts[index])
            strikes = strikes + 1 if isinstance(outcome, OfferUnavailableError) else 0
            if strikes == STRIKES and isinstance(outcome, OfferUnavailableError):
                for later in left[position + 1 :]:
                    outcomes[later] = self._not_tried(self._parts[later], outcome)
                break
        return outcomes

    def _outcome(self, part: Part) -> Result | CoffreError:
        try:
            return self._alone(part)
        except CoffreError as error:
            return error

    def _not_tried(self, part: Part, cause: OfferUnavailableError) -> CoffreError:
        error = OfferUnavailableError(
            f"not tried, after {STRIKES} objects for which the offer was not reached: {cause}",
            effect_unknown=False,
        )
        error.__cause__ = cause
        return self._sessions.sign(error, _ref(part))


def as_many(outcomes: Sequence[Result], parts: Sequence[object]) -> Sequence[Result]:
    """The outcomes of a driver, when there is one for each object.

    Raises:
        OfferFailedError: there are more, or fewer; a defect.
    """
    if len(outcomes) != len(parts):
        raise OfferFailedError(
            f"the driver gave {len(outcomes)} outcomes for {len(parts)} objects; "
            "this is a defect of the driver"
        )
    return outcomes


def _ref(part: AnyRequest) -> ObjectRef | None:
    ref = getattr(part, "ref", None)
    return ref if isinstance(ref, ObjectRef) else None
