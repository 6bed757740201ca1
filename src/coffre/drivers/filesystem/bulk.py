"""Bulk put: many objects written aside, flushed together, named, flushed together.

A flush waits for the device, whatever it flushes: one for a hundred objects costs what one for
a single object does. Each object is still whole or not at all, and none is acknowledged
before it is durable. One that fails, or whose content does, stops nobody.
"""

from __future__ import annotations

import resource
from collections.abc import Sequence

from coffre.contract import (
    SYSTEM_CLOCK,
    BulkPutRequest,
    CoffreError,
    PutRequest,
    PutResult,
    as_text,
)
from coffre.drivers.filesystem.errors import offer_error, translating
from coffre.drivers.filesystem.flushing import (
    start_write_back,
    sync_file_system,
    syncfs_tells_errors,
)
from coffre.drivers.filesystem.parts import Part
from coffre.drivers.filesystem.refusing import refuse_retention
from coffre.drivers.filesystem.root import Root
from coffre.drivers.filesystem.writing import Staged, publish, result_of, stage

TOGETHER = 256
"""Objects flushed together at most; each holds a file open until then."""
WORTH_A_SYNC = 16
"""Objects from which one flush of the whole file system is cheaper than one for each folder."""

Outcome = PutResult | CoffreError
"""What became of one object."""


def bulk_put(root: Root, request: BulkPutRequest) -> Sequence[Outcome]:
    """Store several objects; see ``SupportsBulkPut``."""
    step = _together()
    outcomes: list[Outcome] = []
    for start in range(0, len(request.puts), step):
        outcomes += _put_group(root, request.puts[start : start + step])
    return outcomes


def _together() -> int:
    """How many files to hold open at once: most of the limit is left to everybody else."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return TOGETHER if allowed == resource.RLIM_INFINITY else max(1, min(TOGETHER, allowed // 4))


def _put_group(root: Root, puts: Sequence[PutRequest]) -> list[Outcome]:
    together = len(puts) >= WORTH_A_SYNC and syncfs_tells_errors()
    moment = as_text(SYSTEM_CLOCK.now())
    outcomes: dict[int, Outcome] = {}
    staged: dict[int, Staged] = {}
    parts: list[Part] = []
    try:
        for index, put in enumerate(puts):
            try:
                refuse_retention(put)
                staged[index] = item = stage(root, put, moment, flush=not together)
            except CoffreError as error:
                outcomes[index] = error
            else:
                parts.append(item.part)
        for index, failure in _flush_bytes(root, staged, together).items():
            outcomes[index] = failure
            del staged[index]
        _publish_all(root, staged, together, outcomes)
    finally:
        for part in parts:
            part.close()
    return [outcomes[index] for index in range(len(puts))]


def _flush_bytes(root: Root, staged: dict[int, Staged], together: bool) -> dict[int, CoffreError]:
    """Make the bytes of all ready for their names; which failed, and why."""
    if not root.settings.flush:
        return {}
    if together and not root.keeps_order():
        return _sync_together(root, staged)
    failed: dict[int, CoffreError] = {}
    for step in (_start, _settle):
        for index in staged.keys() - failed.keys():
            try:
                step(root, staged[index])
            except CoffreError as error:
                failed[index] = error
    return failed


def _start(root: Root, staged: Staged) -> None:
    """Begin writing one back; the device then has them all to work on."""
    del root
    with translating(staged.request.ref):
        start_write_back(staged.part.fd)


def _settle(root: Root, staged: Staged) -> None:
    with translating(staged.request.ref):
        root.settle_bytes(staged.part.fd, attached=staged.attached)


def _publish_all(
    root: Root, staged: dict[int, Staged], together: bool, outcomes: dict[int, Outcome]
) -> None:
    """Name each object, flush the names together, and only then acknowledge."""
    named: dict[int, Staged] = {}
    there: set[int] = set()
    for index, item in staged.items():
        try:
            if publish(root, item, flush=not together):
                there.add(index)
            named[index] = item
        except CoffreError as error:
            outcomes[index] = error
        except OSError as error:
            outcomes[index] = offer_error(error, item.request.ref)
    failed = _sync_together(root, named) if together else _flush_folders(root, named)
    for index, item in named.items():
        outcomes[index] = failed.get(index) or result_of(root, item, index in there)


def _sync_together(root: Root, staged: dict[int, Staged]) -> dict[int, CoffreError]:
    """Flush the whole file system; a failure says nothing good of any of them."""
    try:
        if root.settings.flush:
            sync_file_system(root.fd)
    except OSError as error:
        return {index: offer_error(error, item.request.ref) for index, item in staged.items()}
    return {}


def _flush_folders(root: Root, staged: dict[int, Staged]) -> dict[int, CoffreError]:
    failures: dict[str, OSError] = {}
    for folder in {item.place.folder for item in staged.values()}:
        try:
            root.flush_names(folder)
        except OSError as error:
            failures[folder] = error
    return {
        index: offer_error(failures[item.place.folder], item.request.ref)
        for index, item in staged.items()
        if item.place.folder in failures
    }
