"""List: every identifier of a container in bytewise order, in bounded memory.

The shards spread identifiers by their digest, so a listing reads all 256 folders and sorts:
in memory up to 50,000 names, beyond that by runs of so many, kept in a temporary file and
merged. Ten million objects take the memory of one run. A short listing (``limit``) keeps only
the smallest names as it reads.
"""

from __future__ import annotations

import heapq
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import IO

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
)

RUN = 50_000
"""Names sorted at a time; with the longest names allowed, some 16 MiB."""

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
        for name in _sorted(names, request.limit, runs):
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


def _sorted(names: Iterator[str], limit: int | None, runs: ExitStack) -> Iterable[str]:
    if limit is not None and limit < RUN:
        # One more than the limit, so that the listing can say whether it is complete.
        return heapq.nsmallest(limit + 1, names)
    run = sorted(islice(names, RUN))
    if len(run) < RUN:
        return run
    spilled = [_spill(run, runs)]
    while run := sorted(islice(names, RUN)):
        spilled.append(_spill(run, runs))
    return heapq.merge(*spilled)


def _spill(run: list[str], runs: ExitStack) -> Iterator[str]:
    """Keep one sorted run in a file without a name, and read it back line by line."""
    # The file lives as long as the listing; the stack ends both.
    stream: IO[str] = runs.enter_context(
        tempfile.TemporaryFile("w+", encoding="ascii", prefix="coffre-list-")  # noqa: SIM115
    )
    stream.writelines(f"{name}\n" for name in run)
    stream.seek(0)
    return (line[:-1] for line in stream)


def containers(root: Root, request: ContainersRequest) -> Iterator[ContainerEntry]:
    """Name every container; see ``SupportsContainers``."""
    del request  # it asks nothing more precise
    with translating():
        root.require()
        tenants = sorted(int(name) for name in _folder_names(root, ".") if is_tenant(name))
        for tenant in tenants:
            for name in sorted(filter(is_container, _folder_names(root, str(tenant)))):
                yield ContainerEntry(tenant=tenant, container=name)
