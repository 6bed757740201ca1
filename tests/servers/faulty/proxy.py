"""A proxy that understands HTTP/1.1, and of which requests go wrong."""

from __future__ import annotations

import asyncio

from tests.servers.faulty.exchange import Exchange
from tests.servers.faulty.faults import Fault
from tests.servers.faulty.listening import Listener
from tests.servers.faulty.messages import BrokenError, Head, read_head
from tests.servers.faulty.pumping import reset
from tests.servers.faulty.record import Passed, Script


class FaultyProxy(Listener):
    """Stands before a web server, and lets requests go wrong as it is told.

    Heads pass as they come, ``Host`` included: whoever signs requests signs the proxy's address.
    A connection to the server is made for each connection of a client, once it is needed.
    """

    def __init__(self, host: str, port: int) -> None:
        """Listen before the server at ``host`` and ``port``; nothing goes wrong yet."""
        self._script: Script[Fault, Passed] = Script()
        super().__init__(host, port)

    def script(self, *faults: Fault) -> None:
        """Let requests go wrong from now on, each by the first fault that is due."""
        self._script.replace(faults)

    @property
    def passed(self) -> list[Passed]:
        """Requests since the last order, in the order in which they came."""
        return self._script.seen

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = Exchange(reader, writer, self._ask)
        try:
            while await exchange.pass_one(self._noted(await read_head(reader))):
                pass
            writer.close()
        except (BrokenError, ConnectionError):
            reset(writer)
        except asyncio.IncompleteReadError:
            writer.close()  # the client has gone, between two requests
        finally:
            exchange.close()

    def _noted(self, head: Head) -> tuple[Head, Passed]:
        method, target, _ = head.start.split(" ", 2)
        fault = self._script.take(lambda one: one.matches(method, target))
        passed = Passed(method, target, dict(head.headers), fault)
        self._script.note(passed)
        return head, passed
