"""Programs that die, fall silent or talk nonsense: what is raised, and what of the effect."""

from __future__ import annotations

import os
import select
import signal
import time
from pathlib import Path

import pytest

from coffre.contract import (
    CoffreError,
    ConnectionLostError,
    DeleteRequest,
    DigestMismatchError,
    Evidence,
    ForbiddenError,
    GetRequest,
    ListRequest,
    NotReadyError,
    ObjectCorruptError,
    ObjectNotFoundError,
    OfferFailedError,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
    PutRequest,
    SizeMismatchError,
    SourceError,
    StatRequest,
    UnsupportedOperationError,
)
from coffre.contract import DigestAlgorithm as Algorithm
from coffre.drivers.process import ProcessDriver
from coffre.streams import BytesContent
from coffre.testing import FailingContent
from tests.unit.drivers.process.conftest import (
    Connect,
    read,
    ref_of,
    request_of,
    toy_parameters,
)

MIB = 1024 * 1024
NONSENSE = ("garbage", "half", "wrong-number", "oversized", "no-json", "page", "credit")
ALL = ListRequest(tenant=0, container="object")


@pytest.mark.parametrize("fault", ["die", "exit", *NONSENSE])
@pytest.mark.parametrize(
    ("when", "doubt"),
    [("at-put", False), ("in-data", False), ("before-publishing", True), ("at-commit", True)],
)
def test_the_effect_of_a_put_is_in_doubt_from_the_commit_on(
    connect: Connect, fault: str, when: str, doubt: bool
) -> None:
    connection = connect(f"{fault}-{when}")

    # More than the program lets be under way: the commit is not sent before it has answered.
    with pytest.raises(ConnectionLostError) as caught:
        connection.put(request_of("it", bytes(5 * MIB)))

    assert caught.value.effect_unknown is doubt
    assert caught.value.ref == ref_of("it")


@pytest.mark.parametrize(("when", "doubt"), [("in-data", False), ("at-commit", True)])
def test_silence_in_a_put_is_a_timeout(connect: Connect, when: str, doubt: bool) -> None:
    connection = connect(f"silent-{when}", timeout=1.0)

    with pytest.raises(OfferTimeoutError) as caught:
        connection.put(request_of("it", bytes(4 * MIB)))

    assert caught.value.effect_unknown is doubt


@pytest.mark.parametrize("fault", ["die", *NONSENSE])
def test_a_delete_may_have_had_its_effect(connect: Connect, fault: str) -> None:
    connection = connect(f"{fault}-at-delete")

    with pytest.raises(ConnectionLostError) as caught:
        connection.delete(DeleteRequest(ref=ref_of("it")))

    assert caught.value.effect_unknown


@pytest.mark.parametrize("fault", ["die", "exit", *NONSENSE])
def test_a_question_has_no_effect(connect: Connect, fault: str) -> None:
    connection = connect(f"{fault}-at-stat")

    with pytest.raises(ConnectionLostError) as caught:
        connection.stat(StatRequest(ref=ref_of("it")))

    assert not caught.value.effect_unknown


def test_a_session_that_was_lost_stays_lost(connect: Connect) -> None:
    connection = connect("die-at-stat")
    with pytest.raises(ConnectionLostError, match="SIGKILL"):
        connection.stat(StatRequest(ref=ref_of("it")))

    for _ in range(2):
        with pytest.raises(ConnectionLostError, match="ended before") as caught:
            connection.put(request_of("it"))
        assert not caught.value.effect_unknown


def test_who_says_that_it_works_is_waited_for(connect: Connect) -> None:
    connection = connect("working-at-commit")

    assert connection.put(request_of("it")).size == 10


def test_a_program_that_talks_much_is_not_held_up(connect: Connect) -> None:
    connection = connect("chatty-in-data")

    connection.put(request_of("it", bytes(8 * MIB)))

    assert len(read(connection, "it")) == 8 * MIB
    # The line that was longer than what is kept is not shown: half of it could hold anything.
    assert connection.log == ""


def test_a_program_that_reads_slowly_gets_it_all(connect: Connect) -> None:
    connection = connect("read-slowly")

    connection.put(request_of("it", b"x" * MIB))

    assert read(connection, "it") == b"x" * MIB


def test_a_program_that_asks_for_no_more_bytes_is_not_waited_for_for_ever(connect: Connect) -> None:
    connection = connect("no-more-credit", timeout=0.2)

    with pytest.raises(OfferTimeoutError) as caught:
        connection.put(request_of("it", bytes(4 * MIB)))
    assert not caught.value.effect_unknown


def test_a_program_that_asks_for_more_than_can_be_is_not_believed(connect: Connect) -> None:
    with pytest.raises(ConnectionLostError, match="cannot be sent"):
        connect("much-credit-at-put").put(request_of("it"))


def test_a_program_that_asks_for_bytes_in_a_get_is_not_believed(connect: Connect) -> None:
    connection = connect("wrong-credit-at-get")
    connection.put(request_of("it"))

    with pytest.raises(ConnectionLostError, match="cannot be sent"):
        read(connection, "it")


def test_a_refusal_comes_before_the_content_is_opened(connect: Connect) -> None:
    connection = connect("refuse-at-once")
    content = FailingContent(b"x" * 10, after=0)

    with pytest.raises(OfferFullError, match="the tape is at its end"):
        connection.put(PutRequest(ref=ref_of("it"), content=content, size=10))

    assert content.opened == 0


def test_a_refusal_in_the_middle_leaves_the_session_usable(connect: Connect) -> None:
    connection = connect("tape-ends")

    for _ in range(2):
        with pytest.raises(OfferFullError, match="the tape is at its end"):
            connection.put(request_of("it", bytes(5 * MIB)))
    with pytest.raises(ObjectNotFoundError):
        connection.stat(StatRequest(ref=ref_of("it")))


def test_a_failing_content_is_given_up_and_nothing_else_happens(connect: Connect) -> None:
    connection = connect()
    content = FailingContent(bytes(3 * MIB), after=MIB)

    with pytest.raises(SourceError):
        connection.put(PutRequest(ref=ref_of("it"), content=content, size=3 * MIB))

    assert list(connection.list(ALL)) == []
    connection.put(request_of("it"))


@pytest.mark.parametrize(
    "fault", ["silent-at-cancel", "working-at-cancel", "published", "die-at-cancel"]
)
def test_a_program_that_does_not_give_up_is_ended(connect: Connect, fault: str) -> None:
    connection = connect(fault, grace=0.2)
    content = FailingContent(bytes(3 * MIB), after=MIB)

    with pytest.raises(SourceError):
        connection.put(PutRequest(ref=ref_of("it"), content=content, size=3 * MIB))

    if fault != "working-at-cancel":
        with pytest.raises(ConnectionLostError):
            connection.stat(StatRequest(ref=ref_of("it")))


@pytest.mark.parametrize("fault", ["other-digest", "other-size"])
def test_a_program_that_received_other_bytes_is_not_believed(connect: Connect, fault: str) -> None:
    with pytest.raises(OfferFailedError, match="the program says it holds"):
        connect(fault).put(request_of("it"))


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (b"some byte", SizeMismatchError),
        (b"some bytes.", SizeMismatchError),
        (b"same bytes", DigestMismatchError),
    ],
)
def test_what_is_not_what_was_announced_is_never_committed(
    connect: Connect, given: bytes, kind: type[CoffreError]
) -> None:
    connection = connect("die-before-publishing")
    expected = Algorithm.SHA512.of(b"some bytes")
    content = BytesContent(given)

    with pytest.raises(kind):
        connection.put(PutRequest(ref=ref_of("it"), content=content, size=10, expected=expected))

    with pytest.raises(ObjectNotFoundError):
        connection.stat(StatRequest(ref=ref_of("it")))


def test_a_program_claims_no_more_than_it_can_know(connect: Connect) -> None:
    with pytest.raises(ConnectionLostError, match="claims more"):
        connect("too-much-evidence").put(request_of("it"))


def test_a_program_need_not_digest(connect: Connect) -> None:
    result = connect("no-digest").put(request_of("it"))

    assert result.evidence is Evidence.PRESENT
    assert result.digest == Algorithm.SHA512.of(b"some bytes")
    assert not result.durable


def test_a_digest_under_an_algorithm_it_does_not_have_is_refused_before_it_is_asked(
    connect: Connect,
) -> None:
    connection = connect("boasts")

    with pytest.raises(UnsupportedOperationError, match="cannot digest under blake2b"):
        connection.stat(StatRequest(ref=ref_of("it"), digest=Algorithm.BLAKE2B))


def test_what_the_program_did_not_declare_is_not_asked_of_it(connect: Connect) -> None:
    connection = connect("die-at-get")
    connection.put(request_of("it"))

    with pytest.raises(UnsupportedOperationError, match="range-read"):
        connection.get(GetRequest(ref=ref_of("it"), offset=1))

    connection.stat(StatRequest(ref=ref_of("it")))


def test_a_digest_that_was_asked_for_must_be_given(connect: Connect) -> None:
    connection = connect("boasts")
    connection.put(request_of("it"))

    with pytest.raises(ConnectionLostError, match="did not give the digest"):
        connection.stat(StatRequest(ref=ref_of("it"), digest=Algorithm.SHA512))


# --- get ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("die-in-get", ConnectionLostError),
        ("garbage-in-get", ConnectionLostError),
        ("short-get", ConnectionLostError),
        ("long-get", ConnectionLostError),
        ("empty-data", ConnectionLostError),
        ("bad-disk", ObjectCorruptError),
    ],
)
def test_a_stream_that_is_cut_raises_and_goes_on_raising(
    connect: Connect, fault: str, kind: type[CoffreError]
) -> None:
    connection = connect(fault)
    connection.put(request_of("it", bytes(4 * MIB)))

    with connection.get(GetRequest(ref=ref_of("it"))) as result:
        with pytest.raises(kind):
            result.stream.read()
        with pytest.raises(CoffreError):
            result.stream.read(1)


def test_bytes_after_the_last_one_are_given_to_nobody(connect: Connect) -> None:
    connection = connect("long-get")
    connection.put(request_of("it"))

    with connection.get(GetRequest(ref=ref_of("it"))) as result:
        assert result.stream.read(100) == b"some bytes"
        with pytest.raises(ConnectionLostError, match="more bytes than it announced"):
            result.stream.read(100)


@pytest.mark.parametrize(("offset", "length"), [(11, None), (4, 7)])
def test_a_range_that_is_given_lies_inside_the_object(
    connect: Connect, offset: int, length: int | None
) -> None:
    connection = connect("boasts")
    connection.put(request_of("it"))

    with pytest.raises(ConnectionLostError, match="outside the object"):
        connection.get(GetRequest(ref=ref_of("it"), offset=offset, length=length))


def test_more_than_was_granted_is_not_kept(connect: Connect) -> None:
    connection = connect("more-than-granted", hello={"requests": 2})
    connection.put(request_of("it", bytes(6 * MIB)))

    connection.get(GetRequest(ref=ref_of("it")))
    with pytest.raises(ConnectionLostError, match="more frames than it was granted"):
        connection.stat(StatRequest(ref=ref_of("it")))


def test_what_a_program_says_is_one_printable_line(connect: Connect) -> None:
    connection = connect("bad-disk")
    connection.put(request_of("it"))

    with pytest.raises(ObjectCorruptError) as caught:
        read(connection, "it")

    assert str(caught.value) == "the disk is  [31mbad "


def test_large_objects_and_small_ones_take_turns(connect: Connect) -> None:
    connection = connect()
    for name, data in (("small", b"x" * 70_000), ("tiny", b"y"), ("large", b"z" * 3 * MIB)):
        connection.put(request_of(name, data))

    for _ in range(2):
        assert read(connection, "tiny") == b"y"
        assert read(connection, "small") == b"x" * 70_000
        assert read(connection, "large") == b"z" * 3 * MIB


def test_a_stream_left_early_leaves_the_session_usable(connect: Connect) -> None:
    connection = connect()
    connection.put(request_of("it", bytes(9 * MIB)))

    for _ in range(3):
        with connection.get(GetRequest(ref=ref_of("it"))) as result:
            assert len(result.stream.read(1000)) == 1000

    assert connection.stat(StatRequest(ref=ref_of("it"))).size == 9 * MIB


def test_who_holds_a_stream_open_is_told_that_the_program_does_one_thing_at_a_time(
    connect: Connect,
) -> None:
    connection = connect()
    connection.put(request_of("it", bytes(9 * MIB)))

    with connection.get(GetRequest(ref=ref_of("it"))) as result:
        with pytest.raises(OfferUnavailableError, match="streams open"):
            connection.stat(StatRequest(ref=ref_of("it")))
        assert len(result.stream.read()) == 9 * MIB
    connection.stat(StatRequest(ref=ref_of("it")))


def test_a_stream_of_a_closed_connection_raises(connect: Connect) -> None:
    connection = connect()
    connection.put(request_of("it", bytes(9 * MIB)))

    with connection.get(GetRequest(ref=ref_of("it"))) as result:
        connection.close()
        with pytest.raises(ConnectionLostError, match="closed"):
            result.stream.read()


# --- list ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", ["die-in-list", "lost-page", "no-count", "unsorted", "bad-entry", "result-in-list"]
)
def test_a_listing_without_its_good_end_is_a_failure(connect: Connect, fault: str) -> None:
    connection = connect(fault)
    for name in ("a", "b", "c"):
        connection.put(request_of(name))

    with pytest.raises(ConnectionLostError):
        list(connection.list(ALL))


def test_a_listing_left_early_leaves_the_session_usable(connect: Connect) -> None:
    connection = connect()
    for number in range(9):
        connection.put(request_of(f"n{number}"))

    with connection.list(ALL) as listing:
        assert next(listing).identifier == "n0"

    assert [entry.identifier for entry in connection.list(ALL)] == [f"n{n}" for n in range(9)]


# --- errors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ('{"code": "not-ready"}', NotReadyError),
        ('{"code": "forbidden", "message": "no"}', ForbiddenError),
        ('{"code": "offer-unavailable", "retry_after": 7}', OfferUnavailableError),
        ('{"code": "of-a-newer-version", "retryable": true}', OfferUnavailableError),
        ('{"code": "of-a-newer-version"}', OfferFailedError),
        ('{"code": "source-unreadable"}', OfferFailedError),
        ('{"code": 7}', ConnectionLostError),
        ('{"code": "forbidden", "retryable": "perhaps"}', ConnectionLostError),
        ('{"code": "offer-unavailable", "retry_after": -1}', ConnectionLostError),
        ("[]", ConnectionLostError),
        ("[" * 100_000, ConnectionLostError),
    ],
)
def test_an_error_is_one_of_the_contract(
    connect: Connect, answer: str, kind: type[CoffreError]
) -> None:
    connection = connect(options="'fault=answer=" + answer + "'")

    with pytest.raises(CoffreError) as caught:
        connection.stat(StatRequest(ref=ref_of("it")))

    assert type(caught.value) is kind
    assert caught.value.ref == ref_of("it")
    if isinstance(caught.value, OfferUnavailableError) and "retry_after" in answer:
        assert caught.value.retry_after in (7, None)


# --- ends ---------------------------------------------------------------------------------


def test_a_program_that_does_not_end_is_killed_with_all_it_started(
    connect: Connect, tmp_path: Path
) -> None:
    """The program and its helper hold a pipe: once nobody does any more, it is hung up."""
    os.mkfifo(tmp_path / "held")
    reading = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    try:
        connection = connect(f"helped {tmp_path / 'held'}", grace=0.2)
        connection.close()
        connection.close()

        poll = select.poll()
        poll.register(reading, select.POLLIN)
        assert poll.poll(30_000) == [(reading, select.POLLHUP)]
    finally:
        os.close(reading)


@pytest.mark.parametrize("ask", ["get", "list"])
def test_what_is_open_keeps_a_connection_that_nobody_else_has(ask: str) -> None:
    connection = ProcessDriver().connect(toy_parameters(grace=0.1))
    for name in ("a", "b", "c"):
        connection.put(request_of(name, bytes(4 * MIB)))

    if ask == "get":
        result = connection.get(GetRequest(ref=ref_of("a")))
        del connection
        assert len(result.stream.read()) == 4 * MIB
    else:
        listing = connection.list(ALL)
        del connection
        assert [entry.identifier for entry in listing] == ["a", "b", "c"]


def test_a_connection_that_is_forgotten_ends_its_program() -> None:
    connection = ProcessDriver().connect(toy_parameters("never-end"))

    del connection  # the fixture sees that nothing stays


def test_an_interrupted_wait_ends_the_session(connect: Connect) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    connection = connect("silent-at-stat")
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            connection.stat(StatRequest(ref=ref_of("it")))
    finally:
        signal.signal(signal.SIGALRM, before)

    with pytest.raises(ConnectionLostError, match="interrupted"):
        connection.stat(StatRequest(ref=ref_of("it")))


def test_a_fork_leaves_the_session_to_its_parent(connect: Connect) -> None:
    connection = connect()
    connection.put(request_of("it"))

    child = os.fork()
    if child == 0:
        status = 1
        try:
            connection.stat(StatRequest(ref=ref_of("it")))
        except ConnectionLostError as error:
            status = 0 if "before a fork" in error.message else 2
            connection.close()
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0

    assert read(connection, "it") == b"some bytes"


def test_what_a_fork_closes_stays_open_in_its_parent(connect: Connect) -> None:
    connection = connect()

    child = os.fork()
    if child == 0:
        connection.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

    assert connection.put(request_of("it")).size == 10


def test_a_fork_does_not_keep_the_program_from_ending(connect: Connect) -> None:
    """The child of a fork holds our end of the pipe too, so its closing cannot be the signal."""
    connection = connect(grace=60)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)

    begun = time.monotonic()
    connection.close()
    took = time.monotonic() - begun

    os.close(writing)
    os.waitpid(child, 0)
    assert took < 30
