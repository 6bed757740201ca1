"""What was changed through a driver, in order: what a stale answer still shows."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import cast

from coffre.contract import (
    BulkDeleteRequest,
    BulkPutRequest,
    DeleteRequest,
    DeleteResult,
    ObjectRef,
    PutRequest,
    PutResult,
    ServerCopyRequest,
    ServerCopyResult,
)


@dataclass(frozen=True, slots=True)
class _Change:
    ref: ObjectRef
    before: int | None
    """Size that the object had, ``None`` when it was not there."""


class Past:
    """Journal of the effects that went through one driver; shared by its connections.

    It only knows objects that were put through the driver: one that was there before, then
    deleted, is not shown again.
    """

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._lock = threading.Lock()  # guards both
        self._changes: list[_Change] = []
        self._sizes: dict[ObjectRef, int] = {}

    def note(self, request: object, result: object) -> None:
        """Remember what an operation changed, if anything."""
        if isinstance(request, PutRequest) and isinstance(result, PutResult):
            if not result.already_there:
                self._set(request.ref, result.size)
        elif isinstance(request, BulkPutRequest) and isinstance(result, list | tuple):
            for put, outcome in zip(request.puts, result, strict=True):
                self.note(put, outcome)
        elif isinstance(request, BulkDeleteRequest) and isinstance(result, list | tuple):
            for delete, outcome in zip(request.deletes, result, strict=True):
                self.note(delete, outcome)
        elif isinstance(request, DeleteRequest) and result == DeleteResult(existed=True):
            self._set(request.ref, None)
        elif isinstance(result, ServerCopyResult) and not result.already_there:
            self._set(cast(ServerCopyRequest, request).ref, result.size)

    def _set(self, ref: ObjectRef, size: int | None) -> None:
        with self._lock:
            self._changes.append(_Change(ref, self._sizes.pop(ref, None)))
            if size is not None:
                self._sizes[ref] = size

    def before(self, tenant: int, container: str, behind: int) -> dict[str, int | None]:
        """What the last ``behind`` changes of a container replaced: sizes by identifier."""
        with self._lock:
            changes = [
                change
                for change in self._changes
                if (change.ref.tenant, change.ref.container) == (tenant, container)
            ]
        latest = changes[max(len(changes) - behind, 0) :]
        # Backwards, so that of several changes of one object the oldest has the last word.
        return {change.ref.identifier: change.before for change in reversed(latest)}
