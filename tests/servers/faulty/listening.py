"""A listener in a thread of its own, which ends with all that it serves."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self
from weakref import WeakSet

HOST = "127.0.0.1"
LONGEST_HEAD = 1 << 20
"""Bytes of a head of a message."""


class Listener(ABC):
    """Serves connections on a free port of this machine until it is closed."""

    def __init__(self, host: str, port: int) -> None:
        """Listen; ``host`` and ``port`` are whom it stands before."""
        self._upstream = (host, port)
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: WeakSet[asyncio.StreamWriter] = WeakSet()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        self.host = HOST
        self.port = listening.result()

    @property
    def url(self) -> str:
        """Its address, as a web server's."""
        return f"http://{self.host}:{self.port}"

    def __enter__(self) -> Self:
        """It listens already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Stop listening, and break off what is being served, stalls included."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._accept, HOST, 0, limit=LONGEST_HEAD)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # the end of the listener, and not of the test
        finally:
            self._tasks.discard(task)

    async def _end(self) -> None:
        self._server.close()
        tasks, writers = list(self._tasks), list(self._writers)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_asyncgens()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)  # connections that were broken off are closed in the next round

    async def _ask(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to whom it stands before."""
        ends = await asyncio.open_connection(*self._upstream, limit=LONGEST_HEAD)
        self._writers.add(ends[1])
        return ends

    @abstractmethod
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
