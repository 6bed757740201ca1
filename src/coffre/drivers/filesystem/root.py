"""The root of an offer: whether it is there, whether it is ours, and the folders below it.

One rule: a root is an offer when its marker is there. An empty directory is what a disk that is
away leaves behind, and a missing one may be its mount point: to read *absent* off either would
be the worst of answers. So without a marker there is no root, and every operation says that the
offer is unavailable; a directory that holds other things is never touched.
"""

from __future__ import annotations

import os
import stat

from coffre.contract import ObjectRef, OfferError, OfferUnavailableError, ParameterError
from coffre.drivers.filesystem import flushing
from coffre.drivers.filesystem.errors import intruder, root_error
from coffre.drivers.filesystem.flushing import close
from coffre.drivers.filesystem.journal import keeps_order, takes_names_along
from coffre.drivers.filesystem.marker import check_marker, refuse_other_things
from coffre.drivers.filesystem.settings import Settings
from coffre.tree import MARKER

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
"""How a directory is opened."""
_KNOWN_FOLDERS_LIMIT = 100_000

# What this process has seen, so that it is not looked at again for each operation. Only sets,
# only added to: no lock is needed, and forgetting costs a few system calls.
_marked_paths: set[str] = set()
# By path and marker: the marker alone may be a hard link, in a copy made of links.
_known_folders: dict[tuple[str, int, int], set[str]] = {}


def seen_before(path: str) -> bool:
    """Whether this process has seen an offer there."""
    return path in _marked_paths


class Root:
    """An open root, with its marker. Paths given to its methods are relative to it."""

    __slots__ = ("_folders", "device", "fd", "settings")

    def __init__(self, settings: Settings) -> None:
        """Open the root of an offer.

        Raises:
            OfferUnavailableError: no offer is there: nothing at all, or no marker.
            ForbiddenError: no right to enter it.
            ParameterError: it holds other things, or a layout that we do not know.
        """
        self.settings = settings
        path = settings.root
        try:
            self.fd = os.open(path, DIRECTORY)
        except FileNotFoundError:
            raise _no_offer(path, "does not exist") from None
        except OSError as error:
            raise root_error(error) from error
        try:
            found = self._look()
        except BaseException:
            self.close()
            raise
        self.device = found.st_dev
        key = (path, found.st_dev, found.st_ino)
        known = _known_folders.get(key)
        self._folders = _known_folders.setdefault(key, set()) if known is None else known

    def _look(self) -> os.stat_result:
        """The marker; refuse a directory that has none."""
        path = self.settings.root
        try:
            found = check_marker(self.fd, path)
            if found is None and not seen_before(path):
                found = refuse_other_things(self.fd, path)
            if found is not None:
                _marked_paths.add(path)
                return found
        except OSError as error:
            raise root_error(error) from error
        if seen_before(path):
            raise OfferUnavailableError(
                f"root {path} has lost its marker {MARKER}: was its disk unmounted?"
            )
        raise _no_offer(path, "holds no offer")

    def require(self, ref: ObjectRef | None = None) -> None:
        """Make sure that the root is there, before *nothing there* is said of anything in it.

        Raises:
            OfferUnavailableError: it is not; nothing is known of the object.
        """
        try:
            self._check_same_directory()
            self._look()
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

    def make_folder(self, folder: str, *, flush: bool = True) -> None:
        """Make the folders of a path that are missing, each durable in the one above it.

        Args:
            folder: the path.
            flush: unset when the caller flushes the whole file system before anything that is
                put there is acknowledged.

        Raises:
            OfferUnavailableError: the offer has gone from the directory, which may be the place
                where its disk is mounted: nothing is stored there.
        """
        self.require()
        self._folders.discard(folder)
        above = "."
        for path in _prefixes(folder):
            try:
                os.mkdir(path, dir_fd=self.fd)
            except FileExistsError:
                pass
            else:
                # Whoever made a folder flushes its name. Someone else who stores in it right
                # now flushes the folder itself, which takes its name along on ext4, xfs, btrfs;
                # elsewhere a name that others can see does not wait for a flush of everything.
                if flush or not takes_names_along(self.device):
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
        descriptor = os.open(folder, DIRECTORY | os.O_NOFOLLOW, dir_fd=self.fd)
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


def _no_offer(path: str, what: str) -> OfferUnavailableError:
    return OfferUnavailableError(
        f"root {path} {what}: is its disk mounted? (A new offer is made once, by "
        "`coffre offers --prepare ID`, or by its first put with create = true.)"
    )
