"""coffre keeps digital archives on storage offers, through drivers.

This is the front door: the names an application or a provider needs, and nothing else. Each is
loaded when it is first used, so that ``import coffre`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coffre.config import (
        open,
    )
    from coffre.contract import (
        Capability,
        CoffreError,
        Connection,
        ConnectionLostError,
        ConnectionParameters,
        Content,
        DeleteRequest,
        Digest,
        DigestAlgorithm,
        DigestMismatchError,
        Driver,
        Evidence,
        ForbiddenError,
        GetRequest,
        ListRequest,
        NotReadyError,
        ObjectConflictError,
        ObjectCorruptError,
        ObjectNotFoundError,
        ObjectRef,
        OfferError,
        OfferFullError,
        OfferUnavailableError,
        Parameter,
        ParameterError,
        PutRequest,
        Secret,
        SizeMismatchError,
        SourceError,
        StatRequest,
        UnsupportedOperationError,
    )
    from coffre.engine import (
        Audit,
        AuditSummary,
        DeletionOrder,
        Engine,
        Finding,
        NotEnoughCopiesError,
        PutItem,
        Receipt,
        Refusal,
        Strategy,
        StrategyOffer,
    )
    from coffre.manager import (
        DriverManager,
        load_driver,
    )
    from coffre.offer import (
        Offer,
    )

__version__ = "0.1.0"

__all__ = [
    "Audit",
    "AuditSummary",
    "Capability",
    "CoffreError",
    "Connection",
    "ConnectionLostError",
    "ConnectionParameters",
    "Content",
    "DeleteRequest",
    "DeletionOrder",
    "Digest",
    "DigestAlgorithm",
    "DigestMismatchError",
    "Driver",
    "DriverManager",
    "Engine",
    "Evidence",
    "Finding",
    "ForbiddenError",
    "GetRequest",
    "ListRequest",
    "NotEnoughCopiesError",
    "NotReadyError",
    "ObjectConflictError",
    "ObjectCorruptError",
    "ObjectNotFoundError",
    "ObjectRef",
    "Offer",
    "OfferError",
    "OfferFullError",
    "OfferUnavailableError",
    "Parameter",
    "ParameterError",
    "PutItem",
    "PutRequest",
    "Receipt",
    "Refusal",
    "Secret",
    "SizeMismatchError",
    "SourceError",
    "StatRequest",
    "Strategy",
    "StrategyOffer",
    "UnsupportedOperationError",
    "load_driver",
    "open",
]

_ROOMS = {
    "coffre.config": ("open",),
    "coffre.contract": (
        "Capability",
        "CoffreError",
        "Connection",
        "ConnectionLostError",
        "ConnectionParameters",
        "Content",
        "DeleteRequest",
        "Digest",
        "DigestAlgorithm",
        "DigestMismatchError",
        "Driver",
        "Evidence",
        "ForbiddenError",
        "GetRequest",
        "ListRequest",
        "NotReadyError",
        "ObjectConflictError",
        "ObjectCorruptError",
        "ObjectNotFoundError",
        "ObjectRef",
        "OfferError",
        "OfferFullError",
        "OfferUnavailableError",
        "Parameter",
        "ParameterError",
        "PutRequest",
        "Secret",
        "SizeMismatchError",
        "SourceError",
        "StatRequest",
        "UnsupportedOperationError",
    ),
    "coffre.engine": (
        "Audit",
        "AuditSummary",
        "DeletionOrder",
        "Engine",
        "Finding",
        "NotEnoughCopiesError",
        "PutItem",
        "Receipt",
        "Refusal",
        "Strategy",
        "StrategyOffer",
    ),
    "coffre.manager": (
        "DriverManager",
        "load_driver",
    ),
    "coffre.offer": ("Offer",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    """Load a public name from its room, the first time it is asked for (PEP 562)."""
    room = _ROOM_OF.get(name)
    if room is None:
        raise AttributeError(f"module 'coffre' has no attribute {name!r}")
    value = getattr(import_module(room), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names, loaded or not."""
    return sorted({*globals(), *__all__})
