"""Nothing is lost, and nothing is said to be, on the word of a proxy or at an unlucky moment."""

from __future__ import annotations

from signal import SIGINT, pthread_kill
from threading import Event, Thread, main_thread
from urllib.parse import unquote

import pytest

from coffre.contract import (
    ConnectionParameters,
    ContainersRequest,
    DeleteRequest,
    ForbiddenError,
    GetRequest,
    ListRequest,
    ObjectRef,
    OfferFailedError,
    OfferUnavailableError,
    ParameterError,
    PutRequest,
    QuarantineRequest,
    Secret,
    StatRequest,
    SweepRequest,
)
from coffre.drivers.s3 import S3Connection, S3Driver
from coffre.drivers.s3.credentials import Credentials
from coffre.drivers.s3.locking import versions
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import Settings
from coffre.streams import BytesContent
from tests.unit.drivers.s3.bucket import Answer, Asked, Bucket, Held, served

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


# --- sweeps beside a put -------------------------------------------------------------------------


def test_a_sweep_leaves_the_record_of_a_small_put_that_is_under_way() -> None:
    bucket = Bucket()
    with (
        served(bucket) as parameters,
        S3Connection(parameters) as connection,
        S3Connection(parameters) as sweeper,
    ):

        def sweep_first(_: Asked) -> None:
            bucket.lock.release()  # the service goes on with other requests
            sweeper.sweep(SweepRequest(older_than=0))
            bucket.lock.acquire()

        bucket.fail("PUT", lambda _: None)  # the record, which is put first
        bucket.fail("PUT", sweep_first)
        connection.put(request(metadata=LONG))
        told = connection.stat(StatRequest(ref=REF))

    assert told.metadata == LONG


def test_a_sweep_that_looked_just_before_a_put_became_visible_takes_nothing_of_it() -> None:
    bucket = Bucket()
    with (
        served(bucket) as parameters,
        S3Connection(parameters) as connection,
        S3Connection(parameters) as sweeper,
    ):
        done = Event()

        def look_then_wait(asked: Asked) -> Answer | None:
            if asked.query.get("prefix") != KEY:
                bucket.fail("GET bucket", look_then_wait)
                return None
            answer = bucket._done(asked)  # nothing names the record yet
            bucket.lock.release()
            started.set()
            done.wait(10)
            bucket.lock.acquire()
            return answer

        started = Event()
        swept = Thread(target=lambda: sweeper.sweep(SweepRequest(older_than=0)))

        def sweep_meanwhile(_: Asked) -> None:
            bucket.fail("GET bucket", look_then_wait)
            bucket.lock.release()
            swept.start()
            started.wait(1)  # a sweep that leaves it alone never looks
            bucket.lock.acquire()

        bucket.fail("PUT", lambda _: None)  # the record, which is put first
        bucket.fail("PUT", sweep_meanwhile)
        connection.put(request(metadata=LONG))
        done.set()
        swept.join()
        bucket.faults.clear()
        told = connection.stat(StatRequest(ref=REF))

    assert told.metadata == LONG


# --- listings ------------------------------------------------------------------------------------


def test_an_empty_page_that_is_not_the_last_does_not_end_a_listing_as_complete() -> None:
    bucket = Bucket()
    empty = b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.put(request())
        bucket.fail("GET bucket", lambda _: Answer(200, empty))
        with pytest.raises(OfferFailedError):
            list(connection.list(ListRequest(tenant=3, container="object")))


def test_a_listing_of_containers_that_cannot_go_on_is_not_taken_for_its_end() -> None:
    bucket = Bucket()
    page = b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        bucket.fail("GET bucket", lambda _: Answer(200, page))
        with pytest.raises(OfferFailedError):
            list(connection.containers(ContainersRequest()))


def test_a_listing_of_uploads_that_does_not_move_on_ends() -> None:
    bucket = Bucket()
    name = b"ListMultipartUploadsResult"
    page = b"<%b><IsTruncated>true</IsTruncated></%b>" % (name, name)

    def again(_: Asked) -> Answer:
        bucket.fail("GET bucket", again)
        assert len(bucket.asked) < 100, "it is asked for ever"
        return Answer(200, page)

    bucket.fail("GET bucket", again)
    with (
        served(bucket) as parameters,
        S3Connection(parameters) as connection,
        pytest.raises(OfferFailedError),
    ):
        connection.sweep(SweepRequest(older_than=0))


def test_an_object_whose_bytes_are_gone_does_not_stop_a_listing() -> None:
    bucket = Bucket(completes=False)
    other = ObjectRef(tenant=3, container="object", identifier="d")
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.put(request(LARGE))
        connection.put(PutRequest(ref=other, content=BytesContent(SMALL), size=len(SMALL)))
        del bucket.objects[bucket.own()[0]]
        listed = list(connection.list(ListRequest(tenant=3, container="object")))

    assert [one.identifier for one in listed] == [REF.identifier, "d"]


# --- bytes aside ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["HEAD", "GET"])
def test_bytes_aside_that_only_a_proxy_does_not_find_are_not_lost(kind: str) -> None:
    bucket = Bucket(completes=False)

    def no_bytes(asked: Asked) -> Answer | None:
        bucket.fail(kind, no_bytes)
        return PROXY if "/large/" in asked.key else None

    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.put(request(LARGE))
        bucket.fail(kind, no_bytes)
        with pytest.raises(OfferUnavailableError):
            connection.get(GetRequest(ref=REF)) if kind == "GET" else connection.stat(
                StatRequest(ref=REF)
            )


@pytest.mark.parametrize("completes", [True, False], ids=["in-place", "aside"])
def test_a_put_that_is_interrupted_while_it_becomes_visible_is_whole_or_not_there(
    completes: bool,
) -> None:
    bucket = Bucket(completes=completes)
    ours = main_thread().ident
    assert ours is not None
    looked = Event()

    def interrupt_then_store(asked: Asked) -> Answer | None:
        if completes is False and asked.key != KEY:
            bucket.fail("PUT", interrupt_then_store)
            return None
        pthread_kill(ours, SIGINT)
        bucket.lock.release()
        looked.wait(1)  # whatever is tidied up meanwhile
        bucket.lock.acquire()
        return None

    kind = "POST complete" if completes else "PUT"
    with served(bucket) as parameters:
        with S3Connection(parameters) as connection:
            connection.put(request(LARGE[:-1]))  # the trials are done
            connection.delete(DeleteRequest(ref=REF))
            bucket.fail(kind, interrupt_then_store)
            with pytest.raises(KeyboardInterrupt):
                connection.put(request(LARGE, metadata=LONG))
            looked.set()
        with S3Connection(parameters) as connection:
            told = connection.stat(StatRequest(ref=REF))
            with connection.get(GetRequest(ref=REF)) as opened:
                read = opened.stream.read()

    assert (read, told.metadata) == (LARGE, LONG)


# --- answers that are not what was asked ----------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "end"), [(0, 5), (6, 8)], ids=["from another place", "shorter than asked"]
)
def test_a_range_that_was_not_asked_for_is_not_believed(first: int, end: int) -> None:
    bucket = Bucket()
    told = {"content-range": f"bytes {first}-{end - 1}/{len(SMALL)}"}
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.put(request(SMALL))
        bucket.fail("GET", lambda _: Answer(206, SMALL[first:end], told))
        with pytest.raises(OfferFailedError, match="another range"):
            connection.get(GetRequest(ref=REF, offset=6, length=5))


def test_a_sweep_leaves_the_uploads_of_others_alone() -> None:
    bucket = Bucket()
    bucket.uploads["theirs"] = ("backups/2026/disk.img", {}, {})
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.sweep(SweepRequest(older_than=0))
    assert "theirs" in bucket.uploads


def test_a_switch_that_is_text_is_refused_and_never_taken_for_off() -> None:
    values = (("access_key", "a"), ("secret_key", Secret("b")), ("verify_tls", "true"))
    given = ConnectionParameters(url="https://s3.example.org/archive", values=values)
    with pytest.raises(ParameterError, match="true or false"):
        Settings.of(given)


# --- what is left of a damaged object -------------------------------------------------------------


class CopyingBucket(Bucket):
    """One that copies inside the service, as quarantine wants it."""

    def _put(self, asked: Asked) -> Answer:
        source = asked.headers.get("x-amz-copy-source")
        if source is None:
            return super()._put(asked)
        found = self.objects[unquote(source).removeprefix("/archive/")]
        kept = {n: v for n, v in asked.headers.items() if n.startswith("x-amz-meta-")}
        self.objects[asked.key] = Held(found.body, kept)
        return Answer(200, b"<CopyObjectResult><ETag>x</ETag></CopyObjectResult>")


def aside_in(bucket: Bucket) -> list[bytes]:
    return [one.body for key, one in bucket.objects.items() if "/quarantine/" in key]


def test_what_is_set_aside_keeps_a_record_that_is_an_object_of_its_own() -> None:
    bucket = CopyingBucket()
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.put(request(SMALL, metadata=LONG))
        connection.quarantine(QuarantineRequest(ref=REF, reason="bad"))
    assert not bucket.visible()
    assert SMALL in aside_in(bucket)
    assert any(LONG["name"].encode() in body for body in aside_in(bucket))


def test_an_object_whose_bytes_are_gone_can_be_set_aside_and_stored_again() -> None:
    bucket = CopyingBucket(completes=False)
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.put(request(LARGE))
        (bytes_aside,) = [key for key in bucket.own() if "/large/" in key]
        del bucket.objects[bytes_aside]
        connection.quarantine(QuarantineRequest(ref=REF, reason="bad"))
        assert not bucket.visible()
        connection.put(request(LARGE))
        with connection.get(GetRequest(ref=REF)) as opened:
            assert opened.stream.read() == LARGE
    assert any(bytes_aside.encode() in body for body in aside_in(bucket))


def test_an_object_whose_bytes_are_gone_can_be_replaced() -> None:
    bucket = Bucket(completes=False)
    with served(bucket) as parameters, S3Connection(parameters) as connection:
        connection.put(request(LARGE))
        (bytes_aside,) = [key for key in bucket.own() if "/large/" in key]
        del bucket.objects[bytes_aside]
        connection.put(request(LARGE, replace=True))
        with connection.get(GetRequest(ref=REF)) as opened:
            assert opened.stream.read() == LARGE


def broken_credentials() -> Credentials:
    """Somebody else's function, which fails."""
    raise RuntimeError("hunter2")


def test_a_function_for_credentials_that_fails_is_told_without_its_words() -> None:
    with served(Bucket()) as parameters:
        given = ConnectionParameters(
            url=parameters.url, values=(("credentials", f"{__name__}:broken_credentials"),)
        )
        assert not S3Driver().is_available(given)
        with pytest.raises((ParameterError, ForbiddenError), match="RuntimeError") as caught:
            S3Driver().connect(given)
    assert "hunter2" not in str(caught.value)


def test_every_version_of_a_key_is_found_however_many_pages_they_take() -> None:
    """What a deletion left over would be seen again, as it was long ago."""
    bucket = Bucket()
    place = Place("archive", KEY)
    pages = [
        ("true", ["v3", "v2"], f"<NextKeyMarker>{KEY}</NextKeyMarker>"
         "<NextVersionIdMarker>v2</NextVersionIdMarker>"),
        ("false", ["v1"], ""),
    ]  # fmt: skip

    def page(_: Asked) -> Answer:
        truncated, names, marks = pages.pop(0)
        told = "".join(
            f"<Version><Key>{KEY}</Key><VersionId>{name}</VersionId>"
            f"<LastModified>{name}</LastModified></Version>"
            for name in names
        )
        body = f"<IsTruncated>{truncated}</IsTruncated>{marks}{told}"
        return Answer(200, f"<ListVersionsResult>{body}</ListVersionsResult>".encode())

    with served(bucket) as parameters:
        service = Service(Settings.of(parameters))
        bucket.fail("GET bucket", page)
        bucket.fail("GET bucket", page)
        assert versions(service, place) == ["v3", "v2", "v1"]
        service.close()
    (_, second) = [one for one in bucket.asked if "versions" in one.query]
    assert second.query["version-id-marker"] == "v2"
