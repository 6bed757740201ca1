"""Many objects in one call: asked about, or deleted, each with its own outcome. Since 1.1.

One bad object never stops the others (see also
:class:`~coffre.contract.requests.BulkPutRequest`, of 1.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from coffre.contract.errors import CoffreError, InvalidRequestError
from coffre.contract.identity import ObjectRef
from coffre.contract.requests import DeleteRequest, StatRequest
from coffre.contract.results import DeleteResult, StatResult


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkStatRequest:
    """Several objects to ask about in one call; needs :attr:`Capability.BULK_STAT`."""

    stats: Sequence[StatRequest]
    """The questions; a reference may appear once only."""

    def __post_init__(self) -> None:
        """Check that no object is asked about twice.

        Raises:
            InvalidRequestError: one is.
        """
        check_named_once([stat.ref for stat in self.stats], "a bulk stat")


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDeleteRequest:
    """Several objects to delete in one call; needs :attr:`Capability.BULK_DELETE`."""

    deletes: Sequence[DeleteRequest]
    """The deletions; a reference may appear once only."""

    def __post_init__(self) -> None:
        """Check that no object is deleted twice.

        Raises:
            InvalidRequestError: one is.
        """
        check_named_once([delete.ref for delete in self.deletes], "a bulk delete")


class SupportsBulkStat(Protocol):
    """Service of :attr:`Capability.BULK_STAT`."""

    def bulk_stat(self, request: BulkStatRequest) -> Sequence[StatResult | CoffreError]:
        """Ask about several objects; each outcome is what ``stat`` would have given.

        Returns:
            One outcome for each question, in order: a result, or the error that it met.
            ``ObjectNotFoundError`` is *absent*; an object that could not be asked about is
            unknown, and has another error.

        Raises:
            OfferUnavailableError: the offer could not be asked; nothing is known of any.
        """
        ...


class SupportsBulkDelete(Protocol):
    """Service of :attr:`Capability.BULK_DELETE`."""

    def bulk_delete(self, request: BulkDeleteRequest) -> Sequence[DeleteResult | CoffreError]:
        """Delete several objects, each or not at all, whatever becomes of the others.

        Returns:
            One outcome for each deletion, in order: a result, or the error that it met. The
            deletion of what is not there succeeds; ``existed`` may be ``None``, from a service
            that does not tell. An object whose deletion has a result is absent now.

        Raises:
            OfferUnavailableError: the offer could not be asked, or was lost: any of them may be
                gone when ``effect_unknown`` says so.
        """
        ...


def check_named_once(refs: Sequence[ObjectRef], what: str) -> None:
    """Refuse a call that names an object twice: which of its outcomes would be the last?

    Raises:
        InvalidRequestError: one is named twice.
    """
    if len(set(refs)) != len(refs):
        raise InvalidRequestError(f"{what} names the same object twice")
