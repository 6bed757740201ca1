"""List: every identifier of a container in bytewise order, in bounded memory.

A listing reads all 256 shards, and sorts: see :func:`~coffre.tree.sorted_names`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

from coffre.contract import ContainerEntry, ContainersRequest, ListEntry, Listing, ListRequest
from coffre.drivers.filesystem.errors import translating
from coffre.drivers.filesystem.flushing import close
from coffre.drivers.filesystem.root import Root
from coffre.tree import (
    SHARDS,
    Place,
    container_folder,
    is_container,
    is_identifier,
    is_tenant,
    shard_of,
    sorted_names,
)

_SHARDS = frozenset(SHARDS)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW


def list_container(root: Root, request: ListRequest) -> Listing:
    """List one container; see ``Connection.list``."""
    folder = container_folder(request.tenant, request.container)
    runs = ExitStack()
    return Listing(_entries(root, request, folder, runs), limit=request.limit, close=runs.close)


def _entries(root: Root, request: ListRequest, folder: str, runs: ExitStack) -> Iterator[ListEntry]:
    with runs, translating():
        names = _names(root, request, folder)
        for name in sorted_names(names, request.limit, runs):
            place = Place(f"{folder}/{shard_of(name)}", name)
            try:
                # What is not a file is listed too: an audit must come across it.
                size = os.lstat(place.path, dir_fd=root.fd).st_size
            except FileNotFoundError:
                root.require()
                continue  # deleted since its name was read
            yield ListEntry(identifier=name, size=size)


def _names(root: Root, request: ListRequest, folder: str) -> Iterator[str]:
    """The identifiers asked for, in no order."""
    after, prefix = request.after or "", request.prefix
    try:
        root.walk(folder)
    except FileNotFoundError:
        root.require()
        return
    for shard in _SHARDS.intersection(_folder_names(root, folder)):
        for name in _folder_names(root, f"{folder}/{shard}"):
            if name > after and name.startswith(prefix) and is_identifier(name, shard):
                yield name


def _folder_names(root: Root, folder: str) -> Iterator[str]:
    """Names in one folder; none when there is no such folder, or not one of ours."""
    try:
        descriptor = os.open(folder, _FOLDER, dir_fd=root.fd)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                yield entry.name
    finally:
        close(descriptor)


def containers(root: Root, request: ContainersRequest) -> Iterator[ContainerEntry]:
    """Name every container; see ``SupportsContainers``."""
    del request  # it asks nothing more precise
    with translating():
        root.require()
        tenants = sorted(int(name) for name in _folder_names(root, ".") if is_tenant(name))
        for tenant in tenants:
            for name in sorted(filter(is_container, _folder_names(root, str(tenant)))):
                yield ContainerEntry(tenant=tenant, container=name)
