"""The root of an offer in a foreign file system, and what is done with files below it.

*Not there* is only said once the marker of the offer has been seen in the same moment: several
libraries answer so when they cannot reach the service at all. Paths are relative to the root.
"""

from __future__ import annotations

import os
from contextlib import closing, suppress

from coffre.contract import ObjectRef, OfferUnavailableError, ParameterError
from coffre.drivers.fsspec.errors import translating
from coffre.drivers.fsspec.filesystems import (
    BLOCK,
    Opened,
    OpenFile,
    close_quietly,
    open_file_system,
)
from coffre.drivers.fsspec.settings import Settings
from coffre.tree import MARKER, MARKER_BYTES, check_layout

# URLs at which this process has seen an offer; only added to, so that no lock is needed.
_seen: set[str] = set()


class Root:
    """An open root, of a session of its own with the file system."""

    def __init__(self, settings: Settings) -> None:
        """Reach the file system; whether an offer is there is asked by :meth:`require`.

        Raises:
            ParameterError: no file system that can hold an offer.
            ForbiddenError: it does not let this user in.
            OfferUnavailableError: it cannot be reached.
        """
        self.settings = settings
        self._folders: set[str] = set()
        self._opened: Opened | None = None
        self._process = 0
        self._connect()

    def _connect(self) -> Opened:
        with translating():
            self._opened = open_file_system(self.settings)
        self._process = os.getpid()
        return self._opened

    @property
    def _fs(self) -> Opened:
        """The session; a child process opens its own, and leaves its parent's alone."""
        if self._opened is None or self._process != os.getpid():
            return self._connect()
        return self._opened

    def at(self, path: str) -> str:
        """A path as the file system wants it."""
        return f"{self.settings.path.rstrip('/')}/{path}"

    def require(self, ref: ObjectRef | None = None) -> None:
        """Make sure that the offer is there: its marker is seen, and of a layout we know.

        Raises:
            OfferUnavailableError: it is not; nothing is known of the object.
        """
        marker = self.marker()
        if marker is None:
            raise OfferUnavailableError(
                f"{self.settings.place} holds no offer: no {MARKER} is seen there", ref=ref
            )
        try:
            check_layout(marker, self.settings.place)
        except ParameterError as error:
            raise OfferUnavailableError(error.message, ref=ref) from error
        _seen.add(self.settings.url)

    def seen_before(self) -> bool:
        """Whether this process has seen an offer at this URL."""
        return self.settings.url in _seen

    def marker(self) -> bytes | None:
        """The marker; ``None`` when none is seen."""
        with translating():
            try:
                return self.read(MARKER, MARKER_BYTES)
            except FileNotFoundError:
                return None

    # --- files; all raise what the library raises, ``FileNotFoundError`` among it ------------

    def size(self, path: str) -> int:
        """Length of a file, in bytes; -1 of what is not a file."""
        return _length(self._fs.files.info(self.at(path)))

    def read(self, path: str, at_most: int) -> bytes:
        """The first bytes of a small file."""
        size = min(self.size(path), at_most)
        if size < 0:
            raise IsADirectoryError(path)
        if not size:
            return b""
        try:
            with closing(self.open(path)) as file:
                return bytes(file.read(size))
        except Exception:
            self.size(path)  # it may have been removed since its size was asked
            raise

    def is_gone(self, path: str) -> bool:
        """Whether a file is seen not to be there, of an offer that is."""
        try:
            self.size(path)
        except FileNotFoundError:
            return self.marker() is not None
        except Exception:  # noqa: BLE001 - whatever it was, it is not known to be gone
            return False
        return False

    def open(self, path: str) -> OpenFile:
        """A file of the library, open for reading."""
        return self._fs.files.open(self.at(path), "rb", block_size=BLOCK)

    def create(self, path: str) -> OpenFile:
        """A file of the library, open for writing; its bytes may be seen under its name."""
        return self._fs.files.open(self.at(path), "wb", block_size=BLOCK)

    def rename(self, source: str, destination: str) -> None:
        """Give a file another name, in one step."""
        try:
            self._fs.rename(self.at(source), self.at(destination))
        except Exception:
            self._folders.clear()  # that of the new name may be gone
            self.size(source)  # some services refuse where there is nothing to rename
            raise

    def remove(self, path: str) -> None:
        """Remove a file."""
        try:
            self._fs.files.rm_file(self.at(path))
        except Exception:
            self.size(path)  # some services refuse where there is nothing to remove
            raise

    def names(self, folder: str) -> dict[str, int]:
        """Names in a folder with the length of each, -1 of what is not a file."""
        try:
            found = self._fs.files.ls(self.at(folder), detail=True)
        except NotADirectoryError:
            return {}
        names = {str(one["name"]).rstrip("/").rpartition("/")[2]: _length(one) for one in found}
        # Asked about a file, some libraries give the file itself.
        only_itself = len(names) == 1 and folder.rpartition("/")[2] in names
        return {} if only_itself and self.size(folder) >= 0 else names

    def make_folder(self, folder: str) -> None:
        """Make the folders of a path that are missing."""
        if folder in self._folders or folder == ".":
            return
        above = ""
        for part in folder.split("/"):
            above = f"{above}/{part}".lstrip("/")
            if above not in self._folders:
                self._make_one(above)
                self._folders.add(above)

    def _make_one(self, folder: str) -> None:
        try:
            self._fs.files.info(self.at(folder))
        except FileNotFoundError:
            try:
                self._fs.files.mkdir(self.at(folder), create_parents=False)
            except Exception:  # noqa: BLE001 - whatever it was, the next line tells
                # Somebody else may have made it just now; anything else is an error.
                self._fs.files.info(self.at(folder))

    def make_root(self) -> None:
        """Make the folder of the offer itself; the one above it must be there."""
        self._fs.files.mkdir(self.settings.path, create_parents=False)

    def close(self) -> None:
        """End the session; one that belongs to the parent of this process is left alone."""
        opened, self._opened = self._opened, None
        if opened is not None and self._process == os.getpid():
            close_quietly(opened)


def _length(info: dict[str, object]) -> int:
    if info.get("type") != "file":
        return -1
    size = info.get("size")
    with suppress(TypeError, ValueError):
        return int(size)  # type: ignore[call-overload, no-any-return]
    return -1
