"""Objects and requests that the tests of this room share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from coffre.contract import NO_METADATA, ObjectRef, PutRequest
from coffre.streams import BytesContent

REF = ObjectRef(tenant=0, container="object", identifier="it")
PATH = "/archive/0/object/it"
BLOCK = 64 * 1024


def put_request(
    data: bytes = b"charter",
    *,
    replace: bool = False,
    retain_until: datetime | None = None,
    metadata: Mapping[str, str] = NO_METADATA,
) -> PutRequest:
    return PutRequest(
        ref=REF,
        content=BytesContent(data),
        size=len(data),
        replace=replace,
        retain_until=retain_until,
        metadata=metadata,
    )
