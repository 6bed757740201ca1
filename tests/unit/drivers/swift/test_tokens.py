"""Tokens: asked for once, shared, renewed before they end and when they are refused."""

from __future__ import annotations

import threading

import pytest

from coffre.conformance.together import together
from coffre.contract import ForbiddenError
from coffre.drivers.swift import tokens as room
from coffre.drivers.swift.login import Grant
from coffre.drivers.swift.settings import Auth, Login
from coffre.drivers.swift.tokens import MARGIN, Tokens
from coffre.testing import FakeClock

ONE = Login(url="https://swift.example.org", auth=Auth.V1, user="a:one")
OTHER = Login(url="https://swift.example.org", auth=Auth.V1, user="a:other")


class Desk:
    """Gives tokens with a number, each good for a thousand seconds."""

    def __init__(self) -> None:
        self.given = 0
        self.lifetime = 1000.0
        self.closed = False

    def ask(self, login: Login) -> Grant:
        if self.closed:
            raise ForbiddenError("not today")
        self.given += 1
        return Grant("https://swift.example.org/v1/a", f"{login.user}-{self.given}", self.lifetime)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    monkeypatch.setattr(room, "ask_for_token", desk.ask)
    return desk


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_a_token_is_used_until_a_minute_before_its_end(desk: Desk, clock: FakeClock) -> None:
    tokens = Tokens(clock)
    first = tokens.grant(ONE)
    clock.advance(1000 - MARGIN - 1)
    assert tokens.grant(ONE) is first
    clock.advance(1)
    assert tokens.grant(ONE).token == "a:one-2"


def test_a_token_of_a_short_life_is_used_for_most_of_it(desk: Desk, clock: FakeClock) -> None:
    desk.lifetime = 10.0
    tokens = Tokens(clock)
    first = tokens.grant(ONE)
    clock.advance(8.9)
    assert tokens.grant(ONE) is first
    clock.advance(0.2)
    assert tokens.grant(ONE) is not first


def test_each_login_has_its_own(desk: Desk, clock: FakeClock) -> None:
    tokens = Tokens(clock)
    assert tokens.grant(ONE).token == "a:one-1"
    assert tokens.grant(OTHER).token == "a:other-2"
    assert tokens.grant(ONE).token == "a:one-1"


def test_a_refused_token_is_asked_for_anew_and_a_newer_one_stays(
    desk: Desk, clock: FakeClock
) -> None:
    tokens = Tokens(clock)
    old = tokens.grant(ONE)
    tokens.refused(ONE, old)
    new = tokens.grant(ONE)
    assert new.token == "a:one-2"
    tokens.refused(ONE, old)  # another thread, that was late
    assert tokens.grant(ONE) is new


def test_threads_share_one_question(desk: Desk, clock: FakeClock) -> None:
    tokens = Tokens(clock)
    grants = together([lambda: tokens.grant(ONE)] * 16)
    assert len({id(grant) for grant in grants}) == 1
    assert desk.given == 1


def test_who_is_refused_is_not_remembered(desk: Desk, clock: FakeClock) -> None:
    tokens = Tokens(clock)
    desk.closed = True
    with pytest.raises(ForbiddenError):
        tokens.grant(ONE)
    desk.closed = False
    assert tokens.grant(ONE).token == "a:one-1"


def test_a_child_is_not_held_up_by_a_thread_of_its_parent(desk: Desk, clock: FakeClock) -> None:
    tokens = Tokens(clock)
    first = tokens.grant(ONE)
    entry = tokens._entry(ONE)
    held = threading.Thread(target=entry.lock.acquire)
    held.start()
    held.join()
    tokens.after_fork()
    assert tokens.grant(ONE) is first


def test_logins_that_are_remembered_are_bounded(
    desk: Desk, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_MOST", 2)
    tokens = Tokens(clock)
    for number in range(5):
        tokens.grant(Login(url="https://swift.example.org", auth=Auth.V1, user=str(number)))
    assert len(tokens._entries) == 2
