"""Sweep: leftovers of writers that died are removed, work in progress is not.

A part names its writer. One of this machine is asked for by its process number: a dead one's part
goes once it is as old as was asked, a living one's stays. Of a writer elsewhere nothing can be
known but how long it has written nothing: its part stays for :data:`ELSEWHERE` at least.
"""

from __future__ import annotations

from coffre.contract import SweepRequest, SweepResult
from coffre.drivers.sftp.errors import translating
from coffre.drivers.sftp.listing import entries_of
from coffre.drivers.sftp.packets import Entry
from coffre.drivers.sftp.parts import Part, is_alive
from coffre.drivers.sftp.root import Root
from coffre.tree import PARTS

ELSEWHERE = 3600.0
"""Seconds for which a part of a writer on another machine must have been left untouched."""


def sweep(root: Root, request: SweepRequest) -> SweepResult:
    """Remove leftovers; see ``SupportsSweep``."""
    removed = kept = freed = 0
    with translating(root.exchange):
        root.require()
        found = [one for one in entries_of(root, PARTS) if one.name.endswith(".part")]
        now = _now(root) if found else 0
        for entry in found:
            if not _is_left(entry, now, request.older_than):
                kept += 1
            elif root.remote.remove(f"{PARTS}/{entry.name}").if_there():
                removed += 1
                freed += entry.attributes.size or 0
    return SweepResult(removed=removed, kept=kept, freed=freed)


def _is_left(entry: Entry, now: int, older_than: float) -> bool:
    alive = is_alive(entry.name)
    if alive or entry.attributes.modified is None:
        return False
    # Times on a server have whole seconds, and its clock may have been set.
    age = max(0, now - entry.attributes.modified)
    return age >= (older_than if alive is False else max(older_than, ELSEWHERE))


def _now(root: Root) -> int:
    """The time on the server, by which the age of its files counts: that of a new file."""
    part = Part(root)
    try:
        return root.remote.fstat(part.begun()).get().modified or 0
    finally:
        part.discard()
