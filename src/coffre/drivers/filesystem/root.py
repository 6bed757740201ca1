"""The root of an offer: whether it is there, whether it is ours, and the folders below it.

An empty directory may be a new offer, or the mount point of a disk that is away: to read
*absent* off the second would be the worst of answers. A marker, written at the first put, tells
them apart afterwards; a directory that holds other things and no marker is never touched.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from coffre.contract import (
    ForbiddenError,
    ObjectRef,
    OfferError,
    OfferUnavailableError,
    ParameterError,
)
from coffre.drivers.filesystem import flushing
from coffre.drivers.filesystem.errors import intruder, offer_error, translating
from coffre.drivers.filesystem.flushing import close
from coffre.drivers.filesystem.journal import keeps_order
from coffre.drivers.filesystem.marker import check_marker, empty_of_objects, write_marker
from coffre.drivers.filesystem.settings import Settings
from coffre.tree import MARKER

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_KNOWN_FOLDERS_LIMIT = 100_000

# What this process has seen, so that it is not looked at again for each operation. Only sets,
# only added to: no lock is needed, and forgetting costs a few system calls.
_marked_paths: set[str] = set()
_known_folders: dict[tuple[int, int], set[str]] = {}


class Root:
    """An open root. Paths given to its methods are relative to it."""

    __slots__ = ("_folders", "_marked", "device", "fd", "settings")

    def __init__(self, settings: Settings) -> None:
        """Open the root.

        Raises:
            OfferUnavailableError: it does not exist, or its marker is gone.
            ForbiddenError: no right to enter it.
            ParameterError: it is something else than an offer or an empty directory.
        """
        self.settings = settings
        self.fd = _open(settings)
        try:
            self._marked = self._look()
            with translating(make=_root_error):
                found = os.fstat(self.fd)
        except BaseException:
            self.close()
            raise
        self.device = found.st_dev
        self._folders = _known_folders.setdefault((found.st_dev, found.st_ino), set())

    def _look(self) -> bool:
        """Whether the marker is there; refuse whatever is not certainly ours or new."""
        path = self.settings.root
        with translating(make=_root_error):
            if check_marker(self.fd, path):
                _marked_paths.add(path)
                return True
            if path in _marked_paths:
                raise OfferUnavailableError(
                    f"root {path} has lost its marker {MARKER}: was its disk unmounted?"
                )
            if not empty_of_objects(self.fd):
                raise ParameterError(
                    f"root {path} is neither empty nor an offer of coffre (no {MARKER}); nothing "
                    "was touched. Name an empty directory, or copy .coffre from where it came"
                )
        if self.settings.mounted:
            raise OfferUnavailableError(
                f"root {path} is empty: is its disk mounted? (For a new disk, store once "
                "with mounted = false.)"
            )
        return False

    def require(self, ref: ObjectRef | None = None) -> None:
        """Make sure that the root is there, before *nothing there* is said of anything in it.

        Raises:
            OfferUnavailableError: it is not; nothing is known of the object.
        """
        try:
            self._check_same_directory()
            self._marked = self._look()
        except OfferError as error:
            error.ref = ref
            raise
        except ParameterError as error:
            raise OfferUnavailableError(error.message, ref=ref) from error

    def _check_same_directory(self) -> None:
        """Make sure that the open directory is still the one that its path names."""
        path = self.settings.root
        try:
            here, there = os.fstat(self.fd), os.stat(path)
        except OSError as error:
            raise OfferUnavailableError(f"root {path} is gone: {error.strerror}") from error
        if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
            raise OfferUnavailableError(f"root {path} is another directory now; connect again")

    def prepare(self) -> None:
        """Make a new root an offer; called before anything is stored."""
        if not self._marked:
            # A disk may have been mounted over the empty directory since it was opened.
            self._check_same_directory()
            try:
                with translating():
                    write_marker(self.fd, self.settings)
            except ParameterError as error:
                raise ForbiddenError(error.message) from error
            self._marked = True
            _marked_paths.add(self.settings.root)

    def walk(self, folder: str) -> None:
        """Refuse a symbolic link on the way to an object; a missing folder is nobody's fault.

        Raises:
            FileNotFoundError: a folder is missing.
            ObjectCorruptError: one is something else than a directory.
        """
        if folder in self._folders:
            return
        for path in _prefixes(folder):
            if not stat.S_ISDIR(os.lstat(path, dir_fd=self.fd).st_mode):
                raise intruder(None)
        self._remember(folder)

    def make_folder(self, folder: str) -> None:
        """Make the folders of a path that are missing, each durable in the one above it."""
        self._folders.discard(folder)
        above = "."
        for path in _prefixes(folder):
            try:
                os.mkdir(path, dir_fd=self.fd)
            except FileExistsError:
                pass
            else:
                # Whoever made a folder flushes its name. Someone else who stores in it right
                # now flushes the folder itself, which takes its name along on ext4, xfs, btrfs.
                self.flush_names(above)
            above = path
        self.walk(folder)

    def _remember(self, folder: str) -> None:
        if len(self._folders) < _KNOWN_FOLDERS_LIMIT:
            self._folders.add(folder)

    def settle_bytes(self, descriptor: int, *, attached: bool) -> None:
        """Make bytes ready for a name: once the name is flushed, both survive a power cut.

        Args:
            descriptor: an open file that is complete.
            attached: its record is an attribute of it. An attribute also keeps ext4 from
                taking the short way of its fast commits, which the ordering does not cover.
        """
        if not self.settings.flush:
            return
        if attached and self.keeps_order():
            flushing.write_back(descriptor)
        else:
            os.fsync(descriptor)

    def keeps_order(self) -> bool:
        """Whether flushing names also makes durable what was written back before."""
        return keeps_order(self.device)

    def flush_names(self, folder: str) -> None:
        """Make the names in a folder survive a power cut."""
        if not self.settings.flush:
            return
        descriptor = os.open(folder, _DIRECTORY | os.O_NOFOLLOW, dir_fd=self.fd)
        try:
            os.fsync(descriptor)
        finally:
            close(descriptor)

    def close(self) -> None:
        """Let the root go; closing twice is harmless."""
        descriptor, self.fd = self.fd, -1
        if descriptor >= 0:
            close(descriptor)


def _prefixes(folder: str) -> list[str]:
    """``a/b/c``: ``a``, ``a/b``, ``a/b/c``."""
    parts = folder.split("/")
    return ["/".join(parts[: length + 1]) for length in range(len(parts))]


def _open(settings: Settings) -> int:
    path = settings.root
    try:
        return os.open(path, _DIRECTORY)
    except FileNotFoundError:
        # One that this process has seen is not new: it is away, and is not made again.
        if settings.create and path not in _marked_paths:
            return _make(path)
        raise OfferUnavailableError(
            f"root {path} does not exist: is its disk mounted? (For a new offer, make the "
            "directory, or set create = true.)"
        ) from None
    except OSError as error:
        raise _root_error(error) from error


def _make(path: str) -> int:
    with translating(make=_root_error):
        with suppress(FileExistsError):
            os.mkdir(path)
        flushing.fsync_path(os.path.dirname(os.path.abspath(path)))
        return os.open(path, _DIRECTORY)


def _root_error(error: OSError, ref: ObjectRef | None = None) -> OfferError:
    """Whatever is wrong with the root itself says nothing of any object."""
    made = offer_error(error, ref)
    if isinstance(made, ForbiddenError | OfferUnavailableError):
        return made
    return OfferUnavailableError(f"the root cannot be used: {error.strerror}", ref=ref)
