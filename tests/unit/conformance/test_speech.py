"""What checks say: comparisons that tell the difference, threads whose errors are not lost."""

from __future__ import annotations

import os
import threading

import pytest

from coffre.conformance import Broken, NotTried, PlainContent, ScriptedContent, raises, same
from coffre.conformance.forking import in_a_child
from coffre.conformance.together import Hand, Loop, open_descriptors, together
from coffre.conformance.trace import MOST_STEPS, Trace
from coffre.contract import ObjectConflictError, ObjectNotFoundError


@pytest.mark.parametrize(
    ("seen", "wanted", "says"),
    [
        (3, 4, "the size: 3, and not 4"),
        (b"abc", b"abd", "3 bytes of 3, other bytes from position 2 on"),
        (b"ab", b"abc", "the first 2 bytes where 3 were owed"),
        (b"abcd", b"abc", "as many, and more: 4 bytes where 3 were owed"),
        (None, b"x" * 100, r"None, and not 100 bytes \(b'xxxxxxxxxxxxxxxx'...\)"),
    ],
)
def test_a_difference_is_told(seen: object, wanted: object, says: str) -> None:
    with pytest.raises(Broken, match=says):
        same(seen, wanted, "the size")


def test_what_is_the_same_is_not_told() -> None:
    same(b"abc", b"abc", "the bytes")
    same([1], [1], "the list")


def test_the_error_that_was_owed_is_given() -> None:
    error = ObjectNotFoundError("not there")

    with raises(ObjectNotFoundError, "a get") as caught:
        raise error

    assert caught == [error]


def test_another_error_is_told_and_kept_as_the_cause() -> None:
    with (
        pytest.raises(Broken, match="a get raised ObjectConflictError: taken, and not") as caught,
        raises(ObjectNotFoundError, "a get"),
    ):
        raise ObjectConflictError("taken")

    assert isinstance(caught.value.__cause__, ObjectConflictError)


def test_no_error_is_told() -> None:
    with (
        pytest.raises(Broken, match="a get succeeded; ObjectNotFoundError was owed"),
        raises(ObjectNotFoundError, "a get"),
    ):
        pass


def test_a_check_that_cannot_be_made_says_so_through_an_expectation() -> None:
    with pytest.raises((Broken, NotTried)), raises(ObjectNotFoundError, "a get"):
        raise NotTried("there is nothing")


# --- threads and children ------------------------------------------------------------------------


def test_outcomes_of_threads_come_in_order_errors_included() -> None:
    error = ValueError("no")

    def fail() -> int:
        raise error

    assert together([lambda: 1, fail, lambda: 3]) == [1, error, 3]


def test_a_thread_that_hangs_is_told() -> None:
    forever = threading.Event()

    with pytest.raises(TimeoutError, match=r"within 0\.05 s"):
        together([lambda: forever.wait(30)], patience=0.05)
    forever.set()


def test_hands_are_threads_of_their_own_and_errors_come_back() -> None:
    def fail() -> None:
        raise ValueError("there")

    with Hand() as one, Hand() as other:
        numbers = {one.do(threading.get_ident), other.do(threading.get_ident)}
        assert len(numbers | {threading.get_ident()}) == 3
        assert one.do(threading.get_ident) in numbers
        with pytest.raises(ValueError, match="there"):
            one.do(fail)


def test_a_loop_runs_at_least_once_and_its_error_is_raised() -> None:
    rounds: list[int] = []
    with Loop(lambda: rounds.append(1)):
        pass
    assert rounds

    def fail() -> None:
        raise Broken("seen in a loop")

    with pytest.raises(Broken, match="seen in a loop"), Loop(fail):
        pass


def test_open_files_are_counted() -> None:
    before = open_descriptors()
    descriptor = os.open("/dev/null", os.O_RDONLY)
    try:
        assert open_descriptors() == before + 1
    finally:
        os.close(descriptor)


def test_a_child_tells_what_it_met() -> None:
    def fail() -> None:
        raise ObjectConflictError("taken")

    assert in_a_child(lambda: None) == ("ok", 0)
    assert in_a_child(fail) == ("ObjectConflictError: taken", 0)
    assert in_a_child(lambda: os._exit(9)) == ("", 9)


def test_a_trace_keeps_the_last_steps_and_counts_the_others() -> None:
    trace = Trace()
    for number in range(MOST_STEPS + 2):
        trace.add(str(number))

    assert trace.steps()[0] == "(2 steps before)"
    assert trace.steps()[1:] == tuple(str(number) for number in range(2, MOST_STEPS + 2))


# --- contents ------------------------------------------------------------------------------------


def test_a_script_is_followed_each_time_it_is_opened() -> None:
    seen: list[str] = []
    content = ScriptedContent(b"ab", lambda: seen.append("looked"), b"cd")

    for _ in range(2):
        with content.open() as stream:
            assert stream.read() == b"abcd"

    assert (content.size, content.opened, content.closed) == (4, 2, 2)
    assert seen == ["looked", "looked"]


def test_a_script_may_break_off() -> None:
    content = ScriptedContent(b"ab", ValueError("on purpose"), size=10)

    with content.open() as stream:
        assert stream.read(2) == b"ab"
        with pytest.raises(ValueError, match="on purpose"):
            stream.read(1)
    assert content.size == 10


def test_a_plain_content_gives_less_than_it_is_asked_for() -> None:
    with PlainContent(b"abcdef", at_most=4).open() as stream:
        assert [stream.read(100), stream.read(1), stream.read(100)] == [b"abcd", b"e", b"f"]
    with PlainContent(b"abcdef", at_most=4).open() as stream:
        assert stream.read() == b"abcdef"
