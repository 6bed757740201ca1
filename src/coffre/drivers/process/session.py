"""A session: requests under way, and the frames that come in shared out among them.

Several requests can be under way at a time, in one thread: a stream that is open while something
else is asked. Each has its number; frames for one that nobody waits for just now are kept with it.
What can be kept is bounded by what was granted.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import cast

from coffre.contract import (
    Clock,
    ConnectionLostError,
    ObjectRef,
    OfferUnavailableError,
)
from coffre.drivers.process.errors import lost_error
from coffre.drivers.process.exchange import Exchange
from coffre.drivers.process.fields import Fields
from coffre.drivers.process.log import Redaction
from coffre.drivers.process.program import Peer
from coffre.drivers.process.protocol import (
    MAX_DATA,
    Frame,
    Header,
    WireError,
    bare,
    credit,
    message,
    read_count,
)
from coffre.drivers.process.wire import Wire

SMALL = 64 * 1024
"""Bytes of a frame up to which it gets memory of its own, instead of a buffer that is kept."""
BUFFERS = 4
"""Buffers kept for the next stream."""


class Session:
    """Frames sent and received for the requests of one connection; used by one thread at a time."""

    def __init__(self, peer: Peer, *, timeout: float, grace: float, clock: Clock) -> None:
        """Begin on a program that was just started; nothing is said yet.

        Args:
            peer: the program; it ends with the session.
            timeout: seconds that a frame may take.
            grace: seconds that giving up a put, or ending, may take.
            clock: for deadlines.
        """
        self.peer = peer
        self.requests = 1
        """How many requests the program has under way at most."""
        self.redaction = Redaction()
        self.wire = Wire(peer.incoming, peer.outgoing, timeout, clock)
        self.wire.on_incoming = self._receive_one
        if peer.log is not None:
            self.wire.watch(peer.log.descriptor, peer.log.read)
        self._grace = grace
        self._clock = clock
        self._owner = os.getpid()
        self._last = 0
        self._under_way: dict[int, Exchange] = {}
        self._buffers: list[memoryview] = []
        self._over: str | None = None

    # --- requests ----------------------------------------------------------------------------

    def begin(
        self,
        operation: str,
        fields: Mapping[str, object],
        ref: ObjectRef | None = None,
        *,
        frames: int = 0,
        streams: bool = False,
        changes: bool = False,
    ) -> Exchange:
        """Send a request.

        Args:
            operation: its name in the protocol.
            fields: of the request.
            ref: the object it is about.
            frames: granted at once, of what it streams.
            streams: whether its answer goes on after the first frame.
            changes: whether it may have an effect on the offer from now on.

        Raises:
            ConnectionLostError: the session is over.
            OfferUnavailableError: as many requests are under way as the program allows.
        """
        self.check()
        self._make_room()
        self._last += 1
        exchange = Exchange(self, self._last, ref, streams=streams, in_doubt=changes)
        exchange.granted = frames
        asked = message(Frame.REQUEST, exchange.number, {"operation": operation, **fields})
        with exchange.ending_the_session():
            self._under_way[exchange.number] = exchange
            self.wire.send(asked, credit(exchange.number, frames) if frames else b"")
        return exchange

    def check(self, *, in_doubt: bool = False) -> None:
        """Refuse to go on once the session is over: its descriptors may be somebody else's by now.

        Raises:
            ConnectionLostError: it is, or it belongs to the process that this one was forked from.
        """
        if self._over is None and os.getpid() != self._owner:
            self.end("the connection was opened by another process, before a fork: open another")
        if self._over is not None:
            raise ConnectionLostError(self._over, effect_unknown=in_doubt)

    def _make_room(self) -> None:
        """Wait for requests that were given up, when there is no room for another one."""
        while len(self._under_way) >= self.requests:
            given_up = [one for one in self._under_way.values() if one.cancelled]
            if not given_up:
                raise OfferUnavailableError(
                    f"this connection has {len(self._under_way)} streams open, as many as its "
                    "program allows: close one, or open another connection"
                )
            with given_up[0].ending_the_session():
                self.receive()

    # --- frames ------------------------------------------------------------------------------

    def receive(self, timeout: float | None = None) -> None:
        """Wait for a frame, and give it to its request.

        Raises:
            WireError: none came in time, or it breaks the protocol.
        """
        found = self.wire.header(timeout)
        exchange = self._under_way.get(found.request)
        if exchange is None:
            raise WireError(f"the program answered request {found.request}, which was not asked")
        if found.kind is Frame.DATA:
            self._receive_data(exchange, found)
            return
        payload = self._payload(found)
        if found.kind is Frame.CREDIT:
            exchange.take_credit(read_count(payload))
        elif found.kind is not Frame.WORKING:
            exchange.take(found.kind, Fields.parse(payload))
        if exchange.over:
            del self._under_way[exchange.number]

    def _receive_one(self) -> None:
        self.receive()

    def _receive_data(self, exchange: Exchange, found: Header) -> None:
        buffer = self._buffer(found.length)
        if found.length:
            self.wire.payload(buffer)
        exchange.take_data(buffer)

    def _payload(self, found: Header) -> bytearray:
        payload = bytearray(found.length)
        if found.length:
            self.wire.payload(payload)
        return payload

    def _buffer(self, length: int) -> memoryview:
        """Memory for a payload; large ones share buffers, which the kernel has cleared once."""
        if length <= SMALL:
            return memoryview(bytearray(length))
        whole = self._buffers.pop() if self._buffers else memoryview(bytearray(MAX_DATA))
        return whole[:length]

    def give_back(self, buffer: memoryview) -> None:
        """A buffer that nobody looks at any more."""
        whole = memoryview(cast(bytearray, buffer.obj))
        if len(whole) == MAX_DATA and len(self._buffers) < BUFFERS:
            self._buffers.append(whole)

    # --- ends --------------------------------------------------------------------------------

    def give_up(self, exchange: Exchange, *, wait: bool) -> None:
        """Have a request given up; its answer is awaited, or passed over when it comes.

        Never raises: a program that does not give up is ended.
        """
        if exchange.over or self._over is not None:
            return
        exchange.cancel()
        try:
            self.wire.send(bare(Frame.CANCEL, exchange.number))
            deadline = self._clock.monotonic() + self._grace
            while wait and not exchange.over:
                self.receive(deadline - self._clock.monotonic())
        except WireError as error:
            self.end(f"the session ended before: {error.reason}")
        except BaseException:
            self.end("the session was interrupted")
            raise

    def fail(self, error: WireError, exchange: Exchange | None = None) -> OfferUnavailableError:
        """End the session because it cannot go on; what that means for one of its requests."""
        told = "" if self._over is not None else self._last_words(error)
        self.end(f"the session ended before: {error.reason}")
        if exchange is None:
            return lost_error(error, told, in_doubt=False)
        return lost_error(error, told, in_doubt=exchange.in_doubt, ref=exchange.ref)

    def _last_words(self, error: WireError) -> str:
        fate = self.peer.fate() if error.gone else ""
        if self.peer.log is None:
            return fate
        self.read_log()
        return "; ".join(filter(None, (fate, self.peer.log.last_line())))

    def read_log(self) -> None:
        """Take up what the program has written to its standard error since the last wait."""
        if self.peer.log is not None and self._over is None:
            self.peer.log.read()

    def end(self, reason: str = "the session was interrupted") -> None:
        """End the session at once, and the program with it; a second time nothing happens."""
        if self._over is None:
            self._over = reason
            self.peer.end(0)

    def close(self) -> None:
        """Say goodbye, and wait for the program to end; never raises."""
        if self._over is not None:
            return
        self._over = "the connection is closed"
        if os.getpid() == self._owner:
            with suppress(WireError):
                self.wire.timeout = self._grace
                self.wire.send(bare(Frame.CLOSE, 0))
        self.peer.end(self._grace)
