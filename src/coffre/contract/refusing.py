"""Refusing: what a driver would have to ignore in part is not sent at all."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any, cast

from coffre.contract.access import AccessCancelRequest, AccessRequest, AccessStatusRequest
from coffre.contract.copying import ServerCopyRequest
from coffre.contract.errors import UnsupportedOperationError
from coffre.contract.holds import LiftHoldRequest, PlaceHoldRequest
from coffre.contract.log import LogRequest
from coffre.contract.many import BulkDeleteRequest, BulkStatRequest
from coffre.contract.requests import (
    BulkPutRequest,
    CapacityRequest,
    ContainersRequest,
    DeleteRequest,
    GetRequest,
    ListRequest,
    PutRequest,
    QuarantineRequest,
    StatRequest,
    SweepRequest,
)
from coffre.contract.services import Capability
from coffre.contract.version import CONTRACT_VERSION, Version

AnyRequest = (
    PutRequest
    | BulkPutRequest
    | GetRequest
    | StatRequest
    | DeleteRequest
    | ListRequest
    | CapacityRequest
    | ContainersRequest
    | QuarantineRequest
    | SweepRequest
    | AccessRequest
    | AccessStatusRequest
    | AccessCancelRequest
    | PlaceHoldRequest
    | LiftHoldRequest
    | BulkStatRequest
    | BulkDeleteRequest
    | ServerCopyRequest
    | LogRequest
)
"""Whatever can be asked of an offer."""


def refuse_unsupported(
    request: AnyRequest,
    capabilities: frozenset[Capability],
    contract: Version = CONTRACT_VERSION,
) -> None:
    """Refuse a request that a driver would have to ignore in part; nothing is sent.

    A request for several objects is refused whole when one of its parts would be.

    Args:
        request: what is about to be asked.
        capabilities: what the connection declares.
        contract: the contract version that the driver was written for.

    Raises:
        UnsupportedOperationError: a field is set that needs a capability not declared, or that
            the driver's contract version does not know.
    """
    for part in _parts(request):
        refuse_unsupported(part, capabilities, contract)
    for name, default, needs, since in _conditional_fields(cast(Hashable, type(request))):
        value = getattr(request, name)
        if value is default or value == default:
            continue
        if since > contract or (needs is not None and needs not in capabilities):
            raise UnsupportedOperationError(
                _why(request, name, needs, since), ref=getattr(request, "ref", None)
            )


def _parts(request: AnyRequest) -> Sequence[AnyRequest]:
    """The requests that a request for several objects is made of."""
    if isinstance(request, BulkPutRequest):
        return request.puts
    if isinstance(request, BulkStatRequest):
        return request.stats
    return request.deletes if isinstance(request, BulkDeleteRequest) else ()


def _why(request: AnyRequest, name: str, needs: Capability | None, since: Version) -> str:
    missing = f"the capability {needs.value!r}" if needs else "a newer contract"
    return (
        f"{type(request).__name__}.{name} needs {missing} (contract {since}), "
        "which this driver does not have; nothing was sent"
    )


@lru_cache(maxsize=64)
def _conditional_fields(
    kind: Hashable,
) -> tuple[tuple[str, Any, Capability | None, Version], ...]:
    """Fields of a request type that some drivers may not know, with their defaults."""
    return tuple(
        (
            item.name,
            item.default if item.default_factory is MISSING else item.default_factory(),
            item.metadata.get("needs"),
            item.metadata.get("since", Version(1, 0)),
        )
        for item in fields(cast(type[PutRequest], kind))
        if item.metadata
    )
