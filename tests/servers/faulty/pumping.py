"""Bytes from one side to the other, damaged on the way."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable

from tests.servers.faulty.faults import Damage
from tests.servers.faulty.messages import BrokenError, Piece

RESET = struct.pack("ii", 1, 0)
"""``SO_LINGER``: what is not sent yet is thrown away, and the peer is told so."""


async def pump(
    pieces: AsyncIterator[Piece],
    writer: asyncio.StreamWriter,
    damage: Damage,
    count: Callable[[int], None],
) -> None:
    """Copy a body.

    Args:
        pieces: of the body.
        writer: to whom.
        damage: what happens on the way.
        count: is told the payload that has passed, a piece at a time.

    Raises:
        BrokenError: it was cut, or stalled until the end of its time.
    """
    passed = 0
    async for piece in pieces:
        data = piece.data
        if piece.payload:
            data = _flipped(data, passed, damage.flip_at)
            await _break_within(data, passed, writer, damage, count)
            passed += len(data)
            count(len(data))
        writer.write(data)
        await writer.drain()
        if damage.rate:
            await asyncio.sleep(len(data) / damage.rate)


def _flipped(data: bytes, passed: int, at: int | None) -> bytes:
    if at is None or not passed <= at < passed + len(data):
        return data
    changed = bytearray(data)
    changed[at - passed] ^= 1
    return bytes(changed)


async def _break_within(
    data: bytes,
    passed: int,
    writer: asyncio.StreamWriter,
    damage: Damage,
    count: Callable[[int], None],
) -> None:
    """Send what may still pass of ``data``, and break, when the place to break is in it."""
    limits = [n for n in (damage.cut_after, damage.stall_after) if n is not None]
    if not limits or passed + len(data) < min(limits):
        return
    rest = data[: max(0, min(limits) - passed)]
    writer.write(rest)
    await writer.drain()
    count(len(rest))
    if damage.stall_after == min(limits):
        await asyncio.sleep(damage.seconds)
        raise BrokenError(f"stalled after {passed + len(rest)} bytes")
    raise BrokenError(f"cut after {passed + len(rest)} bytes")


def reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the peer gets ``ECONNRESET``, and not an end of file."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
