"""The sockets of one wire: asked whether they are quiet, made to acknowledge, let go of in a fork.

libcurl opens and closes its own descriptors. We keep a second one for the same socket, which
stays ours whatever libcurl does with its own, and close it as soon as the connection is no
longer kept: the peer sees the end of it a moment later than libcurl meant, never much later.
"""

from __future__ import annotations

import os
import select
import socket

import pycurl

_NOTHING_TO_READ: list[tuple[int, int]] = []
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)


class Sockets:
    """Every connection that a wire holds; one, but while a name with two addresses is tried."""

    __slots__ = ("_ours", "_poll")

    def __init__(self) -> None:
        self._ours: dict[int, socket.socket] = {}
        self._poll = select.poll()

    def opened(self, descriptor: int, _purpose: int) -> int:
        """Take note of a socket that is about to be connected (``CURLOPT_SOCKOPTFUNCTION``)."""
        self._drop(descriptor)  # a number that libcurl has closed meanwhile
        ours = socket.socket(fileno=os.dup(descriptor))
        self._ours[descriptor] = ours
        self._poll.register(ours, select.POLLIN)
        return pycurl.SOCKOPT_OK

    def hasten(self) -> None:
        """Acknowledge what was received now, rather than in 40 ms.

        A service with Nagle's algorithm on (the RADOS Gateway as it comes) sends the head of its
        answer, then waits for the acknowledgement before it sends a short body. The kernel
        forgets the setting after a while, so it is made each time a part of an answer is here
        and the rest must be waited for; an answer that comes whole costs nothing.
        """
        if _QUICKACK is None:
            return
        for ours in self._ours.values():
            ours.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def kept_quiet(self) -> bool:
        """Whether there is a kept connection on which nothing came since the last answer.

        Anything that came is the end of it, or bytes that belong to no answer. libcurl itself
        looks only once a second.
        """
        return len(self._ours) == 1 and self._poll.poll(0) == _NOTHING_TO_READ

    def keep_only(self, descriptor: int) -> None:
        """Forget every connection but the one that libcurl keeps; all when it is -1."""
        if len(self._ours) == 1 and descriptor in self._ours:
            return
        for other in [one for one in self._ours if one != descriptor]:
            self._drop(other)

    def unread(self, limit: int) -> bytes:
        """What arrived on a connection that libcurl has given up, without waiting."""
        for ours in self._ours.values():
            try:
                return ours.recv(limit, socket.MSG_DONTWAIT)
            except OSError:
                continue
        return b""

    def abandon(self) -> None:
        """In the child of a fork: let go of the parent's connections without a word on them.

        libcurl's descriptors are made to point at nothing rather than closed, so that their
        numbers stay taken and no farewell of TLS can reach the parent's service.
        """
        if not self._ours:
            return
        nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        for descriptor in self._ours:
            os.dup2(nothing, descriptor, inheritable=False)
        os.close(nothing)
        self.keep_only(-1)

    def _drop(self, descriptor: int) -> None:
        ours = self._ours.pop(descriptor, None)
        if ours is not None:
            self._poll.unregister(ours)
            ours.close()
