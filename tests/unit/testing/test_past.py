"""What went through a driver is remembered, that of the services of 1.1 included."""

from __future__ import annotations

from coffre.contract import (
    BulkDeleteRequest,
    DeleteRequest,
    DeleteResult,
    Evidence,
    ObjectRef,
    PutRequest,
    PutResult,
    RetainedError,
    ServerCopyRequest,
    ServerCopyResult,
)
from coffre.streams import BytesContent
from coffre.testing.past import Past


def ref(identifier: str) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=identifier)


def past_of(*names: str) -> Past:
    past = Past()
    for name in names:
        content = BytesContent(b"1")
        request = PutRequest(ref=ref(name), content=content, size=1)
        digest = request.algorithm.of(b"1")
        past.note(request, PutResult(size=1, digest=digest, evidence=Evidence.PRESENT))
    return past


def test_a_bulk_delete_is_as_many_changes_as_there_were_objects() -> None:
    past = past_of("a", "b", "c")
    deletes = [DeleteRequest(ref=ref(name)) for name in ("a", "b", "never")]
    refused = RetainedError("retained")
    outcomes = [DeleteResult(existed=True), refused, DeleteResult(existed=False)]

    past.note(BulkDeleteRequest(deletes=deletes), outcomes)

    assert past.before(0, "object", 1) == {"a": 1}


def test_a_copy_is_a_change_unless_it_was_there() -> None:
    past = past_of("a")
    request = ServerCopyRequest(source=ref("a"), ref=ref("b"))
    done = ServerCopyResult(size=1, evidence=Evidence.PRESENT)

    past.note(request, done)
    assert past.before(0, "object", 1) == {"b": None}
    past.note(request, ServerCopyResult(size=1, evidence=Evidence.PRESENT, already_there=True))
    assert past.before(0, "object", 2) == {"b": None, "a": None}
