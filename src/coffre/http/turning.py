"""The loop around libcurl: wait until something can move, let it move once, and no further.

A reader that does not ask is a loop that does not turn: nothing is buffered ahead of it but
what one turn brings, and the service is held back by TCP itself. ``poll`` and libcurl's socket
interface are used because ``select`` ends at descriptor 1,024.
"""

from __future__ import annotations

import select
import time

import pycurl

from coffre.http.forking import never_free

_NEVER = float("inf")
_READ, _WRITE = pycurl.CSELECT_IN, pycurl.CSELECT_OUT


class Stalled(Exception):  # noqa: N818 - an event of this room, turned into an error above
    """Nothing moved for as long as was allowed."""


class Turning:
    """One multi handle that carries one transfer at a time."""

    __slots__ = ("_due", "_multi", "_patience", "_poll")

    def __init__(self, patience: float) -> None:
        """Make the handle; it keeps one connection.

        Args:
            patience: seconds without any movement before :class:`Stalled`.
        """
        self._patience = patience
        self._due = _NEVER
        self._poll = select.poll()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._wake)
        self._multi.setopt(pycurl.M_MAXCONNECTS, 1)

    def _watch(self, what: int, descriptor: int, _multi: object, _assigned: object) -> None:
        if what == pycurl.POLL_REMOVE:
            self._poll.unregister(descriptor)
            return
        wanted = select.POLLIN if what & pycurl.POLL_IN else 0
        self._poll.register(descriptor, wanted | (select.POLLOUT if what & pycurl.POLL_OUT else 0))

    def _wake(self, milliseconds: int) -> None:
        self._due = _NEVER if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    def start(self, easy: pycurl.Curl) -> bool:
        """Begin a transfer; whether it is still under way."""
        self._multi.add_handle(easy)
        return self._act(pycurl.SOCKET_TIMEOUT, 0)

    def turn(self) -> bool:
        """Wait for the next movement and let it happen; whether the transfer is still under way.

        Raises:
            Stalled: nothing moved.
        """
        give_up = time.monotonic() + self._patience
        while True:
            until = min(give_up, self._due)
            events = self._poll.poll(max(0.0, until - time.monotonic()) * 1000)
            if events:
                return self._moved(events)
            if self._due <= time.monotonic():
                if not self._act(pycurl.SOCKET_TIMEOUT, 0):
                    return False
            elif time.monotonic() >= give_up:
                raise Stalled

    def _moved(self, events: list[tuple[int, int]]) -> bool:
        running = True
        for descriptor, event in events:
            mask = (_WRITE if event & select.POLLOUT else 0) | (
                _READ if event & ~select.POLLOUT else 0
            )
            running = self._act(descriptor, mask)
        return running

    def _act(self, descriptor: int, mask: int) -> bool:
        # A timer that fires is set again by libcurl; one that stays set would never let us wait.
        if descriptor == pycurl.SOCKET_TIMEOUT:
            self._due = _NEVER
        return bool(self._multi.socket_action(descriptor, mask)[1])

    def outcome(self) -> tuple[int, str]:
        """Code and sentence of the transfer that has ended; zero when it went well."""
        _left, _good, bad = self._multi.info_read()
        return (bad[0][1], bad[0][2]) if bad else (0, "")

    def stop(self, easy: pycurl.Curl) -> None:
        """Take the transfer out; one that has not ended takes its connection with it."""
        self._multi.remove_handle(easy)

    def abandon(self) -> None:
        """Let the handle be, in a process that did not make it."""
        never_free(self._multi)

    def close(self) -> None:
        """Close the kept connection and the handle."""
        self._multi.close()
