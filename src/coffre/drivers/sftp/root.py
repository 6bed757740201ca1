"""The root of an offer on a server: whether it is there, and the folders below it.

One rule, the same as on a local disk: a root is an offer when its marker is there. An empty
directory is what a disk that is away leaves behind, on a server too. So *absent* is only said of
an object when the marker was seen in the same breath.
"""

from __future__ import annotations

from coffre.contract import ObjectRef, OfferUnavailableError
from coffre.drivers.sftp import packets
from coffre.drivers.sftp.errors import intruder
from coffre.drivers.sftp.exchange import StatusError
from coffre.drivers.sftp.packets import FOR_READING, Attributes
from coffre.drivers.sftp.remote import FLUSH, Remote, is_folder
from coffre.drivers.sftp.settings import Settings
from coffre.tree import MARKER, MARKER_BYTES, Place, check_layout

NOT_FLUSHED = (packets.BAD_MESSAGE, packets.UNSUPPORTED, packets.NO_SUCH_FILE)
"""What servers say to a flush of a folder when they flush none: any other *no* is a failure."""
_KNOWN_FOLDERS_LIMIT = 100_000

# What this process has seen, so that it is not looked at again for each operation. Only added to.
_marked_places: set[str] = set()
_known_folders: dict[tuple[str, Attributes], set[str]] = {}


def seen_before(settings: Settings) -> bool:
    """Whether this process has seen an offer there."""
    return settings.place in _marked_places


class Root:
    """An offer that is there."""

    def __init__(self, remote: Remote, settings: Settings) -> None:
        """Look for the marker, and read it.

        Raises:
            OfferUnavailableError: no offer is there.
            ParameterError: a layout that we do not know.
        """
        self.remote = remote
        self.settings = settings
        self.exchange = remote.exchange
        found = self._marker()
        if found is None:
            raise self._no_offer()
        self._seen = found
        _marked_places.add(settings.place)
        self._folders = _known_folders.setdefault((settings.place, found), set())

    def _marker(self) -> Attributes | None:
        remote = self.remote
        looked, opened = remote.lstat(MARKER), remote.open(MARKER, FOR_READING)
        found, handle = looked.if_there(), opened.if_there()
        if found is None or handle is None:
            return None
        data = remote.read(handle, 0, MARKER_BYTES)
        remote.close(handle)
        check_layout(bytes(data.get()), self.settings.place)
        return found

    def _no_offer(self) -> OfferUnavailableError:
        place = self.settings.place
        if seen_before(self.settings):
            return OfferUnavailableError(
                f"{place} has lost its marker {MARKER}: is its disk away from the server?"
            )
        return OfferUnavailableError(
            f"{place} holds no offer: is its disk mounted on the server? (A new offer is made "
            "once, by `coffre offers --prepare ID`, or by its first put with create = true.)"
        )

    # --- looking ------------------------------------------------------------------------------

    def look(self, place: Place, ref: ObjectRef | None = None) -> Attributes | None:
        """What stands in a place, in one round trip; see :class:`Look`."""
        return Look(self, place, ref).found()

    def knows(self, folder: str) -> bool:
        """Whether a folder was seen to be one, and so was every folder above it."""
        return folder in self._folders

    def require(self, ref: ObjectRef | None = None) -> None:
        """Make sure that the root is there, before *nothing there* is said of anything in it.

        Raises:
            OfferUnavailableError: it is not; nothing is known of the object.
        """
        self.check_same(self.remote.lstat(MARKER).if_there(), ref)

    def check_same(self, marker: Attributes | None, ref: ObjectRef | None) -> None:
        """Hold a marker that was just looked at against the one of this root."""
        if marker is None:
            error = self._no_offer()
            error.ref = ref
            raise error
        if marker != self._seen:
            raise OfferUnavailableError(
                f"{self.settings.place} is another offer now; connect again", ref=ref
            )

    # --- folders ------------------------------------------------------------------------------

    def make_folder(self, folder: str) -> None:
        """Make the folders of a path that are missing, each durable in the one above it."""
        if folder in self._folders:
            return
        above = ""
        for path in prefixes(folder):
            if path not in self._folders and self._make_one(path):
                self.flush_names(above)
            self.remember(path)
            above = path

    def forget_folder(self, folder: str) -> None:
        """It was there, and somebody who tidied up empty folders may have removed it."""
        self._folders.difference_update(prefixes(folder))

    def _make_one(self, path: str) -> bool:
        """Make one folder; False when it was there."""
        try:
            self.remote.make_folder(path).get()
        except StatusError:
            found = self.remote.lstat(path).if_there()
            if found is None:
                raise
            if not is_folder(found):
                raise intruder(None) from None
            return False
        return True

    def remember(self, folder: str) -> None:
        """It is there, and a folder, and so is every folder above it."""
        if len(self._folders) < _KNOWN_FOLDERS_LIMIT:
            self._folders.add(folder)

    # --- flushing -----------------------------------------------------------------------------

    @property
    def flushes(self) -> bool:
        """Whether a flush is wanted, and the server has one."""
        return self.settings.flush and self.remote.has(FLUSH)

    def flush_names(self, folder: str) -> bool:
        """Make the names in a folder survive a power cut.

        Returns:
            False where the server has no way to do it.
        """
        if not self.flushes:
            return False
        handle = self.open_names(folder)
        if handle is None:
            return False
        try:
            return self._flushed(handle)
        finally:
            self.remote.close(handle)

    def open_names(self, folder: str) -> bytes | None:
        """Open a folder as a file is opened, which OpenSSH allows: only that can be flushed."""
        try:
            return self.remote.open(folder, FOR_READING).get()
        except StatusError:
            return None

    def _flushed(self, handle: bytes) -> bool:
        try:
            return self.remote.flush(handle).get()
        except StatusError as error:
            if error.status in NOT_FLUSHED:
                return False
            raise


class Look:
    """A look at one place, whose answers may still be on their way."""

    __slots__ = ("_above", "_looked", "_marker", "_place", "_ref", "_root")

    def __init__(self, root: Root, place: Place, ref: ObjectRef | None) -> None:
        """Ask for the place, for the folders on the way to it, and for the marker."""
        remote = root.remote
        self._root = root
        self._place = place
        self._ref = ref
        above = [] if root.knows(place.folder) else prefixes(place.folder)
        self._above = [remote.lstat(path) for path in above]
        self._looked = remote.lstat(place.path)
        self._marker = remote.lstat(MARKER)

    def found(self) -> Attributes | None:
        """What stands there; ``None`` when the root was seen, and nothing is there.

        Raises:
            OfferUnavailableError: it is not there, and neither is the root.
            ObjectCorruptError: a link, or something else than a folder, is on the way to it.
        """
        ways = [folder.if_there() for folder in self._above]
        if any(way is not None and not is_folder(way) for way in ways):
            raise intruder(self._ref)
        found = self._looked.if_there()
        if found is None:
            self._root.check_same(self._marker.if_there(), self._ref)
        elif ways:
            self._root.remember(self._place.folder)
        return found


def prefixes(folder: str) -> list[str]:
    """``a/b/c``: ``a``, ``a/b``, ``a/b/c``."""
    parts = folder.split("/")
    return ["/".join(parts[: length + 1]) for length in range(len(parts))]
