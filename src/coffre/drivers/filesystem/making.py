"""Making an offer of a new directory: once, on purpose, and never where one was before.

An unmounted disk leaves an empty directory behind, so that nothing about an empty directory
says that it is new: somebody has to. The marker that is written here is what tells ever after.
"""

from __future__ import annotations

import os
from contextlib import suppress

from coffre.contract import OfferUnavailableError
from coffre.drivers.filesystem.errors import root_error, translating
from coffre.drivers.filesystem.flushing import close, fsync_path
from coffre.drivers.filesystem.marker import check_marker, refuse_other_things, write_marker
from coffre.drivers.filesystem.root import DIRECTORY, seen_before
from coffre.drivers.filesystem.settings import Settings
from coffre.tree import MARKER


def make_offer(settings: Settings) -> bool:
    """Make a directory an offer: an empty one, or the last of its path, made here if missing.

    Returns:
        False when it was an offer already; nothing changed.

    Raises:
        ParameterError: it holds other things, or is on a file system that ignores case.
        ForbiddenError: no right to do it.
        OfferUnavailableError: it cannot be reached; or this process has seen an offer here, which
            is away, and what is here now must not take its place.
    """
    path = settings.root
    with translating(make=root_error):
        root = _open_or_make(path)
        try:
            if check_marker(root, path):
                return False
            if seen_before(path):
                raise OfferUnavailableError(
                    f"root {path} was an offer and has no marker {MARKER} now: its disk is away, "
                    "and nothing is made in its place"
                )
            if refuse_other_things(root, path):
                return False
            write_marker(root, settings)
        finally:
            close(root)
    return True


def _open_or_make(path: str) -> int:
    with suppress(FileNotFoundError):
        return os.open(path, DIRECTORY)
    if seen_before(path):
        raise OfferUnavailableError(
            f"root {path} was an offer and does not exist now: its disk is away, and nothing is "
            "made in its place"
        )
    with suppress(FileExistsError):
        os.mkdir(path)
    fsync_path(os.path.dirname(os.path.abspath(path)))
    return os.open(path, DIRECTORY)
