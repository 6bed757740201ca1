"""Making an offer of a new directory: once, on purpose, and never where one was before."""

from __future__ import annotations

from contextlib import suppress

from coffre.contract import OfferUnavailableError, ParameterError
from coffre.drivers.sftp import packets
from coffre.drivers.sftp.errors import translating
from coffre.drivers.sftp.exchange import StatusError
from coffre.drivers.sftp.parts import forget_part, new_part
from coffre.drivers.sftp.remote import FLUSH, HARD_LINK, Remote
from coffre.drivers.sftp.root import seen_before
from coffre.drivers.sftp.settings import Settings
from coffre.tree import GUIDE, GUIDE_NAME, MARKER, PARTS, SERVICE, new_marker

# lost+found is in the root of every new ext4 disk; the others are left when an offer was being
# made and that was cut short before the marker, which is written last.
_NOT_OBJECTS = frozenset({".", "..", "lost+found", SERVICE, GUIDE_NAME})
_NEW = packets.FOR_WRITING | packets.CREATE | packets.NEW_ONLY


def make_offer(remote: Remote, settings: Settings) -> bool:
    """Make a directory an offer: an empty one, or the last of its path, made here if missing.

    Returns:
        False when it was an offer already; nothing changed.

    Raises:
        ParameterError: it holds other things, or is on a file system that ignores case.
        ForbiddenError: no right to do it.
        OfferUnavailableError: this process has seen an offer here, which is away, and what is
            here now must not take its place.
    """
    with translating(remote.exchange):
        if remote.lstat(MARKER).if_there() is not None:
            return False
        if seen_before(settings):
            raise OfferUnavailableError(
                f"{settings.place} was an offer and has no marker {MARKER} now: its disk is away, "
                "and nothing is made in its place"
            )
        _make_root(remote)
        if _refuse_other_things(remote, settings):
            return False
        _make_service(remote, settings)
        flush = settings.flush and remote.has(FLUSH)
        write_small(remote, GUIDE_NAME, GUIDE.encode(), flush=flush)
        write_small(remote, MARKER, new_marker(), flush=flush)
    return True


def _make_root(remote: Remote) -> None:
    with suppress(StatusError):  # it is there; if it is not, the next question says so
        remote.make_folder("").get()


def _refuse_other_things(remote: Remote, settings: Settings) -> bool:
    """Refuse a directory that holds more than what a new disk may hold.

    Returns:
        True when another has just made it an offer: nothing is left to do.
    """
    handle = remote.open_folder("").get()
    names: set[str] = set()
    while entries := remote.names(handle).get():
        names.update(entry.name for entry in entries)
    remote.close(handle)
    if names <= _NOT_OBJECTS:
        return False
    if remote.lstat(MARKER).if_there() is not None:
        return True
    raise ParameterError(
        f"{settings.place} is neither empty nor an offer of coffre (no {MARKER}); nothing was "
        "touched. Name an empty directory, or copy .coffre from where it came"
    )


def _make_service(remote: Remote, settings: Settings) -> None:
    for folder in (SERVICE, PARTS):
        with suppress(StatusError):  # made by another, or the marker will not be written
            remote.make_folder(folder).get()
    if remote.lstat(SERVICE.upper()).if_there() is None:
        return
    for folder in (PARTS, SERVICE):
        with suppress(StatusError):
            remote.remove_folder(folder).get()
    raise ParameterError(
        f"{settings.place} is on a file system that ignores upper and lower case: two objects "
        "could become one. Use another file system (or a directory without case folding)"
    )


def write_small(remote: Remote, path: str, data: bytes, *, flush: bool) -> None:
    """Make a small service file appear whole; one that is there already stays as it is.

    Args:
        remote: the server.
        path: where the file must appear.
        data: its bytes, which fit into one packet.
        flush: have its bytes survive a power cut.
    """
    aside = new_part()
    try:
        handle = remote.open(aside, _NEW).get()
        written = remote.write(handle, 0, data)
        flushed = remote.flush(handle) if flush else None
        remote.close(handle)
        written.get()
        if flushed is not None:
            flushed.get()
        _appear(remote, aside, path)
    finally:
        forget_part(aside)


def _appear(remote: Remote, aside: str, path: str) -> None:
    step = remote.link if remote.has(HARD_LINK) else remote.rename
    try:
        step(aside, path).get()
    except StatusError:
        if remote.lstat(path).if_there() is None:
            raise
    finally:
        remote.remove(aside).if_there()
