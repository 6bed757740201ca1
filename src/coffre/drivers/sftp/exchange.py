"""The exchange: requests go out without waiting, answers are matched by their number.

A round trip costs more than the work it asks for, so an operation says all that it wants to know
before it waits for the first answer: requests gather in one buffer, which is sent when somebody
waits. Answers may come in any order, and those of an open stream may come between those of an
operation; each is kept until it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, NamedTuple, Protocol, TypeVar

from coffre.contract import Buffer
from coffre.drivers.sftp import packets
from coffre.drivers.sftp.packets import HEAD, NUMBER, Reader

T = TypeVar("T")

LONGEST_ANSWER = 1024 * 1024
"""Bytes; whoever announces more does not speak SFTP."""
_GATHERED = 256 * 1024
"""Bytes after which requests are sent without waiting for more."""


class LineLostError(Exception):
    """The session is dead: what was asked may or may not have been done."""

    silent = False
    """Whether the server was given up, rather than gone."""


class LineSilentError(LineLostError):
    """The server did not answer in time."""

    silent = True


class StatusError(Exception):
    """The server answered, and it was no."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status and what the server said, which is of little use but for people."""
        super().__init__(message)
        self.status = status
        self.message = message


class Line(Protocol):
    """Bytes to the server and back."""

    def send(self, data: Buffer) -> None:
        """Send all of it.

        Raises:
            LineLostError: it could not be sent.
        """
        ...

    def receive(self, least: int) -> bytes:
        """Wait for so many bytes; more may come with them.

        Raises:
            LineLostError: they will not come.
        """
        ...

    def close(self) -> None:
        """End it; never raises."""
        ...


class Reply(NamedTuple):
    """An answer as it came."""

    kind: int
    body: memoryview


class Answer(Generic[T]):
    """An answer that may still be on its way; one that nobody holds any more is thrown away."""

    __slots__ = ("_exchange", "_number", "_read", "_taken")

    def __init__(self, exchange: Exchange, number: int, read: Callable[[Reply], T]) -> None:
        """Name the request, and how its answer is read."""
        self._exchange = exchange
        self._number = number
        self._read = read
        self._taken = False

    def __del__(self) -> None:
        """Nobody will ask for it: what comes for it is not kept."""
        if not self._taken:
            self._exchange.forget(self._number)

    def get(self) -> T:
        """Wait for it.

        Raises:
            StatusError: the server refused.
            LineLostError: it will not come.
        """
        reply = self._exchange.wait(self._number)
        self._taken = True
        try:
            return self._read(reply)
        except ValueError as error:
            raise self._exchange.broken(str(error)) from error

    def if_there(self) -> T | None:
        """Wait for it; ``None`` when the server says that there is no such file."""
        try:
            return self.get()
        except StatusError as error:
            if error.status in (packets.NO_SUCH_FILE, packets.NO_SUCH_PATH):
                return None
            raise


class Exchange:
    """Requests and answers on one line. One thread at a time."""

    def __init__(self, line: Line) -> None:
        """Say hello.

        Raises:
            LineLostError: the other end does not speak SFTP.
        """
        self._line = line
        self._number = 0
        self._outgoing: list[Buffer] = []
        self._gathered = 0
        self._ahead = memoryview(b"")
        self._kept: dict[int, Reply] = {}
        self._dropped: set[int] = set()
        self.alive = True
        """Whether the line has not been seen to end."""
        self.in_doubt = False
        """Whether a request is out that changes what others see, and was not answered yet."""
        self.extensions = self._greet()
        """Names of the extensions that the server announced, with their versions."""

    def _greet(self) -> dict[str, str]:
        self._line.send(NUMBER.pack(5) + bytes([packets.INIT]) + NUMBER.pack(packets.VERSION))
        body = self._packet()
        found: dict[str, str] = {}
        try:
            reader = Reader(body[1:])
            if body[0] != packets.ANNOUNCE or reader.number() < packets.VERSION:
                raise ValueError("the server does not speak version 3 of SFTP")
            while reader.left():
                name = reader.text()
                found[name] = reader.text()
        except (ValueError, IndexError) as error:
            raise self.broken(str(error)) from error
        return found

    def ask(self, kind: int, *body: Buffer) -> int:
        """Put a request among those to be sent. What it holds is lent until :meth:`flush`.

        Returns:
            Its number, for :meth:`wait` or :meth:`forget`.
        """
        self._number = number = (self._number + 1) & 0xFFFFFFFF
        length = sum(map(len, body))
        self._outgoing += (HEAD.pack(5 + length, kind, number), *body)
        self._gathered += length
        if self._gathered >= _GATHERED:
            self.flush()
        return number

    def flush(self) -> None:
        """Send what was gathered."""
        if self._outgoing:
            data, self._outgoing, self._gathered = b"".join(self._outgoing), [], 0
            try:
                self._line.send(data)
            except LineLostError:
                self.alive = False
                raise

    def flush_quietly(self) -> None:
        """Send what was gathered, of which nobody awaits an answer; a dead line says so later."""
        with suppress(LineLostError):
            self.flush()

    def wait(self, number: int) -> Reply:
        """The answer to a request; those that come before it are kept."""
        self.flush()
        while number not in self._kept:
            self._take_one()
        return self._kept.pop(number)

    def forget(self, number: int) -> None:
        """Throw an answer away, now or when it comes."""
        if self._kept.pop(number, None) is None:
            self._dropped.add(number)

    def _take_one(self) -> None:
        body = self._packet()
        if len(body) < 5:
            raise self.broken("the server sent a packet without a number")
        number = int.from_bytes(body[1:5], "big")
        if number in self._dropped:
            self._dropped.discard(number)
        else:
            self._kept[number] = Reply(body[0], body[5:])

    def _packet(self) -> memoryview:
        length = int.from_bytes(self._read(4), "big")
        if not 0 < length <= LONGEST_ANSWER:
            raise self.broken("the server sent what is no packet of SFTP")
        return self._read(length)

    def _read(self, count: int) -> memoryview:
        if len(self._ahead) < count:
            begun = bytes(self._ahead)
            try:
                more = self._line.receive(count - len(begun))
            except LineLostError:
                self.alive = False
                raise
            self._ahead = memoryview(begun + more if begun else more)
        taken, self._ahead = self._ahead[:count], self._ahead[count:]
        return taken

    @contextmanager
    def doubting(self) -> Iterator[None]:
        """Inside, others may see the effect of what is asked, before we know of it ourselves."""
        self.in_doubt = True
        try:
            yield
        except LineLostError:
            raise  # and the doubt stays
        except BaseException:
            self.in_doubt = False
            raise
        self.in_doubt = False

    def broken(self, why: str) -> LineLostError:
        """End a session in which an answer can no longer be told from another."""
        self.alive = False
        self._line.close()
        return LineLostError(why)

    def close(self) -> None:
        """End the session; what was gathered and not sent is sent no more."""
        with suppress(Exception):
            self._line.close()
