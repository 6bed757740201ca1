"""The library: its directory, its catalogue, its files and its time.

::

    catalogue.sqlite          what is where, who waits for what: the truth
    cache/<ab>/<token>        bytes of one object, on disk
    tapes/<T00001>/<7>.tar    objects packed together, as ``tar`` reads them
    quarantine/<token>/       bad bytes, with the reason
    robot.lock                held by whoever moves objects between disk and tape

A directory without a catalogue is no library: it may be the place of a disk that is away.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from coffre.contract import Clock, ConnectionLostError, OfferUnavailableError, ParameterError
from coffre.drivers.cold.catalogue import Catalogue, make_catalogue
from coffre.drivers.cold.errors import translating
from coffre.drivers.cold.settings import Settings

CATALOGUE, LOCK = "catalogue.sqlite", "robot.lock"
CACHE, TAPES, QUARANTINE = "cache", "tapes", "quarantine"
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
# Libraries that this process has seen: what is empty where one was is a disk that is away. Only
# added to, so that no lock is needed.
_seen: set[str] = set()
_NOT_OURS_TO_MIND = frozenset({"lost+found", CACHE, TAPES, QUARANTINE, LOCK})


class Library:
    """An open library; used by one thread at a time, in the process that opened it."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Open the library of a directory.

        Raises:
            OfferUnavailableError: none is there.
            ParameterError: it is of a schema that this code does not know.
        """
        self.settings = settings
        self._clock = clock
        self._closed = False
        self._identity = self._look()
        with translating():
            self.catalogue = Catalogue(self.path(CATALOGUE), flush=settings.flush)

    def path(self, *names: str) -> str:
        """A path below the directory."""
        return os.path.join(self.settings.root, *names)

    def require(self) -> None:
        """Make sure that the library is there, before anything is said of what it holds.

        Raises:
            ConnectionLostError: the session is closed.
            OfferUnavailableError: its directory is gone, or another one.
        """
        if self._closed:
            raise ConnectionLostError("the connection is closed", effect_unknown=False)
        if self._look() != self._identity:
            raise OfferUnavailableError("the library is another one now; connect again")

    def _look(self) -> tuple[int, int]:
        try:
            found = os.stat(self.path(CATALOGUE))
        except OSError as error:
            raise OfferUnavailableError(
                f"{self.settings.root} holds no library ({error.strerror}): is its disk mounted? "
                "(A new one is made once, by `coffre offers --prepare ID`.)"
            ) from error
        _seen.add(self.settings.root)
        return found.st_dev, found.st_ino

    # --- time ------------------------------------------------------------------------------

    def now(self) -> float:
        """The library's time, in seconds: the clock's, and what was let pass on purpose."""
        return self._clock.now().timestamp() + self.ahead()

    def ahead(self) -> float:
        """Seconds by which the library's time is ahead of the clock."""
        row = self.catalogue.one("SELECT ahead FROM clock")
        return float(row[0]) if row else 0.0

    # --- files -----------------------------------------------------------------------------

    def cached(self, token: str) -> str:
        """Path of an object's bytes on disk."""
        return self.path(CACHE, token[:2], token)

    def archive(self, tape: int, number: int) -> str:
        """Path of an archive on a tape."""
        return self.path(TAPES, tape_name(tape), f"{number}.tar")

    def new_file(self) -> tuple[int, str]:
        """Begin a file for the bytes of an object.

        It is locked as long as it is open, which is how a sweep knows that it is being written.

        Returns:
            A descriptor, and the token by which a row will name it.
        """
        while True:
            token = uuid.uuid4().hex
            descriptor = self.create(self.cached(token))
            if os.fstat(descriptor).st_nlink:
                return descriptor, token
            os.close(descriptor)  # a sweep took it between its creation and its lock: once more

    def create(self, path: str) -> int:
        """Create and lock a file, in a folder that is made if it is missing."""
        folder = os.path.dirname(path)
        if not os.path.isdir(folder):
            with suppress(FileExistsError):
                os.mkdir(folder)
            self.flush_folder(os.path.dirname(folder))
        descriptor = os.open(path, _NEW, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor

    def settle(self, descriptor: int, path: str) -> None:
        """Have a file that is complete, and its name, survive a power cut."""
        if self.settings.flush:
            os.fsync(descriptor)
        self.flush_folder(os.path.dirname(path))

    def flush_folder(self, folder: str) -> None:
        """Have the names in a folder survive a power cut."""
        if not self.settings.flush:
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def discard(self, token: str | None) -> None:
        """Remove a file that no row names (any more); what cannot be is left to a sweep."""
        if token is not None:
            with suppress(OSError):
                os.unlink(self.cached(token))

    @contextmanager
    def robot(self) -> Iterator[None]:
        """Be the one who moves objects between disk and tape; others wait for their turn."""
        descriptor = os.open(self.path(LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Let the library go; closing twice is harmless."""
        self._closed = True
        self.catalogue.close()


def tape_name(number: int) -> str:
    """``T00001``: what is written on a tape."""
    return f"T{number:05}"


def make_library(settings: Settings) -> bool:
    """Make a directory a library: an empty one, or the last of its path, made here if missing.

    The catalogue appears last, whole: a cut before it leaves nothing that counts.

    Returns:
        False when it was one already; nothing changed.

    Raises:
        ParameterError: it holds other things; nothing in it was touched.
        OfferUnavailableError: it cannot be reached, or this process has seen a library there.
        ForbiddenError: no right to make it.
    """
    root = settings.root
    with translating():
        if _is_library(root):
            return False
        with suppress(FileExistsError):
            os.mkdir(root)
        _refuse_other_things(root)
        for folder in (CACHE, TAPES, QUARANTINE):
            with suppress(FileExistsError):
                os.mkdir(os.path.join(root, folder))
        return _place_catalogue(root)


def _is_library(root: str) -> bool:
    found = os.path.exists(os.path.join(root, CATALOGUE))
    if not found and root in _seen:
        raise OfferUnavailableError(
            f"{root} was a library and is none now: its disk is away, and nothing is made in "
            "its place"
        )
    return found


def _refuse_other_things(root: str) -> None:
    names = set(os.listdir(root)) - _NOT_OURS_TO_MIND
    others = {one for one in names if not one.startswith((CATALOGUE, f".{CATALOGUE}"))}
    if others:
        raise ParameterError(
            f"{root} is neither empty nor a library ({min(others)} is there); nothing was "
            "touched. Name an empty directory"
        )


def _place_catalogue(root: str) -> bool:
    aside = os.path.join(root, f".{CATALOGUE}.{uuid.uuid4().hex}")
    try:
        make_catalogue(aside)
        with open(aside, "rb") as file:
            os.fsync(file.fileno())
        try:
            # link(2): of several who prepare at once, one has made it.
            os.link(aside, os.path.join(root, CATALOGUE))
        except FileExistsError:
            return False
    finally:
        with suppress(FileNotFoundError):
            os.unlink(aside)
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True
