"""Packets of SFTP version 3: numbers, and how values lie in bytes. No I/O here.

Version 3 is what every server speaks; its draft was never made a standard, and OpenSSH's own
extensions are described beside its source.

Source: draft-ietf-secsh-filexfer-02; OpenSSH, PROTOCOL, section 4.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

VERSION = 3
"""The only version that is spoken here."""

# Kinds of packets, by the first byte.
INIT, ANNOUNCE = 1, 2
OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT = 3, 4, 5, 6, 7, 8
OPENDIR, READDIR, REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME = 11, 12, 13, 14, 15, 16, 17, 18
STATUS, HANDLE, DATA, NAME, ATTRS = 101, 102, 103, 104, 105
EXTENDED, EXTENDED_REPLY = 200, 201

# What a status says. Those from 10 on belong to later versions; some servers send them anyway.
OK, END, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE, BAD_MESSAGE = 0, 1, 2, 3, 4, 5
NO_CONNECTION, CONNECTION_LOST, UNSUPPORTED = 6, 7, 8
NO_SUCH_PATH, EXISTS, WRITE_PROTECTED, NO_SPACE, QUOTA = 10, 11, 12, 14, 15

# How a file is opened.
FOR_READING, FOR_WRITING, CREATE, TRUNCATE, NEW_ONLY = 0x01, 0x02, 0x08, 0x10, 0x20

_HAS_SIZE, _HAS_OWNER, _HAS_MODE, _HAS_TIMES, _HAS_MORE = 0x1, 0x2, 0x4, 0x8, 0x80000000

NUMBER = struct.Struct(">I")
LONG = struct.Struct(">Q")
HEAD = struct.Struct(">IBI")
"""Length, kind, number of the request."""
SPAN = struct.Struct(">QI")
"""Offset and length of a read or a write."""


class Attributes(NamedTuple):
    """What a server says of a file; ``None`` for what it does not say."""

    size: int | None = None
    """Bytes."""
    mode: int | None = None
    """Type and permissions, as ``st_mode``."""
    modified: int | None = None
    """Seconds since 1970, on the server's clock."""


class Entry(NamedTuple):
    """One name in a folder."""

    name: str
    attributes: Attributes


class Room(NamedTuple):
    """What ``statvfs`` says of a file system, in bytes."""

    total: int
    free: int
    """Unused, some of it kept for the administrator."""
    available: int
    """What this user can still fill."""
    read_only: bool


class Reader:
    """Takes values off the front of a packet.

    Every method raises ``ValueError`` when the packet ends too early.
    """

    __slots__ = ("_at", "_data")

    def __init__(self, data: memoryview) -> None:
        """Begin at the first byte."""
        self._data = data
        self._at = 0

    def number(self) -> int:
        """Four bytes."""
        return int.from_bytes(self._take(4), "big")

    def long(self) -> int:
        """Eight bytes."""
        return int.from_bytes(self._take(8), "big")

    def bytes(self) -> memoryview:
        """As many as the number before them says."""
        return self._take(self.number())

    def text(self) -> str:
        """Bytes that are to be read by a person, or are a name of ours."""
        return str(self.bytes(), "utf-8", "surrogateescape")

    def attributes(self) -> Attributes:
        """What is said of a file."""
        flags = self.number()
        size = self.long() if flags & _HAS_SIZE else None
        if flags & _HAS_OWNER:
            self._take(8)
        mode = self.number() if flags & _HAS_MODE else None
        modified = None
        if flags & _HAS_TIMES:
            self._take(4)
            modified = self.number()
        if flags & _HAS_MORE:
            for _ in range(self.number()):
                self.bytes(), self.bytes()
        return Attributes(size, mode, modified)

    def entries(self) -> list[Entry]:
        """Names of a folder; the line that ``ls -l`` would print is passed over."""
        found = []
        for _ in range(self.number()):
            name, _line = self.text(), self.bytes()
            found.append(Entry(name, self.attributes()))
        return found

    def room(self) -> Room:
        """The answer of ``statvfs@openssh.com``."""
        _block, unit, blocks, free, available = (self.long() for _ in range(5))
        _files, _files_free, _files_available, _id, flags = (self.long() for _ in range(5))
        return Room(blocks * unit, free * unit, available * unit, bool(flags & 1))

    def left(self) -> bool:
        """Whether there is more."""
        return self._at < len(self._data)

    def _take(self, count: int) -> memoryview:
        start, self._at = self._at, self._at + count
        if self._at > len(self._data):
            raise ValueError("the server sent a packet that is too short for what it says")
        return self._data[start : self._at]


def text(value: str | bytes) -> bytes:
    """A length and that many bytes; text is written in UTF-8."""
    data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    return NUMBER.pack(len(data)) + data


NO_ATTRIBUTES = NUMBER.pack(0)
"""For a new file: whatever the server gives to one."""
