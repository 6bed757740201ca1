"""Publishing: a part becomes an object in one step, in a place where nothing is.

A second hard link is the one step that every file system refuses where a name exists. A server
without that extension is left with a plain rename, which by the draft must refuse as well, and on
some servers does not: it is tried once, on two files of ours, before an object is trusted to it.
"""

from __future__ import annotations

from contextlib import suppress

from coffre.contract import UnsupportedOperationError
from coffre.drivers.sftp.exchange import Answer, StatusError
from coffre.drivers.sftp.parts import Part
from coffre.drivers.sftp.remote import HARD_LINK, REPLACE
from coffre.drivers.sftp.root import Root
from coffre.tree import Place

_careful_places: set[str] = set()
"""Offers whose server was seen to refuse a rename onto a name that is there."""


def appearing(root: Root, part: Part, place: Place) -> Answer[bool]:
    """Ask for a part to appear in its place, where nothing is.

    The answer is a *no* when something is there already, or when it failed: it does not say which.
    """
    remote = root.remote
    return (remote.link if remote.has(HARD_LINK) else remote.rename)(part.path, place.path)


def replace(root: Root, part: Part, place: Place) -> None:
    """Have a part take the place of what is there; who has that one open keeps it."""
    root.remote.replace(part.path, place.path).get()
    part.moved()


def require_careful(root: Root) -> None:
    """Make sure that publishing will never replace what another writer has just finished.

    Raises:
        UnsupportedOperationError: it would, on this server; nothing was stored.
    """
    remote = root.remote
    if remote.has(HARD_LINK) or root.settings.place in _careful_places:
        return
    first, second = Part(root), Part(root)
    try:
        for part in (first, second):
            remote.close(part.begun())
            part.handle = None
        if _renames_onto(root, first, second):
            raise UnsupportedOperationError(
                f"{root.settings.place}: its server has no hard links ({HARD_LINK}), and a rename "
                "replaces what is there: an object of somebody else's could be lost, so nothing "
                "is stored. Use a server with that extension, OpenSSH for instance"
            )
    finally:
        first.discard()
        second.discard()
    _careful_places.add(root.settings.place)


def _renames_onto(root: Root, first: Part, second: Part) -> bool:
    with suppress(StatusError):
        root.remote.rename(first.path, second.path).get()
        return True
    return False


class InPlace:
    """A part of ours on its way to a place, whatever is there; not in one step on every server.

    For what may be missing for a moment: a record, never an object.
    """

    __slots__ = ("_answer", "_part", "_place", "_root")

    def __init__(self, root: Root, part: Part, place: Place) -> None:
        """Ask for it."""
        self._root = root
        self._part = part
        self._place = place
        self._answer = self._move()

    def _move(self) -> Answer[bool]:
        remote = self._root.remote
        move = remote.replace if remote.has(REPLACE) else remote.rename
        return move(self._part.path, self._place.path)

    def done(self) -> None:
        """See that it is there; if it is not, make room for it, or its folder, and try again."""
        try:
            self._answer.get()
        except StatusError:
            self._root.forget_folder(self._place.folder)
            self._root.make_folder(self._place.folder)
            self._root.remote.remove(self._place.path).if_there()
            self._move().get()
        self._part.moved()
