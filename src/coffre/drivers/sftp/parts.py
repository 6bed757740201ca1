"""Parts: bytes written aside, that become an object in one step or leave no trace.

A part is ``.coffre/parts/<writer>-<token>.part``. SFTP has no locks, so the name says which
process of which machine writes it: whoever sweeps on that machine knows whether it lives, and
anyone else goes by how long the part was left untouched.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress

from coffre.contract import Buffer
from coffre.drivers.sftp import packets
from coffre.drivers.sftp.exchange import Answer, LineLostError, StatusError
from coffre.drivers.sftp.root import Root
from coffre.streams import Whose, Writers
from coffre.tree import PARTS, part_path

_NEW = packets.FOR_WRITING | packets.CREATE | packets.NEW_ONLY
_ON_THE_WAY = 4 * 1024 * 1024
"""Bytes that are sent before the answer to the first of them is waited for."""
_FLUSHED = 64 * 1024 * 1024
"""Bytes after which those that are there are flushed: a server is silent while it flushes, and for
a whole large object it would be silent for longer than anybody waits."""
_COPIED = 64 * 1024
"""Bytes that are rather copied than sent by themselves: others follow in the same packet."""

_writers = Writers()
"""Parts that this process is writing."""


class Part:
    """An open file that nobody looks at yet. Discard it, whatever happens."""

    __slots__ = (
        "_answers",
        "_flushed",
        "_moved",
        "_opened",
        "_position",
        "_root",
        "handle",
        "path",
    )

    def __init__(self, root: Root) -> None:
        """Ask for it; it is there once :meth:`begun` returns."""
        self._root = root
        self.path = new_part()
        """Where it is, until it is moved."""
        self._moved = False
        self.handle: bytes | None = None
        self._opened: Answer[bytes] | None = root.remote.open(self.path, _NEW)
        self._position = 0
        self._flushed = 0
        self._answers: deque[tuple[int, Answer[bool]]] = deque()

    def begun(self) -> bytes:
        """Wait until it is there; the folder of parts is made if it is missing."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            self.handle = opened.if_there()
        if self.handle is None:
            self._root.require()
            self._root.forget_folder(PARTS)
            self._root.make_folder(PARTS)
            self.handle = self._root.remote.open(self.path, _NEW).get()
        return self.handle

    def write(self, data: Buffer) -> None:
        """Send bytes, or put them among those to be sent; they are lent no longer after this."""
        remote, handle = self._root.remote, self.begun()
        view = memoryview(data)
        step = remote.most_written
        small = len(view) <= _COPIED
        for start in range(0, len(view), step):
            piece = view[start : start + step]
            data = bytes(piece) if small else piece
            self._answers.append((len(piece), remote.write(handle, self._position, data)))
            self._position += len(piece)
            self._flush_some(handle)
        if not small:
            remote.exchange.flush()
        self._wait(_ON_THE_WAY)

    def _flush_some(self, handle: bytes) -> None:
        if self._root.flushes and self._position - self._flushed >= _FLUSHED:
            self._answers.append((0, self._root.remote.flush(handle)))
            self._flushed = self._position

    def written(self) -> None:
        """Wait until all bytes are there.

        Raises:
            StatusError: some could not be written.
        """
        self._wait(0)

    def _wait(self, allowed: int) -> None:
        """Take answers until no more than so many bytes are on their way."""
        waiting = sum(length for length, _ in self._answers)
        while self._answers and (waiting > allowed or not allowed):
            length, answer = self._answers.popleft()
            answer.get()
            waiting -= length

    def moved(self) -> None:
        """It has become something else: there is nothing to remove any more."""
        self._moved = True
        forget_part(self.path)

    def drop_name(self) -> None:
        """It has a second name: have the first one removed, without waiting for that."""
        if not self._moved:
            self._root.remote.remove(self.path)  # if it fails, a sweep takes it later
            self.moved()

    def close(self) -> None:
        """Have the file closed, without waiting for that; it keeps its name."""
        handle, self.handle = self.handle, None
        if handle is not None:
            self._root.remote.close(handle)

    def discard(self) -> None:
        """Let it go; without another name, it is gone. Never raises."""
        remote = self._root.remote
        self._answers.clear()
        moved = self._moved
        self.moved()
        # What cannot be removed now is a leftover, and a sweep takes it later.
        with suppress(StatusError, LineLostError):
            self._let_go()
        with suppress(StatusError, LineLostError):
            if not moved:
                remote.remove(self.path).get()

    def _let_go(self) -> None:
        opened, self._opened = self._opened, None
        handle, self.handle = self.handle, None
        if opened is not None:  # nobody has waited for it yet
            handle = opened.get()
        if handle is not None:
            self._root.remote.close(handle)


# --- writers --------------------------------------------------------------------------------------


def new_part() -> str:
    """Path for a file that this process writes; it counts as in progress until it is forgotten."""
    return part_path(_writers.begin())


def forget_part(path: str) -> None:
    """It is written, or given up."""
    _writers.end(_name_of(path))


def is_alive(path: str) -> bool | None:
    """Whether the writer of a part lives; ``None`` when that cannot be known from here."""
    whose = _writers.whose(_name_of(path))
    return None if whose is Whose.UNKNOWN else whose is not Whose.GONE


def _name_of(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".part")
