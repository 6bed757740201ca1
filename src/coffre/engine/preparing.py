"""Preparing: a new, empty place becomes an offer, once and on purpose.

An empty place where the ledger knows copies is not new: its disk is away. An offer made there
would turn *unknown* into *missing*, and a repair would write the archive onto the wrong disk
(law 2). Somebody has to say that the old one is gone for good.
"""

from __future__ import annotations

from coffre.contract import InvalidRequestError, PrepareResult
from coffre.engine.context import Context
from coffre.engine.ledger import CopyState

_HELD = frozenset({CopyState.VERIFIED, CopyState.DECLARED, CopyState.CORRUPT})


def prepare(context: Context, name: str, *, replaced: bool) -> PrepareResult:
    """Make the place of an offer ready; one that is an offer already stays as it is.

    Args:
        context: the engine's.
        name: id of the offer.
        replaced: what it held before is lost for good, and the place is a new one.

    Raises:
        InvalidRequestError: the ledger knows copies there, and ``replaced`` is not set.
        StrategyError: the offer is not configured.
        CoffreError: as ``Offer.prepare`` says.
    """
    offer = context.offer(name)
    if not replaced and not offer.is_available() and _holds_copies(context, name):
        raise InvalidRequestError(
            f"the ledger knows copies on offer {name!r}: it is not new, but away. Bring its disk "
            "back; or, if that is lost for good, say that this is another one (--replaced)"
        )
    return offer.prepare()


def _holds_copies(context: Context, name: str) -> bool:
    copies = (record.copy_on(name) for record in context.ledger.objects_on(name))
    return any(copy is not None and copy.state in _HELD for copy in copies)
