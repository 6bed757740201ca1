"""Requests in one line, for tests of what stands around a driver."""

from __future__ import annotations

from coffre.contract import ObjectRef, PutRequest
from coffre.streams import BytesContent


def named(identifier: str) -> ObjectRef:
    """A reference in the usual container."""
    return ObjectRef(tenant=0, container="object", identifier=identifier)


def deposit(what: str | ObjectRef, data: bytes = b"some bytes") -> PutRequest:
    """A put of bytes in memory."""
    ref = named(what) if isinstance(what, str) else what
    return PutRequest(ref=ref, content=BytesContent(data), size=len(data))
