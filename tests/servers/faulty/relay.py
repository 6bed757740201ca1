"""A relay of any protocol over TCP, of which connections break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from tests.servers.faulty.faults import Break, Damage
from tests.servers.faulty.listening import Listener
from tests.servers.faulty.messages import PIECE, BrokenError, Piece
from tests.servers.faulty.pumping import pump, reset
from tests.servers.faulty.record import Carried, Script


class FaultyRelay(Listener):
    """Stands before a server, and breaks connections as it is told."""

    def __init__(self, host: str, port: int) -> None:
        """Listen before the server at ``host`` and ``port``; nothing is broken yet."""
        self._script: Script[Break, Carried] = Script()
        super().__init__(host, port)

    def script(self, *faults: Break) -> None:
        """Break connections from now on, in the way of the first fault that is due."""
        self._script.replace(faults)

    @property
    def carried(self) -> list[Carried]:
        """Connections since the last order, in the order in which they came."""
        return self._script.seen

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carried = Carried(self._script.take(lambda _: True))
        self._script.note(carried)
        fault = carried.fault or Break()
        if fault.refuse:
            carried.broken = "refused"
            return reset(writer)
        await asyncio.sleep(fault.delay)
        try:
            their_reader, their_writer = await self._ask()
        except OSError as error:
            carried.broken = str(error)
            return reset(writer)
        await _both_ways(carried, fault, (reader, writer), (their_reader, their_writer))


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _both_ways(carried: Carried, fault: Break, client: Ends, server: Ends) -> None:
    def up(size: int) -> None:
        carried.up += size

    def down(size: int) -> None:
        carried.down += size

    ways = [
        asyncio.ensure_future(_one_way(client[0], server[1], fault.up, up)),
        asyncio.ensure_future(_one_way(server[0], client[1], fault.down, down)),
    ]
    try:
        await asyncio.gather(*ways)
        client[1].close()
        server[1].close()
    except BrokenError as error:
        carried.broken = str(error)
        gently = fault.up.gently or fault.down.gently
        for writer in (client[1], server[1]):
            writer.close() if gently else reset(writer)
    except ConnectionError as error:
        carried.broken = carried.broken or type(error).__name__
        reset(client[1])
        reset(server[1])
    finally:
        for way in ways:
            way.cancel()


async def _one_way(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    damage: Damage,
    count: Callable[[int], None],
) -> None:
    await pump(_whatever(reader), writer, damage, count)
    if writer.can_write_eof():
        with suppress(OSError):  # it has gone already
            writer.write_eof()


async def _whatever(reader: asyncio.StreamReader) -> AsyncIterator[Piece]:
    while data := await reader.read(PIECE):
        yield Piece(data)
