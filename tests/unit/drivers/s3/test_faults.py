"""What a put leaves, and what it says, when the service misbehaves at each of its steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from coffre.conformance.contents import ScriptedContent
from coffre.contract import (
    CoffreError,
    DeleteRequest,
    DigestAlgorithm,
    DigestMismatchError,
    Evidence,
    ForbiddenError,
    GetRequest,
    ListRequest,
    ObjectConflictError,
    ObjectCorruptError,
    ObjectRef,
    OfferFailedError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    SizeMismatchError,
    SourceError,
    StatRequest,
    SweepRequest,
    UnsupportedOperationError,
)
from coffre.drivers.s3 import S3Connection
from coffre.drivers.s3.aside import ASIDE_SIZE
from coffre.drivers.s3.records import ASIDE, BESIDE, RECORD
from coffre.streams import BytesContent
from tests.unit.drivers.s3.bucket import Answer, Asked, Bucket, Held, error, served

REF = ObjectRef(tenant=3, container="object", identifier="charter@1328.pdf")
KEY = "3/object/charter@1328.pdf"
SMALL = b"Given in the year 1328"
LARGE = b"a page of a charter " * (550 * 1024)


def request(data: bytes = SMALL, **more: object) -> PutRequest:
    return PutRequest(ref=REF, content=BytesContent(data), size=len(data), **more)  # type: ignore[arg-type]


def put(bucket: Bucket, data: bytes = SMALL, **more: object) -> PutResult:
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        return connection.put(request(data, **more))


def lost(_: Asked) -> Answer:
    return Answer(lost=True)


def saying(status: int, code: str, more: str = "", **headers: str) -> Callable[[Asked], Answer]:
    return lambda _: error(status, code, more, **headers)


# --- answers that are lost -----------------------------------------------------------------------


def test_our_own_object_whose_answer_was_lost_is_there_already() -> None:
    bucket = Bucket()
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        bucket.fail("PUT", lost)
        with pytest.raises(OfferUnavailableError) as caught:
            connection.put(request())
        again = connection.put(request())

    assert caught.value.effect_unknown
    assert (again.already_there, again.evidence) == (True, Evidence.READ)
    assert bucket.visible() == {KEY: SMALL}


@pytest.mark.parametrize("completes", [True, False], ids=["in-place", "aside"])
def test_a_large_object_whose_answer_was_lost_is_there_already(completes: bool) -> None:
    bucket = Bucket(completes=completes)
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        bucket.fail("POST complete" if completes else "PUT", lost)
        with pytest.raises(OfferUnavailableError) as caught:
            connection.put(request(LARGE))
        again = connection.put(request(LARGE))
        swept = connection.sweep(SweepRequest(older_than=0))

    assert caught.value.effect_unknown
    assert again.already_there
    assert swept.removed == 0
    assert bucket.uploads == {}


@pytest.mark.parametrize("completes", [True, False], ids=["in-place", "aside"])
@pytest.mark.parametrize("kind", ["POST begin", "PUT part"])
def test_what_is_lost_before_anything_can_be_seen_leaves_no_doubt(
    kind: str, completes: bool
) -> None:
    bucket = Bucket(completes=completes)
    bucket.fail(kind, lost)
    with pytest.raises(OfferUnavailableError) as caught:
        put(bucket, LARGE)

    assert not caught.value.effect_unknown
    assert bucket.visible() == {}


def test_the_upload_of_bytes_that_are_kept_aside_is_never_in_doubt() -> None:
    bucket = Bucket(completes=False)
    bucket.fail("POST complete", lost)
    with pytest.raises(OfferUnavailableError) as caught:
        put(bucket, LARGE)

    assert not caught.value.effect_unknown
    assert bucket.visible() == {}


# --- answers that are no success -----------------------------------------------------------------


@pytest.mark.parametrize("completes", [True, False], ids=["in-place", "aside"])
def test_a_success_with_an_error_in_its_body_is_an_error(completes: bool) -> None:
    bucket = Bucket(completes=completes)
    bucket.fail("POST complete", saying(200, "InternalError"))
    with pytest.raises(OfferUnavailableError, match="InternalError") as caught:
        put(bucket, LARGE)

    assert caught.value.effect_unknown is completes  # of bytes aside nothing can be seen
    assert bucket.visible() == {}


def test_a_success_that_says_nothing_we_know_is_an_error() -> None:
    bucket = Bucket()
    bucket.fail("POST complete", lambda _: Answer(200, b"<html>welcome</html>"))
    with pytest.raises(OfferUnavailableError):
        put(bucket, LARGE)


@pytest.mark.parametrize(
    "kind", ["POST begin", "PUT part", "POST complete"], ids=lambda kind: kind.replace(" ", "-")
)
@pytest.mark.parametrize("completes", [True, False], ids=["in-place", "aside"])
def test_credentials_that_expire_half_way_are_named_and_leave_nothing(
    kind: str, completes: bool
) -> None:
    bucket = Bucket(completes=completes)
    bucket.fail(kind, saying(400, "ExpiredToken"))
    with pytest.raises(ForbiddenError, match="renew"):
        put(bucket, LARGE)

    assert (bucket.visible(), bucket.uploads, bucket.own()) == ({}, {}, [])


def test_throttling_tells_how_long_to_wait_and_is_never_in_doubt() -> None:
    bucket = Bucket()
    bucket.fail("PUT", saying(503, "SlowDown", retry_after="17"))
    with pytest.raises(OfferUnavailableError) as caught:
        put(bucket)

    assert (caught.value.retry_after, caught.value.effect_unknown) == (17.0, False)
    assert bucket.visible() == {}
    assert bucket.kinds().count("PUT") == 1, "the driver has tried again by itself"


def test_a_clock_that_is_wrong_is_named_with_the_difference() -> None:
    theirs = datetime.now(UTC) + timedelta(hours=1)

    def skewed(_: Asked) -> Answer:
        found = error(403, "RequestTimeTooSkewed")
        return Answer(found.status, found.body, {"date": format_datetime(theirs, usegmt=True)})

    bucket = Bucket()
    bucket.fail("PUT", skewed)
    with pytest.raises(ForbiddenError) as caught:
        put(bucket)

    seconds = re.search(r"it is (\d+) s behind", caught.value.message)
    assert seconds is not None
    assert 3500 < int(seconds[1]) < 3700


def test_a_redirect_names_the_region() -> None:
    bucket = Bucket()
    bucket.fail("PUT", saying(301, "PermanentRedirect", x_amz_bucket_region="eu-west-3"))
    with pytest.raises(OfferUnavailableError, match='set region = "eu-west-3"'):
        put(bucket)


def test_a_signature_for_another_region_names_the_right_one() -> None:
    bucket = Bucket()
    more = "<Region>eu-west-3</Region>"
    bucket.fail("PUT", saying(400, "AuthorizationHeaderMalformed", more))
    with pytest.raises(OfferUnavailableError, match='set region = "eu-west-3"'):
        put(bucket)


# --- sources -------------------------------------------------------------------------------------

BROKEN = {
    "that-fails": (ScriptedContent(LARGE, SourceError("on purpose")), SourceError),
    "that-is-short": (ScriptedContent(LARGE), SizeMismatchError),
    "that-is-long": (ScriptedContent(LARGE, LARGE, LARGE), SizeMismatchError),
}


@pytest.mark.parametrize("completes", [True, False], ids=["in-place", "aside"])
@pytest.mark.parametrize(("content", "kind"), BROKEN.values(), ids=BROKEN)
def test_of_a_source_that_breaks_nothing_is_left(
    content: ScriptedContent, kind: type[CoffreError], completes: bool
) -> None:
    bucket = Bucket(completes=completes)
    with (
        served(bucket) as parameters,
        S3Connection(parameters) as connection,
        pytest.raises(kind),
    ):
        connection.put(PutRequest(ref=REF, content=content, size=2 * len(LARGE)))

    assert (bucket.visible(), bucket.uploads, bucket.own()) == ({}, {}, [])


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("completes", [True, False], ids=["in-place", "aside"])
def test_bytes_of_another_digest_are_not_published(data: bytes, completes: bool) -> None:
    bucket = Bucket(completes=completes)
    with pytest.raises(DigestMismatchError):
        put(bucket, data, expected=DigestAlgorithm.SHA512.of(b"others"))

    assert (bucket.visible(), bucket.uploads, bucket.own()) == ({}, {}, [])


def test_a_part_that_is_refused_ends_the_put_and_the_upload() -> None:
    bucket = Bucket()
    bucket.fail("PUT part", saying(400, "XAmzContentSHA256Mismatch"))
    with pytest.raises(DigestMismatchError):
        put(bucket, LARGE)

    assert (bucket.visible(), bucket.uploads) == ({}, {})


# --- another object is there ---------------------------------------------------------------------


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("completes", [True, False], ids=["in-place", "aside"])
def test_another_object_stays_and_nothing_is_left(data: bytes, completes: bool) -> None:
    bucket = Bucket(completes=completes)
    bucket.objects[KEY] = Held(b"another", {})
    with pytest.raises(ObjectConflictError):
        put(bucket, data)

    assert bucket.visible() == {KEY: b"another"}
    assert (bucket.uploads, bucket.own()) == ({}, [])
    assert "PUT part" not in bucket.kinds(), "bytes were sent to be refused"


@pytest.mark.parametrize("completes", [True, False], ids=["in-place", "aside"])
def test_an_object_that_appears_during_an_upload_stays(completes: bool) -> None:
    bucket = Bucket(completes=completes)

    def another(_: Asked) -> None:
        bucket.objects[KEY] = Held(b"another", {})

    bucket.fail("PUT part", another)
    with pytest.raises(ObjectConflictError):
        put(bucket, LARGE)

    assert bucket.visible() == {KEY: b"another"}
    assert (bucket.uploads, bucket.own()) == ({}, [])


def test_an_etag_is_never_taken_for_the_bytes() -> None:
    bucket = Bucket()
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.put(request())
        bucket.objects[KEY].body = SMALL[:-1] + b"?"  # the same record, length and ETag
        with pytest.raises(ObjectConflictError):
            connection.put(request())


# --- services that honour less -------------------------------------------------------------------


def test_a_service_that_ignores_conditions_is_not_written_to() -> None:
    bucket = Bucket(puts=False)
    with pytest.raises(UnsupportedOperationError, match="conditions"):
        put(bucket)

    assert bucket.visible() == {}


def test_a_service_that_ignores_the_condition_of_a_completion_gets_large_objects_aside() -> None:
    bucket = Bucket(completes=False)
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.put(request(LARGE, metadata={"name": "é" * 2000}))
        told = connection.stat(StatRequest(ref=REF))
        with connection.get(GetRequest(ref=REF)) as result:
            read = result.stream.read()
        listed = list(connection.list(ListRequest(tenant=3, container="object")))
        shown = bucket.objects[KEY]
        connection.delete(DeleteRequest(ref=REF))

    assert (told.size, read, listed[0].size) == (len(LARGE), LARGE, len(LARGE))
    assert told.metadata == {"name": "é" * 2000}
    assert len(shown.body) == ASIDE_SIZE
    assert {ASIDE, BESIDE} <= set(shown.headers)
    assert RECORD not in shown.headers
    assert (bucket.visible(), bucket.own()) == ({}, [])


def test_an_object_whose_bytes_aside_are_gone_is_corrupt_and_can_be_deleted() -> None:
    bucket = Bucket(completes=False)
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.put(request(LARGE))
        (aside,) = bucket.own()
        del bucket.objects[aside]
        for ask in (
            lambda: connection.get(GetRequest(ref=REF)),
            lambda: connection.stat(StatRequest(ref=REF)),
        ):
            with pytest.raises(ObjectCorruptError):
                ask()
        assert connection.delete(DeleteRequest(ref=REF)).existed

    assert bucket.visible() == {}


def test_a_service_that_lists_out_of_order_is_refused() -> None:
    bucket = Bucket()
    contents = "".join(f"<Contents><Key>0/object/{name}</Key></Contents>" for name in "ba")
    body = f"<ListBucketResult>{contents}</ListBucketResult>".encode()
    bucket.fail("GET bucket", lambda _: Answer(200, body))
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        listing = connection.list(ListRequest(tenant=0, container="object"))
        with pytest.raises(OfferFailedError, match="does not sort"):
            list(listing)


def test_a_missing_key_that_only_a_proxy_tells_of_is_not_absent() -> None:
    bucket = Bucket()
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        bucket.fail("GET", lambda _: Answer(404, b"<html>not here</html>"))
        with pytest.raises(OfferUnavailableError):
            connection.get(GetRequest(ref=REF))


# --- what is asked -------------------------------------------------------------------------------


def test_a_small_put_is_one_request_once_the_service_is_known() -> None:
    bucket = Bucket()
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.put(request())
        before = len(bucket.asked)
        other = ObjectRef(tenant=3, container="object", identifier="other")
        connection.put(PutRequest(ref=other, content=BytesContent(SMALL), size=len(SMALL)))

    assert [one.kind for one in bucket.asked[before:]] == ["PUT"]


def test_no_secret_shows_in_what_is_raised() -> None:
    bucket = Bucket()
    bucket.fail(
        "PUT", saying(403, "SignatureDoesNotMatch", "<StringToSign>AWS4-HMAC</StringToSign>")
    )
    with pytest.raises(ForbiddenError) as caught:
        put(bucket)

    assert "a-secret-of-the-test" not in caught.value.message
    assert "AWS4" not in caught.value.message


# --- requests that are done twice ----------------------------------------------------------------

LONG = {"name": "x" * 5000}


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("completes", [True, False], ids=["in-place", "aside"])
def test_what_our_own_object_names_is_kept_when_it_is_refused_the_second_time(
    data: bytes, completes: bool
) -> None:
    bucket = Bucket(completes=completes)
    kind = "POST complete" if data is LARGE and completes else "PUT"

    def twice(asked: Asked) -> Answer:
        if asked.kind != "PUT" or "/records/" not in asked.key:
            bucket._done(asked)
        if kind == "POST complete":
            return error(412, "PreconditionFailed")
        return bucket._done(asked)

    if kind == "PUT":
        bucket.fail("PUT", lambda _: None)  # the record, which is put first
    bucket.fail(kind, twice)
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        result = connection.put(request(data, metadata=LONG))
        told = connection.stat(StatRequest(ref=REF))
        with connection.get(GetRequest(ref=REF)) as opened:
            read = opened.stream.read()

    assert result.already_there
    assert (read, told.metadata) == (data, LONG)
