"""The log of a memory offer: what was stored and deleted, numbered without gaps."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from coffre.contract import LogAction, LogEntry, LogRequest, ObjectRef


class Logbook:
    """Entries in order. The offer holds its lock around every call.

    So that an entry is there exactly when what it tells of is, and in the order in which it was.
    """

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._entries: list[LogEntry] = []

    def add(self, action: LogAction, ref: ObjectRef, now: datetime) -> None:
        """Note one thing that was done."""
        number = len(self._entries) + 1
        self._entries.append(LogEntry(number=number, ref=ref, action=action, logged_at=now))

    def page(self, request: LogRequest) -> list[LogEntry]:
        """The page that is asked for."""
        start, backwards = request.start, request.newest_first
        entries = reversed(self._entries) if backwards else iter(self._entries)
        wanted = (
            entry
            for entry in entries
            if (entry.ref.tenant, entry.ref.container) == (request.tenant, request.container)
            and (start is None or (entry.number <= start if backwards else entry.number >= start))
        )
        return list(islice(wanted, request.limit))
