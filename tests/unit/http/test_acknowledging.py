"""A small answer in two segments does not wait for the kernel's patience."""

from __future__ import annotations

import statistics
import sys
import time

import pytest

from coffre.http import HttpRequest, HttpSession, Site
from tests.unit.http.services import Caller, service

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 16384\r\n\r\n"


def in_two_segments(caller: Caller) -> None:
    """As a RADOS Gateway does it: Nagle's algorithm on, head and body written apart."""
    while True:
        caller.request()
        caller.say(HEAD)
        caller.say(bytes(16384))


@pytest.mark.skipif(sys.platform != "linux", reason="delayed acknowledgements of Linux")
@pytest.mark.parametrize("streamed", [False, True])
def test_head_and_body_in_two_segments_cost_no_delayed_acknowledgement(streamed: bool) -> None:
    taken = []
    with service(in_two_segments) as there, HttpSession(Site(url=there.url)) as session:
        for _ in range(60):  # the kernel acknowledges at once at the beginning of a connection
            begun = time.perf_counter()
            if streamed:
                with session.open(HttpRequest("GET", "/")) as stream:
                    assert len(stream.read()) == 16384
            else:
                assert len(session.exchange(HttpRequest("GET", "/")).body) == 16384
            taken.append(time.perf_counter() - begun)

    assert there.connections == 1
    assert statistics.median(taken[30:]) < 0.020
