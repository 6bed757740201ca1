"""Frames over two descriptors that never block: every wait has a deadline, and both ways move.

While this side waits to write it goes on receiving, so two sides that write to each other at the
same time never wait for each other. What the program writes to its standard error is taken up
whenever there is a wait: a program that talks much is not held up by it.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Sequence

from coffre.contract import Buffer, Clock
from coffre.drivers.process.protocol import HEADER_SIZE, Header, WireError, read_header

AHEAD = 8 * 1024
"""Bytes read ahead: with a frame of data comes the header of the next one, in one call."""

_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR
_WRITABLE = select.POLLOUT | select.POLLHUP | select.POLLERR


class Wire:
    """Two descriptors of one session; used by one thread at a time.

    A send or a receive that is interrupted leaves half a frame behind. The wire remembers, and
    refuses to go on.
    """

    def __init__(self, incoming: int, outgoing: int, timeout: float, clock: Clock) -> None:
        """Take over two descriptors set not to block; whoever opened them closes them.

        Args:
            incoming: what the program writes.
            outgoing: what the program reads; another descriptor, also for a socket.
            timeout: seconds a frame may take, the wait for it included.
            clock: for deadlines.
        """
        self.timeout = timeout
        self.on_incoming: Callable[[], None] | None = None
        """Receives a frame while a send has to wait."""
        self._incoming = incoming
        self._outgoing = outgoing
        self._clock = clock
        self._aside: tuple[int, Callable[[], bool]] | None = None
        self._ahead = memoryview(bytearray(AHEAD))
        self._start = self._end = 0
        self._whole = True

    def watch(self, descriptor: int, read: Callable[[], bool]) -> None:
        """Have something else read while waiting, until ``read`` says it is at its end."""
        self._aside = (descriptor, read)

    # --- sending -----------------------------------------------------------------------------

    def send(self, *buffers: Buffer) -> None:
        """Write whole frames; the buffers are only lent.

        Raises:
            WireError: the other side is gone, or takes nothing in time.
        """
        self._begin()
        left: Sequence[memoryview] = [memoryview(buffer).cast("B") for buffer in buffers if buffer]
        deadline: float | None = None
        while left:
            try:
                left = _after(left, os.writev(self._outgoing, left))
            except BlockingIOError:
                deadline = deadline or self._clock.monotonic() + self.timeout
                if not self._wait(self._outgoing, _WRITABLE, deadline):
                    self._receive_meanwhile()
            except OSError as error:
                raise WireError("the program takes nothing any more", gone=True) from error
        self._whole = True

    def _receive_meanwhile(self) -> None:
        """A frame that came while the program had no room for ours."""
        if self.on_incoming is not None:
            self._whole = True
            self.on_incoming()
            self._whole = False

    def _begin(self) -> None:
        if not self._whole:
            raise WireError("the session was interrupted in the middle of a frame")
        self._whole = False

    # --- receiving ---------------------------------------------------------------------------

    def header(self, timeout: float | None = None) -> Header:
        """Wait for a frame; its payload must be received next, if it has any.

        Args:
            timeout: seconds to wait, instead of the usual.

        Raises:
            WireError: the other side is gone, sends nothing in time, or no frame.
        """
        self._begin()
        data = bytearray(HEADER_SIZE)
        self._fill(memoryview(data), self.timeout if timeout is None else timeout)
        found = read_header(data)
        self._whole = not found.length
        return found

    def payload(self, buffer: bytearray | memoryview) -> None:
        """Receive the payload that was announced, into a buffer of that very length.

        Raises:
            WireError: the other side is gone, or does not go on in time.
        """
        self._fill(memoryview(buffer), self.timeout)
        self._whole = True

    def _fill(self, target: memoryview, timeout: float) -> None:
        taken = min(len(target), self._end - self._start)
        target[:taken] = self._ahead[self._start : self._start + taken]
        self._start += taken
        deadline: float | None = None
        while taken < len(target):
            rest = target[taken:]
            try:
                count = os.readv(self._incoming, (rest, self._ahead))
            except BlockingIOError:
                deadline = deadline or self._clock.monotonic() + timeout
                self._wait(self._incoming, _READABLE, deadline)
                continue
            except OSError as error:
                raise WireError(f"the program cannot be heard: {error.strerror}") from error
            if not count:
                raise WireError("the program closed its side", gone=True)
            taken += min(count, len(rest))
            self._start, self._end = 0, max(count - len(rest), 0)

    # --- waiting -----------------------------------------------------------------------------

    def _wait(self, descriptor: int, events: int, deadline: float) -> bool:
        """Wait until a descriptor is ready: true. False when a frame comes in meanwhile."""
        while (left := deadline - self._clock.monotonic()) > 0:
            ready = self._poll(descriptor, events, left)
            if descriptor in ready:
                return True
            if self._incoming in ready:
                return False
        raise WireError("the program did not answer in time", silent=True)

    def _poll(self, descriptor: int, events: int, seconds: float) -> set[int]:
        poll = select.poll()
        poll.register(self._incoming, _READABLE)
        poll.register(descriptor, events)
        if self._aside is not None:
            poll.register(self._aside[0], _READABLE)
        # One millisecond more, so that a wait is never cut short by rounding.
        ready = {found for found, _ in poll.poll(seconds * 1000 + 1)}
        if self._aside is not None and self._aside[0] in ready and self._aside[1]():
            self._aside = None
        return ready


def _after(buffers: Sequence[memoryview], sent: int) -> Sequence[memoryview]:
    """What is left to write."""
    for index, buffer in enumerate(buffers):
        if sent < len(buffer):
            return [buffer[sent:], *buffers[index + 1 :]]
        sent -= len(buffer)
    return ()
