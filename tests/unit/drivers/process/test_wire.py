"""Frames over descriptors that never block."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from coffre.contract import SYSTEM_CLOCK
from coffre.drivers.process.protocol import Frame, WireError, bare, message
from coffre.drivers.process.wire import Wire

MIB = 1024 * 1024


class Ends:
    """Our wire, and the two ends that a program would have."""

    def __init__(self, timeout: float) -> None:
        ours, self.write_to = os.pipe()
        self.read_from, theirs = os.pipe()
        self._all = {ours, self.write_to, self.read_from, theirs}
        for descriptor in self._all:
            os.set_blocking(descriptor, False)
        self.wire = Wire(ours, theirs, timeout, SYSTEM_CLOCK)

    def hang_up(self) -> None:
        for descriptor in (self.write_to, self.read_from):
            os.close(descriptor)
            self._all.discard(descriptor)

    def close(self) -> None:
        for descriptor in self._all:
            os.close(descriptor)


@pytest.fixture
def ends() -> Iterator[Ends]:
    made = Ends(timeout=0.05)
    yield made
    made.close()


def test_frames_arrive_however_they_are_cut(ends: Ends) -> None:
    whole = message(Frame.RESULT, 7, {"size": 10}) + bare(Frame.END, 7)

    def more() -> bool:
        """A byte each time that the wire waits."""
        nonlocal whole
        os.write(ends.write_to, whole[:1])
        whole = whole[1:]
        return False

    reading, writing = os.pipe()
    os.write(writing, b"always something to read")
    ends.wire.watch(reading, more)
    found = ends.wire.header()
    payload = bytearray(found.length)
    ends.wire.payload(payload)

    assert (found.kind, found.request, bytes(payload)) == (Frame.RESULT, 7, b'{"size":10}')
    assert ends.wire.header().kind is Frame.END
    os.close(reading)
    os.close(writing)


def test_a_frame_that_is_sent_goes_round_what_comes_in(ends: Ends) -> None:
    """Neither side waits for the other to read first."""
    received: list[Frame] = []
    data = os.urandom(MIB)
    taken = bytearray()

    def receive() -> None:
        received.append(ends.wire.header().kind)
        while len(taken) < len(data):  # the program reads once its own frame is gone
            try:
                taken.extend(os.read(ends.read_from, MIB))
            except BlockingIOError:
                break
        if len(received) < 100 and len(taken) < len(data):
            os.write(ends.write_to, bare(Frame.WORKING, 1))

    ends.wire.on_incoming = receive
    os.write(ends.write_to, bare(Frame.WORKING, 1))
    ends.wire.send(data[:10], data[10:])
    while len(taken) < len(data):
        taken.extend(os.read(ends.read_from, MIB))

    assert received
    assert taken == data


def test_who_takes_nothing_is_not_waited_for_for_ever(ends: Ends) -> None:
    with pytest.raises(WireError, match="in time") as caught:
        ends.wire.send(bytes(MIB))

    assert caught.value.silent


def test_who_sends_half_a_frame_is_not_waited_for_for_ever(ends: Ends) -> None:
    os.write(ends.write_to, bare(Frame.END, 1)[:-1])

    with pytest.raises(WireError, match="in time"):
        ends.wire.header()


def test_who_has_gone_is_known_to_be_gone(ends: Ends) -> None:
    ends.hang_up()

    for use in (ends.wire.header, lambda: Wire.send(ends.wire, b"x")):
        ends.wire._whole = True
        with pytest.raises(WireError) as caught:
            use()
        assert caught.value.gone


@pytest.mark.parametrize("sending", [True, False])
def test_half_a_frame_is_remembered(ends: Ends, sending: bool) -> None:
    def interrupt() -> bool:
        raise KeyboardInterrupt

    reading, writing = os.pipe()
    os.write(writing, b"something to read")
    ends.wire.watch(reading, interrupt)
    with pytest.raises(KeyboardInterrupt):
        ends.wire.send(bytes(MIB)) if sending else ends.wire.header()
    os.close(reading)
    os.close(writing)

    for use in (ends.wire.header, lambda: ends.wire.send(b"x")):
        with pytest.raises(WireError, match="in the middle of a frame"):
            use()
