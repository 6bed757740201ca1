"""What can be ordered: which requests it happens to, and what happens to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

FOR_EVER = 3600.0
"""Seconds of a stall that nobody waits out; it ends with the proxy."""


@dataclass(frozen=True, kw_only=True)
class Damage:
    """What happens to the bytes of one direction. Bytes are those of the body, framing apart."""

    cut_after: int | None = None
    """Bytes that pass before the connection is reset, both sides of it."""
    gently: bool = False
    """Whether a cut is an end of file rather than a reset: the peer seems to have finished."""
    stall_after: int | None = None
    """Bytes that pass before nothing more does, for ``seconds``; then it is cut."""
    seconds: float = FOR_EVER
    """Seconds that a stall lasts."""
    flip_at: int | None = None
    """Byte of which the lowest bit is changed."""
    rate: int | None = None
    """Bytes that pass in a second."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer that the proxy makes up."""

    status: int
    """Its status: any, ``200`` with an error in its body included."""
    body: bytes = b""
    """Its body; none is sent in answer to a ``HEAD``."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """More headers; ``Content-Length`` and ``Connection: close`` are there anyway."""


INTACT = Damage()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong. The first one of a script that applies to a request is taken."""

    method: str = ".*"
    """Pattern of the whole method."""
    path: str = ""
    """Pattern found anywhere in the target: path and query, as they are sent."""
    skip: int = 0
    """Requests that match and are left alone before the first one that is not."""
    times: int | None = 1
    """Requests it happens to; ``None`` for all."""

    refuse: bool = False
    """The connection is reset, nothing is forwarded."""
    delay: float = 0.0
    """Seconds before anything is forwarded or answered."""
    upload: Damage = INTACT
    """What happens to the body of the request."""
    download: Damage = INTACT
    """What happens to the body of the answer."""
    lose_answer: bool = False
    """The server does it and answers; the client sees a reset instead."""
    twice: bool = False
    """The server gets the request twice; the client gets the second answer."""
    answer: Answer | None = None
    """Given in place of the server's."""
    asked: bool = False
    """Whether the server is asked, and does it, before ``answer`` is given in its place."""

    def matches(self, method: str, target: str) -> bool:
        """Whether it is about such a request."""
        return re.fullmatch(self.method, method) is not None and bool(re.search(self.path, target))


def throttled(
    *,
    retry_after: float | str | None = None,
    status: int = 503,
    method: str = ".*",
    path: str = "",
    times: int | None = 1,
) -> Fault:
    """The server is asked to come back later: status, and ``Retry-After`` where it is told."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    answer = Answer(status=status, headers=headers)
    return Fault(method=method, path=path, times=times, answer=answer)


@dataclass(frozen=True, kw_only=True)
class Break:
    """What happens to one connection of any protocol."""

    skip: int = 0
    """Connections that are left alone before the first one that is not."""
    times: int | None = 1
    """Connections it happens to; ``None`` for all."""
    refuse: bool = False
    """It is reset as soon as it is there."""
    delay: float = 0.0
    """Seconds before anything passes."""
    up: Damage = INTACT
    """What happens to what the client sends."""
    down: Damage = INTACT
    """What happens to what the server sends."""
