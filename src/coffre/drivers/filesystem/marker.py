"""The marker: what makes a directory an offer."""

from __future__ import annotations

import os
from contextlib import suppress

from coffre.contract import ParameterError
from coffre.drivers.filesystem.flushing import write_small
from coffre.drivers.filesystem.settings import Settings
from coffre.tree import (
    GUIDE,
    GUIDE_NAME,
    MARKER,
    MARKER_BYTES,
    PARTS,
    SERVICE,
    check_layout,
    new_marker,
)

# lost+found is in the root of every new ext4 disk; the others are left when an offer was being
# made and that was cut short before the marker, which is written last.
_NOT_OBJECTS = frozenset({"lost+found", SERVICE, GUIDE_NAME})

_checked: set[tuple[int, int, int]] = set()


def check_marker(root: int, path: str) -> os.stat_result | None:
    """The marker of an open root, of a layout that we know; ``None`` when there is none.

    Raises:
        ParameterError: the marker is damaged, or of a newer layout.
    """
    try:
        found = os.stat(MARKER, dir_fd=root)
    except FileNotFoundError:
        return None
    # Read once for each marker seen: every operation opens the root.
    key = (found.st_dev, found.st_ino, found.st_mtime_ns)
    if key not in _checked:
        _check_layout(root, path)
        _checked.add(key)
    return found


def _check_layout(root: int, path: str) -> None:
    descriptor = os.open(MARKER, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=root)
    with open(descriptor, "rb") as stream:
        check_layout(stream.read(MARKER_BYTES), path)


def refuse_other_things(root: int, path: str) -> os.stat_result | None:
    """Refuse a directory without a marker that holds more than what a new disk may hold.

    Returns:
        The marker, if another has just made it an offer and begun to fill it: what was looked
        for before is there now. ``None`` when there is neither a marker nor anything else.

    Raises:
        ParameterError: it does; nothing in it is touched.
    """
    with os.scandir(root) as entries:
        if all(entry.name in _NOT_OBJECTS for entry in entries):
            return None
    found = check_marker(root, path)
    if found is not None:
        return found
    raise ParameterError(
        f"root {path} is neither empty nor an offer of coffre (no {MARKER}); nothing "
        "was touched. Name an empty directory, or copy .coffre from where it came"
    )


def write_marker(root: int, settings: Settings) -> None:
    """Make an empty directory an offer. Several processes may do so at once.

    Raises:
        ParameterError: the file system ignores case, so that two identifiers would be one.
        OSError: as the system says; what was made so far is harmless.
    """
    for folder in (SERVICE, PARTS):
        with suppress(FileExistsError):
            os.mkdir(folder, dir_fd=root)
    _refuse_folded_case(root, settings.root)
    write_small(root, GUIDE_NAME, GUIDE.encode(), flush=settings.flush)
    write_small(root, MARKER, new_marker(), flush=settings.flush)


def _refuse_folded_case(root: int, path: str) -> None:
    try:
        os.stat(SERVICE.upper(), dir_fd=root)
    except FileNotFoundError:
        return
    for folder in (PARTS, SERVICE):
        with suppress(OSError):
            os.rmdir(folder, dir_fd=root)
    raise ParameterError(
        f"root {path} is on a file system that ignores upper and lower case: two objects could "
        "become one. Use another file system (or a directory without case folding)"
    )
