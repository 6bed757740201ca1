"""Making an offer of a new folder: once, on purpose, and never of one that holds other things."""

from __future__ import annotations

from coffre.contract import OfferUnavailableError, ParameterError
from coffre.drivers.fsspec.errors import translating
from coffre.drivers.fsspec.root import Root
from coffre.drivers.fsspec.writing import write_small
from coffre.tree import (
    GUIDE,
    GUIDE_NAME,
    MARKER,
    PARTS,
    SERVICE,
    Place,
    check_layout,
    new_marker,
)

# What was left when an offer was being made and that was cut short before its marker.
_NOT_OBJECTS = frozenset({"lost+found", SERVICE, GUIDE_NAME})


def make_offer(root: Root) -> bool:
    """Make a folder an offer: an empty one, or the last of its path, made here if missing.

    Returns:
        False when it was an offer already; nothing changed.

    Raises:
        ParameterError: it holds other things, or ignores case; nothing in it was touched.
        OfferUnavailableError: it cannot be reached; or this process has seen an offer here, which
            is away, and what is here now must not take its place.
        OfferError: the service refuses, or fails.
    """
    place = root.settings.place
    marker = root.marker()
    if marker is not None:
        check_layout(marker, place)
        return False
    if root.seen_before():
        raise OfferUnavailableError(
            f"{place} was an offer and has no marker {MARKER} now: its share is away, and nothing "
            "is made in its place"
        )
    with translating():
        found = _names(root)
        if not found.keys() <= _NOT_OBJECTS:
            raise ParameterError(
                f"{place} is neither empty nor an offer of coffre (no {MARKER}); nothing was "
                "touched. Name an empty folder, or copy .coffre from where it came"
            )
        root.make_folder(PARTS)
        _refuse_folded_case(root)
        if GUIDE_NAME not in found:
            write_small(root, Place(".", GUIDE_NAME), GUIDE.encode())
        folder, _, name = MARKER.rpartition("/")
        write_small(root, Place(folder, name), new_marker())
    return True


def _names(root: Root) -> dict[str, int]:
    try:
        return root.names("")
    except FileNotFoundError:
        root.make_root()
        return {}


def _refuse_folded_case(root: Root) -> None:
    try:
        root.size(SERVICE.upper())
    except FileNotFoundError:
        return
    raise ParameterError(
        f"{root.settings.place} ignores upper and lower case: two objects could become one. "
        "Use another file system"
    )
