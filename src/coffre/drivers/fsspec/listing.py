"""List: every identifier of a container in bytewise order, in bounded memory.

A listing asks for all 256 shards, and sorts: see :func:`~coffre.tree.sorted_names`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from coffre.contract import ContainerEntry, ContainersRequest, ListEntry, Listing, ListRequest
from coffre.drivers.fsspec.errors import translating
from coffre.drivers.fsspec.root import Root
from coffre.tree import (
    SHARDS,
    container_folder,
    is_container,
    is_identifier,
    is_tenant,
    shard_of,
    sorted_names,
)

_SHARDS = frozenset(SHARDS)


def list_container(root: Root, request: ListRequest) -> Listing:
    """List one container; see ``Connection.list``."""
    folder = container_folder(request.tenant, request.container)
    runs = ExitStack()
    return Listing(_entries(root, request, folder, runs), limit=request.limit, close=runs.close)


def _entries(root: Root, request: ListRequest, folder: str, runs: ExitStack) -> Iterator[ListEntry]:
    with runs, translating():
        root.require()
        for name in sorted_names(_names(root, request, folder), request.limit, runs):
            try:
                size = root.size(f"{folder}/{shard_of(name)}/{name}")
            except FileNotFoundError:
                root.require()
                continue  # deleted since its name was read
            yield ListEntry(identifier=name, size=max(size, 0))


def _names(root: Root, request: ListRequest, folder: str) -> Iterator[str]:
    """The identifiers asked for, in no order."""
    after, prefix = request.after or "", request.prefix
    for shard in sorted(_SHARDS.intersection(_names_in(root, folder))):
        for name in _names_in(root, f"{folder}/{shard}"):
            if name > after and name.startswith(prefix) and is_identifier(name, shard):
                yield name


def _names_in(root: Root, folder: str) -> dict[str, int]:
    """Names in one folder; none when there is no such folder, and the offer is there."""
    try:
        return root.names(folder)
    except FileNotFoundError:
        root.require()
        return {}


def containers(root: Root, request: ContainersRequest) -> Iterator[ContainerEntry]:
    """Name every container; see ``SupportsContainers``."""
    del request  # it asks nothing more precise
    with translating():
        root.require()
        tenants = sorted(int(name) for name in _names_in(root, "") if is_tenant(name))
        for tenant in tenants:
            for name in sorted(filter(is_container, _names_in(root, str(tenant)))):
                yield ContainerEntry(tenant=tenant, container=name)
