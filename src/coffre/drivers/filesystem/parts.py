"""Parts: bytes written aside, that become an object in one step or leave no trace.

Where the file system can, a part has no name at all (``O_TMPFILE``): the kernel removes it when
its writer dies. Elsewhere, and while an object is replaced, it is ``.coffre/parts/<token>.part``,
locked by its writer as long as that one lives, which is how a sweep tells a leftover from work
in progress.
"""

from __future__ import annotations

import errno
import fcntl
import os
import uuid
from contextlib import suppress

from coffre.drivers.filesystem.flushing import close
from coffre.drivers.filesystem.root import Root
from coffre.tree import PARTS, Place, part_path

_MODE = 0o666
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_UNNAMED = os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC | os.O_NOFOLLOW
# A part without a name is given one through /proc, which a bare chroot does not have.
_CAN_NAME_LATER = os.path.isdir("/proc/self/fd")
_NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}


class Part:
    """An open file that nobody sees yet. Close it, whatever happens."""

    __slots__ = ("_name", "_root", "fd")

    def __init__(self, root: Root, fd: int, name: str | None) -> None:
        """Hold an open file; ``name`` is its path when it has one."""
        self._root = root
        self.fd = fd
        self._name = name

    def link(self, place: Place) -> None:
        """Make it appear at a place where nothing is.

        Raises:
            FileExistsError: something is there, and stays as it is.
        """
        root = self._root.fd
        # link(2) rather than rename(2), which would silently replace what another writer has
        # just finished. A dir_fd makes CPython call linkat with AT_SYMLINK_FOLLOW.
        source = self._name or f"/proc/self/fd/{self.fd}"
        os.link(source, place.path, src_dir_fd=root, dst_dir_fd=root)
        self._drop_name()

    def swap(self, place: Place) -> None:
        """Make it appear in the place of what is there; who has that one open keeps it."""
        root = self._root.fd
        if self._name is None:
            fcntl.flock(self.fd, fcntl.LOCK_EX)
            self._name = part_path(uuid.uuid4().hex)
            os.link(f"/proc/self/fd/{self.fd}", self._name, src_dir_fd=root, dst_dir_fd=root)
        os.replace(self._name, place.path, src_dir_fd=root, dst_dir_fd=root)
        self._name = None

    def close(self) -> None:
        """Let it go; without a place of its own, it is gone."""
        self._drop_name()
        descriptor, self.fd = self.fd, -1
        if descriptor >= 0:
            close(descriptor)

    def _drop_name(self) -> None:
        name, self._name = self._name, None
        if name is not None:
            # What cannot be removed now is a leftover, and a sweep takes it later.
            with suppress(OSError):
                os.unlink(name, dir_fd=self._root.fd)


def open_part(root: Root, folder: str, *, flush: bool = True) -> Part:
    """Begin a part, to be placed in ``folder`` later.

    The folder is made if it is missing. An unnamed part begins in it, so that the file system
    puts the bytes near their final neighbours.

    Args:
        root: the offer.
        folder: where the object will be.
        flush: make a new folder durable here; see :meth:`Root.make_folder`.
    """
    try:
        root.walk(folder)
    except FileNotFoundError:
        root.make_folder(folder, flush=flush)
    if _CAN_NAME_LATER:
        try:
            return Part(root, os.open(folder, _UNNAMED, _MODE, dir_fd=root.fd), None)
        except FileNotFoundError:
            # Remembered, and removed since by somebody who tidied up empty folders.
            root.make_folder(folder, flush=flush)
            return Part(root, os.open(folder, _UNNAMED, _MODE, dir_fd=root.fd), None)
        except OSError as error:
            if error.errno not in _NO_UNNAMED_FILES:
                raise
    return named_part(root)


def named_part(root: Root) -> Part:
    """Begin a part that has a name, and is locked while this process works on it."""
    while True:
        name = part_path(uuid.uuid4().hex)
        try:
            descriptor = os.open(name, _NEW, _MODE, dir_fd=root.fd)
        except FileNotFoundError:
            root.make_folder(PARTS)
            descriptor = os.open(name, _NEW, _MODE, dir_fd=root.fd)
        part = Part(root, descriptor, name)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return part
        except BaseException:
            part.close()
            raise
        # A sweep took the file between its creation and its lock: once more.
        part.close()
