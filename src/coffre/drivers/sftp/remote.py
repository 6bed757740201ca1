"""A server's files: each method asks one thing, and gives an answer that may be on its way.

Paths are relative to the root of the offer, as the layout writes them.
"""

from __future__ import annotations

import stat
from collections.abc import Callable

from coffre.contract import Buffer
from coffre.drivers.sftp import packets
from coffre.drivers.sftp.exchange import Answer, Exchange, Reply, StatusError, T
from coffre.drivers.sftp.packets import SPAN, Attributes, Entry, Reader, Room, text

HARD_LINK, REPLACE, FLUSH, SPACE, LIMITS = (
    f"{name}@openssh.com" for name in ("hardlink", "posix-rename", "fsync", "statvfs", "limits")
)
"""Extensions that are used where a server has them."""
_EVERYWHERE = 32 * 1024
"""Bytes that every server takes, and gives, in one packet."""
_BLOCK = 128 * 1024
"""Bytes moved in one packet where the server allows it: a power of two, as file systems like it."""


class Remote:
    """The files of one server, below one root."""

    def __init__(self, exchange: Exchange, root: str) -> None:
        """Look at a server's files.

        Args:
            exchange: an open one.
            root: path of the offer on the server.
        """
        self.exchange = exchange
        self.root = root
        self._prefix = "" if root in ("", ".") else f"{root.rstrip('/')}/"
        self.most_read, self.most_written = self._limits()
        """Bytes that may be asked for, or sent, in one request."""

    def has(self, extension: str) -> bool:
        """Whether the server announced it."""
        return extension in self.exchange.extensions

    def _limits(self) -> tuple[int, int]:
        if not self.has(LIMITS):
            return _EVERYWHERE, _EVERYWHERE
        try:
            reply = self._extended(LIMITS, b"", _extended_body).get()
        except StatusError:
            return _EVERYWHERE, _EVERYWHERE
        _packet, read, write, _handles = (reply.long() for _ in range(4))
        # Zero is "no limit that is worth naming".
        return min(read or _BLOCK, _BLOCK), min(write or _BLOCK, _BLOCK)

    # --- looking ------------------------------------------------------------------------------

    def lstat(self, path: str) -> Answer[Attributes]:
        """What is under a name; a link itself, not what it leads to."""
        return self._ask(_attributes, packets.LSTAT, self._path(path))

    def fstat(self, handle: bytes) -> Answer[Attributes]:
        """What is open."""
        return self._ask(_attributes, packets.FSTAT, text(handle))

    def room(self) -> Answer[Room]:
        """The file system of the root; needs :data:`SPACE`."""
        return self._extended(SPACE, self._path(""), lambda reply: _extended_body(reply).room())

    def names(self, handle: bytes) -> Answer[list[Entry]]:
        """Some names of an open folder; an empty list at its end."""
        return self._ask(_entries, packets.READDIR, text(handle))

    # --- bytes --------------------------------------------------------------------------------

    def open(self, path: str, flags: int) -> Answer[bytes]:
        """Open a file; the handle is to be closed."""
        flagged = packets.NUMBER.pack(flags) + packets.NO_ATTRIBUTES
        return self._ask(_handle, packets.OPEN, self._path(path), flagged)

    def open_folder(self, path: str) -> Answer[bytes]:
        """Open a folder, to read its names."""
        return self._ask(_handle, packets.OPENDIR, self._path(path))

    def read(self, handle: bytes, offset: int, length: int) -> Answer[memoryview]:
        """Some bytes, fewer than asked for perhaps; none at the end."""
        return self._ask(_data, packets.READ, text(handle), SPAN.pack(offset, length))

    def write(self, handle: bytes, offset: int, data: Buffer) -> Answer[bool]:
        """Bytes in one packet; they are lent until the exchange is flushed."""
        head = text(handle) + SPAN.pack(offset, len(data))
        return self._ask(_done, packets.WRITE, head, data)

    def flush(self, handle: bytes) -> Answer[bool]:
        """Have an open file, or folder, survive a power cut; needs :data:`FLUSH`."""
        return self._extended(FLUSH, text(handle), _done)

    def close(self, handle: bytes) -> Answer[bool]:
        """Let a file or folder go."""
        return self._ask(_done, packets.CLOSE, text(handle))

    # --- names --------------------------------------------------------------------------------

    def make_folder(self, path: str) -> Answer[bool]:
        """Make one folder."""
        return self._ask(_done, packets.MKDIR, self._path(path), packets.NO_ATTRIBUTES)

    def remove(self, path: str) -> Answer[bool]:
        """Remove a file."""
        return self._ask(_done, packets.REMOVE, self._path(path))

    def remove_folder(self, path: str) -> Answer[bool]:
        """Remove an empty folder."""
        return self._ask(_done, packets.RMDIR, self._path(path))

    def rename(self, path: str, other: str) -> Answer[bool]:
        """Give another name, which must not be there: the draft says so, not every server does."""
        return self._ask(_done, packets.RENAME, self._path(path), self._path(other))

    def replace(self, path: str, other: str) -> Answer[bool]:
        """Take the place of another name in one step; needs :data:`REPLACE`."""
        return self._extended(REPLACE, self._path(path) + self._path(other), _done)

    def link(self, path: str, other: str) -> Answer[bool]:
        """Give a second name, which must not be there; needs :data:`HARD_LINK`."""
        return self._extended(HARD_LINK, self._path(path) + self._path(other), _done)

    # --- asking -------------------------------------------------------------------------------

    def _path(self, path: str) -> bytes:
        return text(self._prefix + path if path else self.root or ".")

    def _ask(self, read: Callable[[Reply], T], kind: int, *body: Buffer) -> Answer[T]:
        return Answer(self.exchange, self.exchange.ask(kind, *body), read)

    def _extended(self, name: str, body: bytes, read: Callable[[Reply], T]) -> Answer[T]:
        return self._ask(read, packets.EXTENDED, text(name), body)


def is_file(found: Attributes) -> bool:
    """Whether it is a plain file, as far as the server says what it is."""
    return found.mode is None or not stat.S_IFMT(found.mode) or stat.S_ISREG(found.mode)


def is_folder(found: Attributes) -> bool:
    """Whether it is a folder, as far as the server says what it is."""
    return found.mode is None or not stat.S_IFMT(found.mode) or stat.S_ISDIR(found.mode)


def _expect(reply: Reply, kind: int) -> Reader:
    """The body of an answer of the kind that was hoped for.

    Raises:
        StatusError: it is a status that says no.
        ValueError: it is something else.
    """
    reader = Reader(reply.body)
    if reply.kind == kind:
        return reader
    if reply.kind != packets.STATUS:
        raise ValueError(f"the server sent a packet of kind {reply.kind}, not {kind}")
    status = reader.number()
    # Servers older than version 3 send no sentence with it.
    raise StatusError(status, reader.text() if reader.left() else f"status {status}")


def _done(reply: Reply) -> bool:
    """True: done. A status that says anything else is an error."""
    reader = _expect(reply, packets.STATUS)
    status = reader.number()
    if status != packets.OK:
        raise StatusError(status, reader.text() if reader.left() else f"status {status}")
    return True


def _handle(reply: Reply) -> bytes:
    return bytes(_expect(reply, packets.HANDLE).bytes())


def _attributes(reply: Reply) -> Attributes:
    return _expect(reply, packets.ATTRS).attributes()


def _extended_body(reply: Reply) -> Reader:
    return _expect(reply, packets.EXTENDED_REPLY)


def _data(reply: Reply) -> memoryview:
    try:
        return _expect(reply, packets.DATA).bytes()
    except StatusError as error:
        if error.status == packets.END:
            return memoryview(b"")
        raise


def _entries(reply: Reply) -> list[Entry]:
    try:
        return _expect(reply, packets.NAME).entries()
    except StatusError as error:
        if error.status == packets.END:
            return []
        raise
