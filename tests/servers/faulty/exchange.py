"""One request and its answer, between a client and the server, with what goes wrong between."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable

from tests.servers.faulty.faults import Answer, Damage, Fault
from tests.servers.faulty.messages import BrokenError, Head, Piece, pieces_of, read_head
from tests.servers.faulty.pumping import pump, reset
from tests.servers.faulty.record import Passed

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
EXPECT = re.compile(rb"\r\nexpect:[^\r]*", re.IGNORECASE)


class Exchange:
    """Exchanges of one connection of a client, one after the other."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ask: Callable[[], Awaitable[Ends]],
    ) -> None:
        """Hold the client, and the way to the server."""
        self._reader = reader
        self._writer = writer
        self._ask = ask
        self._server: Ends | None = None
        self._unread: AsyncIterator[Piece] | None = None
        """What the client still sends of a body that the server did not want to hear out."""

    async def pass_one(self, request: tuple[Head, Passed]) -> bool:
        """Let one request pass; whether the connection can carry another.

        Raises:
            BrokenError: it is to be reset.
        """
        head, passed = request
        fault = passed.fault or Fault()
        try:
            return await self._pass(head, passed, fault)
        except BrokenError as error:
            passed.broken = str(error)
            if fault.upload.gently or fault.download.gently:
                return False
            raise
        except asyncio.IncompleteReadError as error:
            passed.broken = "the server closed the connection"
            raise BrokenError(passed.broken) from error

    async def _pass(self, head: Head, passed: Passed, fault: Fault) -> bool:
        if fault.refuse:
            raise BrokenError("refused")
        await asyncio.sleep(fault.delay)
        if fault.answer is not None and not fault.asked:
            if not head.expects:
                await _discarded(pieces_of(self._reader, head))
            return await self._make_up(fault.answer, passed)
        if fault.twice:
            answer = await self._send_twice(head, passed)
        else:
            answer = await self._send(head, passed, fault.upload)
        passed.status = answer.status
        return await self._give_back(head, answer, passed, fault)

    async def _make_up(self, answer: Answer, passed: Passed) -> bool:
        length = {"Content-Length": str(len(answer.body)), "Connection": "close"}
        fields = {**length, **answer.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self._writer.write(f"HTTP/1.1 {answer.status} Made up\r\n{lines}\r\n".encode("latin-1"))
        if passed.method != "HEAD":
            self._writer.write(answer.body)
        await self._writer.drain()
        return False

    async def _send(self, head: Head, passed: Passed, damage: Damage) -> Head:
        """Forward a request; the head of the answer, which may come before all of it is sent."""
        reader, writer = await self._connected()
        writer.write(head.raw)
        await writer.drain()
        if head.expects:
            answer = await read_head(reader)
            if answer.status != 100:
                return answer
            self._writer.write(answer.raw)
        coming = asyncio.ensure_future(_final_head(reader, self._writer))
        body = pieces_of(self._reader, head)
        try:
            await pump(body, writer, damage, _uploads(passed))
        except ConnectionError:
            self._unread = body  # the server has heard enough, and its reason is on its way
        except BaseException:
            coming.cancel()
            raise
        return await coming

    async def _send_twice(self, head: Head, passed: Passed) -> Head:
        raw = head.raw
        if head.expects:  # the body is wanted whole before the server is asked
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            raw = EXPECT.sub(b"", raw)
        pieces = [piece async for piece in pieces_of(self._reader, head)]
        message = raw + b"".join(piece.data for piece in pieces)
        await self._send_aside(message)
        reader, writer = await self._connected()
        writer.write(message)
        await writer.drain()
        passed.uploaded = sum(len(piece.data) for piece in pieces if piece.payload)
        return await _final_head(reader, None)

    async def _send_aside(self, message: bytes) -> None:
        reader, writer = await self._ask()
        writer.write(message)
        await writer.drain()
        await _final_head(reader, None)
        writer.close()

    async def _give_back(self, head: Head, answer: Head, passed: Passed, fault: Fault) -> bool:
        reader, _ = await self._connected()
        bodiless = passed.method == "HEAD" or answer.status in (204, 304)
        empty = Head(answer.raw, answer.start, {})
        pieces = pieces_of(reader, empty if bodiless else answer, to_the_end=not bodiless)
        if fault.lose_answer:
            await _discarded(pieces)
            raise BrokenError("the answer was lost")
        if fault.answer is not None:
            await _discarded(pieces)
            return await self._make_up(fault.answer, passed)
        self._writer.write(answer.raw)
        await pump(pieces, self._writer, fault.download, _downloads(passed))
        await self._writer.drain()
        if self._unread is not None:
            # Closed with something unread, the connection would be reset, and the answer lost.
            await _discarded(self._unread)
            return False
        refused_unsent = head.expects and passed.uploaded == 0
        framed = bodiless or answer.framed
        return framed and not (refused_unsent or answer.closes or head.closes)

    async def _connected(self) -> Ends:
        if self._server is None:
            try:
                self._server = await self._ask()
            except OSError as error:
                raise BrokenError(f"the server cannot be reached: {error}") from error
        return self._server

    def close(self) -> None:
        """Leave the server."""
        if self._server is not None:
            reset(self._server[1])


async def _final_head(reader: asyncio.StreamReader, to: asyncio.StreamWriter | None) -> Head:
    """Head of the answer; what is said before it (``1xx``) is passed on to whom it is for."""
    while (answer := await read_head(reader)).status < 200:
        if to is not None:
            to.write(answer.raw)
    return answer


async def _discarded(pieces: AsyncIterator[Piece]) -> None:
    async for _ in pieces:
        pass


def _uploads(passed: Passed) -> Callable[[int], None]:
    def count(size: int) -> None:
        passed.uploaded += size

    return count


def _downloads(passed: Passed) -> Callable[[int], None]:
    def count(size: int) -> None:
        passed.downloaded += size

    return count
