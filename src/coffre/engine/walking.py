"""Walking: a directory as the items of one bulk job, in an order that never changes.

Every entry is accounted for: a regular file becomes an item, a directory is entered, and
everything else (a socket, a fifo, a device, a broken link, a link that leads out of the tree or
to a directory, a directory that cannot be read) becomes a refusal that says why. Nothing is
skipped in silence, and nothing is opened: reading is the engine's.

Offers are not entered: a directory of offers inside the tree would be stored in itself.

Names of one directory are held in memory while it is walked, names of the tree never.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from coffre.contract import ObjectRef, SourceError
from coffre.engine.items import PutItem
from coffre.engine.naming import identifier_of, name_metadata
from coffre.engine.outcomes import Refusal
from coffre.tree import MARKER

Walked = PutItem | Refusal
EXCLUDED = "in use by coffre itself, and left out"

_KINDS = {
    stat.S_IFSOCK: "a socket",
    stat.S_IFIFO: "a fifo",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A directory to walk, and where its files go."""

    root: bytes
    """The directory, as the user names it: what receipts and refusals begin with."""
    tenant: int
    container: str
    excluded: Collection[str] = ()
    """Real paths that are left out, and told: the ledger, which changes as the job runs."""

    @classmethod
    def of(
        cls,
        root: str | os.PathLike[str],
        *,
        tenant: int,
        container: str,
        excluded: Collection[str | os.PathLike[str]] = (),
    ) -> Tree:
        """Name a tree by paths of any kind."""
        real = frozenset(os.path.realpath(path) for path in excluded)
        return cls(root=os.fsencode(root), tenant=tenant, container=container, excluded=real)

    def excluded_in(self, directory: bytes) -> frozenset[bytes]:
        """Names that are left out of one directory: its real path is only found once."""
        if not self.excluded:
            return frozenset()
        real = os.path.realpath(directory)
        places = (os.path.split(os.fsencode(path)) for path in self.excluded)
        return frozenset(name for parent, name in places if parent == real)


def file_item(path: str | os.PathLike[str], *, tenant: int, container: str) -> PutItem:
    """One file as an item; it takes the file's own name, without the directories above.

    Raises:
        InvalidReferenceError: the path has no last name, or the container is not allowed.
    """
    name = os.path.basename(os.fsencode(path))
    return _item(name, os.fsencode(path), os.fsencode(path), tenant, container)


def walk(tree: Tree) -> Iterator[Walked]:
    """Every file below a directory, sorted by name, its own name first, as ``cp -r`` does.

    Yields:
        An item for each file, named ``directory/.../file``; a refusal for what cannot be one.
        A link to a file inside the tree is that file's bytes, with the metadata ``link``.
    """
    real = os.path.realpath(tree.root)
    top = os.path.basename(real)
    pending = [_entries(tree, tree.root, top)]
    while pending:
        entry = next(pending[-1], None)
        if entry is None:
            pending.pop()
        elif isinstance(entry, Refusal):
            yield entry
        elif entry.is_directory:
            pending.append(_entries(tree, entry.path, entry.name))
        else:
            yield _walked(entry, tree, real)


@dataclass(frozen=True, slots=True)
class _Entry:
    path: bytes
    """Where it is, from the current directory."""
    name: bytes
    """What it is called in the archive."""
    is_directory: bool
    is_file: bool
    """A regular one, and not a link to one."""
    is_excluded: bool


def _entries(tree: Tree, directory: bytes, name: bytes) -> Iterator[_Entry | Refusal]:
    """Entries of one directory, sorted bytewise; or the reason why it is not entered."""
    if os.path.lexists(os.path.join(directory, os.fsencode(MARKER))):
        yield _refusal(directory, "is an offer, which is not stored in itself")
        return
    try:
        with os.scandir(directory) as found:
            entries = sorted(map(_kinds_of, found))
    except OSError as error:
        yield _refusal(directory, str(error.strerror))
        return
    excluded = tree.excluded_in(directory)
    for own, is_directory, is_file in entries:
        inner = os.path.join(name, own) if name else own
        path = os.path.join(directory, own)
        yield _Entry(path, inner, is_directory, is_file, own in excluded)


def _kinds_of(entry: os.DirEntry[bytes]) -> tuple[bytes, bool, bool]:
    """Name, and whether it is a directory or a regular file: most often known with the name."""
    return entry.name, entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False)


def _walked(entry: _Entry, tree: Tree, real: bytes) -> Walked:
    """Decide about one entry that is no directory."""
    if entry.is_excluded:
        return _refusal(entry.path, EXCLUDED)
    if entry.is_file:
        return _item(entry.name, entry.path, entry.path, tree.tenant, tree.container)
    try:
        mode = os.lstat(entry.path).st_mode
        if stat.S_ISLNK(mode):
            return _linked(entry, tree, real)
    except OSError as error:
        return _refusal(entry.path, str(error.strerror))
    if not stat.S_ISREG(mode):
        return _refusal(entry.path, f"{_kind(mode)} has no bytes to keep")
    return _item(entry.name, entry.path, entry.path, tree.tenant, tree.container)


def _linked(entry: _Entry, tree: Tree, real: bytes) -> Walked:
    """A symbolic link: the file it leads to when that is inside, otherwise the reason why not."""
    target = os.path.realpath(entry.path)
    if os.path.commonpath((real, target)) != real:
        return _refusal(entry.path, "a link that leads out of the directory is not followed")
    if os.fsdecode(target) in tree.excluded:
        return _refusal(entry.path, EXCLUDED)
    try:
        mode = os.stat(target).st_mode
    except OSError as error:
        return _refusal(entry.path, f"a broken link: {error.strerror}")
    if stat.S_ISDIR(mode):
        return _refusal(entry.path, "a link to a directory is not followed, it may lead in circles")
    if not stat.S_ISREG(mode):
        return _refusal(entry.path, f"a link to {_kind(mode)}, which has no bytes to keep")
    # The target, not the link: what was checked is what will be read.
    found = _item(entry.name, entry.path, target, tree.tenant, tree.container)
    shown = os.readlink(entry.path).decode("utf-8", "backslashreplace")
    return PutItem(
        ref=found.ref,
        source=found.source,
        name=found.name,
        metadata={**found.metadata, "link": shown},
    )


def _item(name: bytes, shown: bytes, source: bytes, tenant: int, container: str) -> PutItem:
    return PutItem(
        ref=ObjectRef(tenant=tenant, container=container, identifier=identifier_of(name)),
        source=os.fsdecode(source),
        name=os.fsdecode(shown),
        metadata=name_metadata(name),
    )


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "an entry of an unknown kind")


def _refusal(path: bytes, why: str) -> Refusal:
    name = os.fsdecode(path)
    shown = path.decode("utf-8", "backslashreplace")
    return Refusal(ref=None, error=SourceError(f"{shown}: {why}"), name=name)
