"""What a client of a service can do here, ours and the peers' alike."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Protocol

from benchmarks.archives import MIB
from benchmarks.measuring import NotMeasuredError

BLOCK = random.Random(34).randbytes(MIB)
"""What large objects are made of, over and over; the services here neither compress nor share."""


PEERS = str(Path(sys.prefix) / "peers")
"""Where ``make peers`` puts them."""


class Store(Protocol):
    """One client of one service. Objects are new; a name is used once."""

    def put_large(self, name: str, size: int) -> object:
        """Send a stream of so many bytes."""
        ...

    def get_large(self, name: str, size: int) -> None:
        """Read an object to its end, in pieces."""
        ...

    def put(self, name: str, data: bytes) -> object:
        """Send a small object."""
        ...

    def get(self, name: str, size: int) -> None:
        """Read a small object."""
        ...


StoreMaker = Callable[[Path], AbstractContextManager[Store]]
"""Connects; the directory, on tmpfs, is for those who can only send files."""


class Source:
    """A stream of so many bytes, that cannot be sought or told its place: as an archive gets it."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes, all that remain when negative."""
        wanted = self._left if size < 0 else min(size, self._left)
        self._left -= wanted
        if wanted <= MIB:
            return BLOCK[:wanted]
        return (BLOCK * (wanted // MIB + 1))[:wanted]

    def chunks(self) -> Iterator[bytes]:
        """The same by the mebibyte."""
        return iter(lambda: self.read(MIB), b"")


def checked(found: int, size: int) -> None:
    """A figure counts only when all of the object was read.

    Raises:
        NotMeasuredError: another length.
    """
    if found != size:
        raise NotMeasuredError(f"{found} bytes were read, {size} were stored")


def address_of(name: str) -> Mapping[str, str]:
    """Address of a real server, as the tests are told it (tests/servers/README.md).

    Raises:
        NotMeasuredError: it was not started.
    """
    variable = f"COFFRE_TEST_{name}"
    path = os.environ.get(variable)
    if path is None:
        raise NotMeasuredError(f"{name} was not started: {variable} names no file")
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def peer_module(name: str) -> ModuleType:
    """The library that somebody else would use.

    Raises:
        NotMeasuredError: it is not installed.
    """
    if PEERS not in sys.path:
        sys.path.insert(0, PEERS)
    try:
        return import_module(name)
    except ImportError:
        raise NotMeasuredError(f"{name.split('.')[0]} is not installed: make peers") from None
