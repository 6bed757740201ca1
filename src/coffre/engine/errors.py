"""Errors of the engine: what only shows once several offers are looked at together."""

from __future__ import annotations

from collections.abc import Sequence

from coffre.contract import CoffreError, ObjectRef
from coffre.engine.outcomes import CopyOutcome


class NotEnoughCopiesError(CoffreError):
    """Fewer copies could be verified than the strategy requires; good ones are left in place."""

    code = "not-enough-copies"
    retryable = True

    def __init__(self, ref: ObjectRef, required: int, copies: Sequence[CopyOutcome]) -> None:
        """Tell each offer's reason.

        Args:
            ref: the object.
            required: verified copies that the strategy wants.
            copies: what became of each.
        """
        self.required = required
        self.copies = tuple(copies)
        verified = sum(copy.verified for copy in copies)
        reasons = "; ".join(
            f"{copy.offer}: {copy.message or copy.code}" for copy in copies if not copy.verified
        )
        super().__init__(
            f"{verified} verified copies of {required} required ({reasons}); "
            "put it again once the offers are well",
            ref=ref,
        )

    def to_json(self) -> dict[str, object]:
        """The error, with the outcome of each copy."""
        return super().to_json() | {"copies": [copy.to_json() for copy in self.copies]}


class NoReadableCopyError(CoffreError):
    """No copy could be read well; each offer's reason is told. Nothing is concluded from that."""

    code = "no-readable-copy"
    retryable = True


class BrakeError(CoffreError):
    """A job would touch more objects than it may without being asked to (law 9)."""

    code = "brake"


class StillNeededError(CoffreError):
    """An offer cannot be retired: a strategy names it, or objects need its copies."""

    code = "still-needed"


class InvalidOrderError(CoffreError, ValueError):
    """An order to delete, or to retire an offer, without an author or a reason."""

    code = "invalid-order"
