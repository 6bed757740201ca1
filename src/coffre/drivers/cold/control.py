"""The hands in a library: what an operator, or misfortune, does to it. For rehearsals and tests.

Not part of the contract: a program that stores and reads never needs this. It works on a library
that others are using, in the same process or in another one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from coffre.contract import SYSTEM_CLOCK, Clock, ConnectionParameters, ObjectRef
from coffre.drivers.cold.archives import pack
from coffre.drivers.cold.errors import translating
from coffre.drivers.cold.held import Held, find, held
from coffre.drivers.cold.library import Library
from coffre.drivers.cold.settings import Settings
from coffre.drivers.cold.turning import advance, evict


@dataclass(frozen=True, slots=True)
class Location:
    """Where the bytes of an object are."""

    path: str
    """A file on disk, or an archive."""
    position: int
    """Byte of the file at which the object begins."""
    size: int


class LibraryControl:
    """A hold on one library. Use it as a context manager, or close it."""

    def __init__(self, parameters: ConnectionParameters, clock: Clock = SYSTEM_CLOCK) -> None:
        """Open the library that a connection of the same parameters would use.

        Raises:
            OfferUnavailableError: none is there.
        """
        self._library = Library(Settings.of(parameters), clock)

    def let_pass(self, seconds: float) -> None:
        """Have so much time pass at once, for everybody who uses the library; lasts."""
        with translating():
            with self._library.catalogue.changing():
                self._library.catalogue.do("UPDATE clock SET ahead = ahead + ?", seconds)
            advance(self._library)

    def chill(self, ref: ObjectRef) -> None:
        """Pack an object, unless it is on tape already, and have it leave the disk now.

        Raises:
            ObjectNotFoundError: the reference holds nothing.
        """
        library = self._library
        with translating(ref), library.robot():
            found = held(library, ref)
            if found.archive is None:
                pack(library, [found])
                found = held(library, ref)
            evict(library, [found])

    def locate(self, ref: ObjectRef) -> Location | None:
        """Where an object's bytes are, on disk rather than on tape; ``None`` without an object."""
        library = self._library
        with translating(ref):
            found = find(library, ref)
        return None if found is None else _location(library, found)

    def damage(self, ref: ObjectRef) -> None:
        """Turn one bit of an object, where :meth:`locate` finds it. An empty one has none.

        Raises:
            ObjectNotFoundError: the reference holds nothing.
        """
        with translating(ref):
            place = _location(self._library, held(self._library, ref))
            descriptor = os.open(place.path, os.O_RDWR | os.O_CLOEXEC)
            try:
                bits = os.pread(descriptor, min(1, place.size), place.position)
                os.pwrite(descriptor, bytes(one ^ 1 for one in bits), place.position)
            finally:
                os.close(descriptor)

    def stick(self, tape: int, *, sticks: bool = True) -> None:
        """Have a tape that cannot be mounted, or can be again."""
        library = self._library
        with translating():
            advance(library)  # until now the tape was as it was
            with library.catalogue.changing():
                library.catalogue.do("UPDATE tapes SET sticks = ? WHERE number = ?", sticks, tape)

    def break_drive(self, number: int, *, broken: bool = True) -> None:
        """Have a drive go out of order, or work again. What it was reading is read anew.

        A drive that is broken holds no tape; those who wait are served by the others.
        """
        library = self._library
        now = library.now()
        with translating():
            advance(library)  # until now the drive was as it was
        with translating(), library.robot(), library.catalogue.changing():
            library.catalogue.do(
                "INSERT INTO drives (number, broken, free) VALUES (?, ?, ?) ON CONFLICT (number) "
                "DO UPDATE SET broken = excluded.broken, tape = NULL, free = excluded.free",
                number,
                broken,
                now,
            )
            library.catalogue.do(
                "UPDATE recalls SET drive = NULL, done = NULL, asked = ?, attempt = attempt + 1 "
                "WHERE drive = ? AND done > ?",
                now,
                number,
                now,
            )

    def close(self) -> None:
        """Let the library go."""
        self._library.close()

    def __enter__(self) -> Self:
        """Use it; it is closed on leaving."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


def _location(library: Library, found: Held) -> Location:
    if found.token is not None:
        return Location(library.cached(found.token), 0, found.size)
    path = library.archive(found.tape or 0, found.archive or 0)
    return Location(path, found.position or 0, found.size)
