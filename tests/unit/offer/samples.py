"""Objects that the tests of this room put and ask for."""

from __future__ import annotations

from coffre.contract import Digest, DigestAlgorithm, ObjectRef, PutRequest
from coffre.streams import BytesContent

CHARTER = b"Given in the year 1328"
REF = ObjectRef(tenant=0, container="object", identifier="charter")


def ref(identifier: str) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=identifier)


def digest(data: bytes = CHARTER) -> Digest:
    return DigestAlgorithm.SHA512.of(data)


def put_of(
    data: bytes = CHARTER,
    identifier: str = "charter",
    *,
    announced: bool = True,
    size: int | None = None,
    replace: bool = False,
) -> PutRequest:
    return PutRequest(
        ref=ref(identifier),
        content=BytesContent(data),
        size=len(data) if size is None else size,
        expected=digest(data) if announced else None,
        replace=replace,
    )
