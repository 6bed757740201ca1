"""Nothing is lost, and nothing is said to be, on the word of a proxy or at an unlucky moment."""

from __future__ import annotations

import pytest

from coffre.contract import DeleteRequest, GetRequest, ObjectRef, OfferUnavailableError, PutRequest
from coffre.drivers.s3 import S3Connection
from coffre.streams import BytesContent
from tests.unit.drivers.s3.bucket import Answer, Bucket, served

REF = ObjectRef(tenant=3, container="object", identifier="charter@1328.pdf")
KEY = "3/object/charter@1328.pdf"
SMALL = b"Given in the year 1328"
LARGE = b"a page of a charter " * (550 * 1024)
LONG = {"name": "x" * 5000}
PROXY = Answer(404, b"<html>not here</html>")


def request(data: bytes = SMALL, **more: object) -> PutRequest:
    return PutRequest(ref=REF, content=BytesContent(data), size=len(data), **more)  # type: ignore[arg-type]


def test_a_deletion_that_only_a_proxy_answers_is_none_and_takes_nothing_away() -> None:
    bucket = Bucket(completes=False)
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.put(request(LARGE, metadata=LONG))
        own = bucket.own()
        bucket.fail("DELETE", lambda _: PROXY)
        with pytest.raises(OfferUnavailableError):
            connection.delete(DeleteRequest(ref=REF))
        with connection.get(GetRequest(ref=REF)) as opened:
            assert opened.stream.read() == LARGE

    assert bucket.own() == own
