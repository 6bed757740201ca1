"""Services that cut, stall, refuse, lie and babble: each is told apart, and nothing is made up."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from coffre.contract import (
    ConnectionLostError,
    OfferTimeoutError,
    OfferUnavailableError,
)
from coffre.http import HttpRequest, HttpSession, Site
from coffre.http.incoming import Incoming
from tests.unit.http.services import OK, Behaviour, Caller, answering, for_ever, service

GET = HttpRequest("GET", "/")
PUT = HttpRequest("PUT", "/secret-name?signature=secret", {"Authorization": "secret"}, b"body")


def session_to(url: str, stall: float = 5.0) -> HttpSession:
    return HttpSession(Site(url=url, connect_timeout=5, stall_timeout=stall))


def cut_after(answer: bytes) -> Behaviour:
    def behave(caller: Caller) -> None:
        caller.request()
        caller.say(answer)

    return behave


def close_at_once(caller: Caller) -> None:
    """Not even the request is read."""


def cut_in_the_request(caller: Caller) -> None:
    caller.head()


def reset_after_the_request(caller: Caller) -> None:
    caller.request()
    caller.reset()


CUTS = {
    "accepted": close_at_once,
    "head read": cut_in_the_request,
    "request read": answering(b""),
    "request read, reset": reset_after_the_request,
    "status line begun": cut_after(b"HTTP/1.1 20"),
    "head begun": cut_after(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"),
    "body missing": cut_after(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
    "body begun": cut_after(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"),
    "chunk begun": cut_after(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
    "last chunk missing": cut_after(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
    ),
    "garbage": cut_after(b"\x16\x03\x01\x02\x00 this is not HTTP\r\n\r\n"),
    "no status": cut_after(b"HTTP/1.1 OK fine\r\n\r\n"),
    "status line for ever": cut_after(b"HTTP/1.1 200 " + b"O" * 400_000),
    "headers for ever": cut_after(b"HTTP/1.1 200 OK\r\n" + b"X-A: aaaaaaaaaaaaaaaaa\r\n" * 20_000),
    "lengths that differ": cut_after(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"
    ),
    "a length that is none": cut_after(b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok"),
}


@pytest.mark.parametrize("step", CUTS)
def test_a_connection_cut_at_any_step_is_lost_and_the_next_request_gets_a_new_one(
    step: str,
) -> None:
    with service(CUTS[step], for_ever(OK)) as there, session_to(there.url) as session:
        with pytest.raises(ConnectionLostError) as raised:
            session.exchange(PUT)
        assert session.exchange(GET).body == b"ok"

    assert raised.value.effect_unknown
    assert "secret" not in f"{raised.value} {raised.value!r}"
    assert f"127.0.0.1:{there.port}" in str(raised.value)


@pytest.mark.parametrize("step", [step for step in CUTS if "body" in step or "chunk" in step])
def test_a_stream_that_is_cut_never_ends_as_a_whole_one(step: str) -> None:
    with service(CUTS[step], for_ever(OK)) as there, session_to(there.url) as session:
        with pytest.raises(ConnectionLostError) as raised, session.open(GET) as stream:
            stream.read()
        assert session.exchange(GET).body == b"ok"

    assert not raised.value.effect_unknown  # reading changes nothing


def test_a_body_without_an_announced_end_is_not_believed() -> None:
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nas it happens, this is all"
    with service(answering(endless)) as there, session_to(there.url) as session:
        with pytest.raises(ConnectionLostError, match="cannot be told from a cut"):
            session.exchange(GET)
        with (
            pytest.raises(ConnectionLostError, match="cannot be told from a cut"),
            session.open(GET) as stream,
        ):
            stream.read()


def test_more_than_was_announced_is_not_part_of_the_answer_nor_of_the_next() -> None:
    longer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n"
    with service(for_ever(longer), for_ever(OK)) as there, session_to(there.url) as session:
        assert session.exchange(GET).body == b"ok"
        assert session.exchange(GET).status == 200


# --- Nobody there --------------------------------------------------------------------------


def test_a_port_where_nobody_listens_is_unavailable_and_nothing_was_done() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        session_to(f"http://127.0.0.1:{port}") as session,
        pytest.raises(OfferUnavailableError, match="no connection") as raised,
    ):
        session.exchange(PUT)

    assert type(raised.value) is OfferUnavailableError
    assert not raised.value.effect_unknown


def test_a_name_that_does_not_exist_is_unavailable() -> None:
    with (
        session_to("http://no-such-name.invalid") as session,
        pytest.raises(OfferUnavailableError, match="name is not known") as raised,
    ):
        session.exchange(PUT)

    assert not raised.value.effect_unknown


def test_a_service_that_accepts_nothing_times_out() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        others = [socket.socket() for _ in range(4)]
        for other in others:  # fill the queue of those who wait to be accepted
            other.setblocking(False)
            other.connect_ex(("127.0.0.1", port))
        site = Site(url=f"http://127.0.0.1:{port}", connect_timeout=0.2)
        with HttpSession(site) as session, pytest.raises(OfferTimeoutError) as raised:
            session.exchange(PUT)
        for other in others:
            other.close()

    assert not raised.value.effect_unknown


# --- Nothing moves -------------------------------------------------------------------------


def silent(caller: Caller) -> None:
    caller.request()
    caller.head()  # never comes


def silent_in_the_body(caller: Caller) -> None:
    caller.request()
    caller.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
    caller.head()


def reads_no_body(caller: Caller) -> None:
    caller.head()
    caller.service.ended.acquire()  # never given


def test_a_service_that_falls_silent_times_out_and_the_effect_is_unknown() -> None:
    with service(silent, for_ever(OK)) as there, session_to(there.url, stall=0.2) as session:
        with pytest.raises(OfferTimeoutError, match=r"nothing moved for 0\.2 s") as raised:
            session.exchange(PUT)
        assert session.exchange(GET).body == b"ok"

    assert raised.value.effect_unknown


def test_a_stream_that_falls_silent_times_out() -> None:
    with (
        service(silent_in_the_body, for_ever(OK)) as there,
        session_to(there.url, stall=0.2) as session,
    ):
        with session.open(GET) as stream:
            assert stream.read(3) == b"abc"
            with pytest.raises(OfferTimeoutError):
                stream.read(1)
        assert session.exchange(GET).body == b"ok"


def test_a_service_that_takes_no_body_times_out() -> None:
    with service(reads_no_body) as there, session_to(there.url, stall=0.2) as session:
        with pytest.raises(OfferTimeoutError) as raised:
            session.send(HttpRequest("PUT", "/"), 64 << 20, (bytes(1 << 20) for _ in range(64)))
        there.ended.release()

    assert raised.value.effect_unknown


# --- A kept connection ---------------------------------------------------------------------


def test_a_connection_closed_while_it_rested_is_noticed_before_anything_is_sent() -> None:
    with service(answering(OK), for_ever(OK)) as there, session_to(there.url) as session:
        session.exchange(PUT)
        assert there.ended.acquire(timeout=5)  # the service has closed
        assert session.exchange(PUT).done

    assert there.connections == 2
    assert len(there.requests) == 2


def reset_the_second(caller: Caller) -> None:
    caller.request()
    caller.say(OK)
    caller.request()
    caller.reset()


WAYS: dict[str, Callable[[HttpSession], object]] = {
    "small": lambda session: session.exchange(HttpRequest("PUT", "/", {}, b"body")),
    "large": lambda session: session.exchange(HttpRequest("PUT", "/", {}, bytes(200_000))),
    "sent": lambda session: session.send(HttpRequest("PUT", "/"), 4, [b"body"]),
}


@pytest.mark.parametrize("ending", [answering(OK, b""), reset_the_second])
@pytest.mark.parametrize("way", WAYS)
def test_a_request_on_a_kept_connection_that_dies_is_never_sent_again_by_itself(
    ending: Behaviour, way: str
) -> None:
    with service(ending, for_ever(OK)) as there, session_to(there.url) as session:
        session.exchange(GET)
        with pytest.raises(ConnectionLostError) as raised:
            WAYS[way](session)

    assert raised.value.effect_unknown
    assert there.requests == [b"GET /", b"PUT /"]


def test_bytes_that_belong_to_no_answer_end_a_kept_connection() -> None:
    def babbling(caller: Caller) -> None:
        caller.request()
        caller.say(OK)
        caller.say(b"HTTP/1.1 500 Not yours\r\nContent-Length: 0\r\n\r\n")
        caller.service.ended.release()
        caller.head()

    with service(babbling, for_ever(OK)) as there, session_to(there.url) as session:
        session.exchange(GET)
        assert there.ended.acquire(timeout=5)
        assert session.exchange(GET).status == 200


# --- Answers before their time -------------------------------------------------------------

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nsorry"


def endless(size: int) -> Iterator[bytes]:
    return (bytes(1 << 20) for _ in range(size >> 20))


def refuse_and_close(caller: Caller) -> None:
    caller.head()
    caller.say(REFUSAL)


def refuse_and_wait(caller: Caller) -> None:
    caller.head()
    caller.say(REFUSAL)
    caller.socket.shutdown(socket.SHUT_WR)
    caller.body(1 << 40)


@pytest.mark.parametrize("behave", [refuse_and_close, refuse_and_wait])
def test_a_refusal_before_the_body_was_read_is_heard(behave: Behaviour) -> None:
    for _ in range(20):  # who is first, the next piece of body or the answer, is a matter of luck
        with service(behave, for_ever(OK)) as there, session_to(there.url) as session:
            answer = session.send(HttpRequest("PUT", "/"), 256 << 20, endless(256 << 20))
            assert session.exchange(GET).done

        assert (answer.status, answer.body) == (403, b"sorry")
        assert there.connections == 2


@pytest.mark.parametrize(
    ("received", "status", "body"),
    [
        (REFUSAL, 403, b"sorry"),
        (REFUSAL[:-1], 403, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + REFUSAL, 403, b"sorry"),
        (b"HTTP/1.1 507 Full\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 507, b""),
        (OK, 0, b""),
        (REFUSAL[:30], 0, b""),
        (b"", 0, b""),
    ],
)
def test_what_a_broken_connection_leaves_behind_is_believed_as_a_refusal_only(
    received: bytes, status: int, body: bytes
) -> None:
    incoming = Incoming()

    assert incoming.salvage(received) is bool(status)
    assert (incoming.status, incoming.take()) == (status, body)


def test_leave_to_send_is_waited_for_when_asked_to() -> None:
    def granting(caller: Caller) -> None:
        assert b"Expect: 100-continue" in caller.head()
        caller.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        caller.body(4)
        caller.say(OK)

    def refusing(caller: Caller) -> None:
        caller.head()
        caller.say(REFUSAL)
        caller.body(1)

    asked = HttpRequest("PUT", "/", {}, wait_for_leave=True)
    with service(granting) as there, session_to(there.url) as session:
        assert session.send(asked, 4, [b"body"]).body == b"ok"
        assert there.bodies == [b"body"]
    with service(refusing) as there, session_to(there.url) as session:
        assert session.send(asked, 4, [b"body"]).status == 403
        assert there.bodies == []
