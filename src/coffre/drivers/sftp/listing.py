"""List: every identifier of a container in bytewise order, in bounded memory.

The shards spread identifiers by their digest, so a listing reads all 256 folders, sixteen at a
time, and sorts. Sizes come with the names: nothing is asked of any single object.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

from coffre.contract import ContainerEntry, ContainersRequest, ListEntry, Listing, ListRequest
from coffre.drivers.sftp.errors import intruder, translating
from coffre.drivers.sftp.packets import Entry
from coffre.drivers.sftp.remote import is_folder
from coffre.drivers.sftp.root import Root
from coffre.tree import (
    SHARDS,
    Place,
    container_folder,
    is_container,
    is_identifier,
    is_tenant,
    sorted_names,
)

_TOGETHER = 16
"""Folders read at a time."""
_SHARDS = frozenset(SHARDS)


def list_container(root: Root, request: ListRequest) -> Listing:
    """List one container; see ``Connection.list``."""
    folder = container_folder(request.tenant, request.container)
    runs = ExitStack()
    return Listing(_entries(root, request, folder, runs), limit=request.limit, close=runs.close)


def _entries(root: Root, request: ListRequest, folder: str, runs: ExitStack) -> Iterator[ListEntry]:
    with runs, translating(root.exchange):
        # A blank sorts before any letter of an identifier: the size changes nothing in the order.
        lines = (f"{name} {size}" for name, size in _found(root, request, folder))
        for line in sorted_names(lines, request.limit, runs):
            name, _, size = line.partition(" ")
            yield ListEntry(identifier=name, size=int(size))


def _found(root: Root, request: ListRequest, folder: str) -> Iterator[tuple[str, int]]:
    """The identifiers asked for and their sizes, in no order."""
    after, prefix = request.after or "", request.prefix
    above, _, name = folder.rpartition("/")
    there = root.look(Place(above, name))
    if there is None:
        return
    if not is_folder(there):
        raise intruder(None)
    shards = sorted(_SHARDS.intersection(_folders_in(root, folder)))
    for shard, entry in _each(root, folder, shards):
        name = entry.name
        if name > after and name.startswith(prefix) and is_identifier(name, shard):
            # What is not a file is listed too: an audit must come across it.
            yield name, entry.attributes.size or 0


def _each(root: Root, folder: str, shards: list[str]) -> Iterator[tuple[str, Entry]]:
    """The entries of several folders, read side by side."""
    remote, waiting = root.remote, iter(shards)
    while group := list(islice(waiting, _TOGETHER)):
        opened = [(shard, remote.open_folder(f"{folder}/{shard}")) for shard in group]
        # One that is gone by now held nothing that was stored before.
        reading = [(shard, answer.if_there()) for shard, answer in opened]
        open_ones = [(shard, handle) for shard, handle in reading if handle is not None]
        while open_ones:
            asked = [(shard, handle, remote.names(handle)) for shard, handle in open_ones]
            open_ones = []
            for shard, handle, answer in asked:
                entries = answer.get()
                yield from ((shard, entry) for entry in entries)
                if entries:
                    open_ones.append((shard, handle))
                else:
                    remote.close(handle)
    root.exchange.flush_quietly()


def entries_of(root: Root, folder: str) -> Iterator[Entry]:
    """What is in one folder, itself and the one above left out; nothing when it is not there."""
    handle = root.remote.open_folder(folder).if_there()
    if handle is None:
        return
    while entries := root.remote.names(handle).get():
        yield from (entry for entry in entries if entry.name not in (".", ".."))
    root.remote.close(handle)
    root.exchange.flush_quietly()


def _folders_in(root: Root, folder: str) -> list[str]:
    return [one.name for one in entries_of(root, folder) if is_folder(one.attributes)]


def containers(root: Root, request: ContainersRequest) -> Iterator[ContainerEntry]:
    """Name every container; see ``SupportsContainers``."""
    del request  # it asks nothing more precise
    with translating(root.exchange):
        root.require()
        tenants = sorted(int(name) for name in _folders_in(root, "") if is_tenant(name))
        for tenant in tenants:
            for name in sorted(filter(is_container, _folders_in(root, str(tenant)))):
                yield ContainerEntry(tenant=tenant, container=name)
