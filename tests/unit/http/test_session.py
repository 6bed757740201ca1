"""Asking and being answered."""

from __future__ import annotations

import pytest

from coffre.contract import ConnectionLostError, InvalidRequestError, SizeMismatchError
from coffre.http import HttpRequest, HttpSession, Site
from tests.unit.http.services import OK, Caller, answering, for_ever, service


def session_to(url: str, stall: float = 5.0) -> HttpSession:
    return HttpSession(Site(url=url, connect_timeout=5, stall_timeout=stall))


def test_an_answer_is_status_headers_and_body() -> None:
    with service(for_ever(OK)) as there, session_to(there.url) as session:
        answer = session.exchange(HttpRequest("GET", "/a?b=c"))

    assert (answer.status, answer.body, answer.headers["eTaG"]) == (200, b"ok", '"e"')
    assert there.requests == [b"GET /a?b=c"]


def test_nothing_is_sent_that_was_not_asked_for() -> None:
    with service(for_ever(OK)) as there, session_to(there.url) as session:
        session.exchange(HttpRequest("GET", "/"))
        session.exchange(HttpRequest("PUT", "/", {"X-Empty": ""}, b"body"))
        session.send(HttpRequest("PUT", "/"), 3, [b"abc"])

    host = f"Host: 127.0.0.1:{there.port}".encode()
    assert there.heads == [
        b"GET / HTTP/1.1\r\n" + host,
        b"PUT / HTTP/1.1\r\n" + host + b"\r\nX-Empty:\r\nContent-Length: 4",
        b"PUT / HTTP/1.1\r\n" + host + b"\r\nContent-Length: 3",
    ]


def test_a_connection_is_kept_for_every_kind_of_request() -> None:
    with service(for_ever(OK)) as there, session_to(there.url) as session:
        session.exchange(HttpRequest("GET", "/"))
        session.exchange(HttpRequest("PUT", "/", {}, b""))
        session.send(HttpRequest("PUT", "/"), 5, [b"he", b"", b"llo"])
        with session.open(HttpRequest("GET", "/")) as stream:
            assert stream.read() == b"ok"
        session.exchange(HttpRequest("POST", "/", {}, memoryview(b"posted")))
        session.exchange(HttpRequest("DELETE", "/"))

    assert there.connections == 1
    assert there.bodies == [b"", b"hello", b"posted"]
    methods = [request.split()[0] for request in there.requests]
    assert methods == [b"GET", b"PUT", b"PUT", b"GET", b"POST", b"DELETE"]


def test_a_head_has_no_body_and_the_next_answer_is_not_taken_for_one() -> None:
    length = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    empty = b"HTTP/1.1 204 No Content\r\n\r\n"
    with service(answering(length, empty, OK, length)) as there, session_to(there.url) as session:
        answers = [session.exchange(HttpRequest(m, "/")) for m in ("HEAD", "DELETE", "GET", "HEAD")]

    assert [(answer.status, answer.body) for answer in answers] == [
        (200, b""),
        (204, b""),
        (200, b"ok"),
        (200, b""),
    ]
    assert answers[0].headers["content-length"] == "1000"
    assert there.connections == 1


@pytest.mark.parametrize("body", [b"small", b"large" * 100_000])
def test_a_put_after_a_head_is_sent_with_its_body(body: bytes) -> None:
    empty = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with service(for_ever(empty)) as there, session_to(there.url) as session:
        session.exchange(HttpRequest("HEAD", "/"))
        session.exchange(HttpRequest("PUT", "/", {}, body))

    assert there.bodies == [body]


def test_a_redirect_is_an_answer() -> None:
    moved = (
        b"HTTP/1.1 307 Temporary Redirect\r\n"
        b"Location: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    )
    with service(for_ever(moved)) as there, session_to(there.url) as session:
        answer = session.exchange(HttpRequest("GET", "/"))

    assert (answer.status, answer.headers["location"]) == (307, "http://127.0.0.1:1/")


def test_a_chunked_answer_is_put_together() -> None:
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n"
    )
    with service(for_ever(chunked)) as there, session_to(there.url) as session:
        answer = session.exchange(HttpRequest("GET", "/"))
        with session.open(HttpRequest("GET", "/")) as stream:
            read = stream.read()

    assert (answer.body, read) == (b"abcde", b"abcde")
    assert "x-t" not in answer.headers
    assert there.connections == 1


def test_the_path_of_a_site_comes_before_every_target_unchanged() -> None:
    with service(for_ever(OK)) as there, session_to(there.url + "/base/") as session:
        session.exchange(HttpRequest("GET", "/a/../b//%2F?x=%20&y"))

    assert there.requests == [b"GET /base/a/../b//%2F?x=%20&y"]


@pytest.mark.parametrize("target", ["a", "/a b", "/a\r\nX: y", "/é", "/a#b", ""])
def test_a_target_that_is_not_one_is_refused_before_anything_is_sent(target: str) -> None:
    with service(for_ever(OK)) as there, session_to(there.url) as session:
        with pytest.raises(InvalidRequestError):
            session.exchange(HttpRequest("GET", target))
        session.exchange(HttpRequest("GET", "/"))

    assert there.requests == [b"GET /"]


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nX: y", "a\rb", "é", "a\0b"])
def test_a_header_cannot_smuggle_another(value: str) -> None:
    with service(for_ever(OK)) as there, session_to(there.url) as session:
        with pytest.raises(InvalidRequestError):
            session.exchange(HttpRequest("GET", "/", {"X-Meta": value}))
        with pytest.raises(InvalidRequestError):
            session.exchange(HttpRequest("GET", "/", {value: "x"}))

    assert there.requests == []


def test_a_stream_gives_a_large_body_in_pieces_that_memory_can_hold() -> None:
    size = 64 << 20

    def behave(caller: Caller) -> None:
        caller.request()
        caller.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(64):
            caller.say(bytes(1 << 20))

    with (
        service(behave) as there,
        session_to(there.url) as session,
        session.open(HttpRequest("GET", "/")) as stream,
    ):
        pieces = [len(piece) for piece in stream.chunks()]

    assert sum(pieces) == size
    assert max(pieces) <= 2 << 20


def test_a_body_that_is_pulled_arrives_whole() -> None:
    chunks = [bytes([n]) * (1 << 20) for n in range(40)]

    with service(for_ever(OK)) as there, session_to(there.url) as session:
        answer = session.send(HttpRequest("PUT", "/"), 40 << 20, iter(chunks))

    assert answer.done
    assert there.bodies == [b"".join(chunks)]


def test_an_error_of_the_source_passes_unchanged_and_completes_nothing() -> None:
    class TornError(Exception):
        pass

    def source() -> object:
        yield bytes(1000)
        raise TornError

    with service(for_ever(OK)) as there, session_to(there.url) as session:
        with pytest.raises(TornError):
            session.send(HttpRequest("PUT", "/"), 2000, source())  # type: ignore[arg-type]
        assert session.exchange(HttpRequest("GET", "/")).done

    assert there.bodies == []
    assert there.connections == 2


@pytest.mark.parametrize("chunks", [[b"abc"], [b"abc", b"def"], [], [b"abcdef"]])
def test_a_source_of_another_length_completes_nothing(chunks: list[bytes]) -> None:
    with (
        service(for_ever(OK)) as there,
        session_to(there.url) as session,
        pytest.raises(SizeMismatchError),
    ):
        session.send(HttpRequest("PUT", "/"), 5, chunks)

    assert there.bodies == []


def test_an_empty_body_is_checked_too() -> None:
    with service(for_ever(OK)) as there, session_to(there.url) as session:
        with pytest.raises(SizeMismatchError):
            session.send(HttpRequest("PUT", "/"), 0, [b"x"])
        assert session.send(HttpRequest("PUT", "/"), 0, []).done

    assert there.bodies == [b""]


def test_an_answer_longer_than_allowed_is_an_error() -> None:
    with service(for_ever(OK)) as there, session_to(there.url) as session:
        request = HttpRequest("PUT", "/", answer_limit=1)
        with pytest.raises(ConnectionLostError, match="longer than the 1 bytes") as raised:
            session.exchange(request)

    assert raised.value.effect_unknown


def test_a_head_that_comes_in_pieces_is_waited_for() -> None:
    def slowly(caller: Caller) -> None:
        caller.request()
        caller.say(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 206 Partial")
        assert not caller.service.ended.acquire(timeout=0.05)
        caller.say(b" Content\r\nContent-Length: 2\r\n\r\n")
        assert not caller.service.ended.acquire(timeout=0.05)
        caller.say(b"ok")

    with service(slowly) as there, session_to(there.url) as session:
        stream = session.open(HttpRequest("GET", "/"))
        assert (stream.status, stream.headers["content-length"]) == (206, "2")
        assert stream.read() == b"ok"


def test_a_stream_that_outlives_its_session_closes_its_connection() -> None:
    with service(for_ever(OK)) as there:
        session = session_to(there.url)
        stream = session.open(HttpRequest("GET", "/"))
        session.close()
        assert stream.read() == b"ok"
        stream.close()
        assert there.ended.acquire(timeout=5)  # the service has seen the end


def test_a_refusal_is_read_from_a_stream_as_an_answer() -> None:
    refusal = b"HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nnothing"
    with (
        # The connection is kept or dropped, as the seventh byte was there in time or was not.
        service(answering(refusal, refusal, OK), for_ever(OK)) as there,
        session_to(there.url) as session,
    ):
        answer = session.open(HttpRequest("GET", "/")).whole()
        assert (answer.status, answer.body, answer.done) == (404, b"nothing", False)
        with pytest.raises(ConnectionLostError, match="longer than the 6 bytes"):
            session.open(HttpRequest("GET", "/")).whole(6)
        assert session.exchange(HttpRequest("GET", "/")).done


def test_a_stream_closed_before_its_end_drops_its_connection_at_once() -> None:
    def large(caller: Caller) -> None:
        caller.request()
        caller.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 << 20))
        caller.say(bytes(64 << 20))

    with service(large) as there, session_to(there.url) as session:
        stream = session.open(HttpRequest("GET", "/"))
        assert stream.read(1) == b"\0"
        stream.close()
        assert there.ended.acquire(timeout=5)  # writing failed: nobody reads any more


def test_an_answer_cut_before_its_first_byte_is_not_an_empty_one() -> None:
    def cut(caller: Caller) -> None:
        caller.request()
        caller.say(b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 6-10/22\r\n\r\n")

    with (
        service(cut) as there,
        session_to(there.url) as session,
        pytest.raises(ConnectionLostError, match="not announced"),
    ):
        session.exchange(HttpRequest("GET", "/"))
