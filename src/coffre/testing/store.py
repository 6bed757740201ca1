"""What a memory offer holds, and the rules under which it changes.

Objects are immutable values in one dictionary under one lock; a put publishes with a single
assignment, so readers see the whole object or none.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from coffre.contract import (
    SYSTEM_CLOCK,
    Clock,
    LogAction,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    OfferFullError,
    RetainedError,
    as_text,
)
from coffre.testing.cold import ColdObjects
from coffre.testing.held import Held, Leftover, Quarantined
from coffre.testing.logbook import Logbook


class MemoryStore:
    """The objects of one memory offer; :class:`~coffre.testing.MemoryOffer` adds the rest."""

    def __init__(self, url: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """An empty one, in no registry: ``MemoryOffer.at`` is what drivers and tests call."""
        self.url = url
        self.clock = clock
        self.online = True
        """Whether the service answers; when not, nothing is known of its objects."""
        self.limit: int | None = None
        """Most bytes it takes; no bound when ``None``."""
        self.quarantined: list[Quarantined] = []
        """What was set aside, in order."""
        self._lock = threading.Lock()  # guards everything below
        self._objects: dict[ObjectRef, Held] = {}
        self._used = 0
        self.cold = ColdObjects()
        """What is on a slow medium; its ``delay`` and its other times are a test's to set."""
        self._holds: dict[ObjectRef, frozenset[str]] = {}
        self._log = Logbook()
        self._leftovers: list[Leftover] = []
        self._failures: list[tuple[str | None, OfferError]] = []

    def held(self, ref: ObjectRef) -> Held:
        """What a reference holds.

        Raises:
            ObjectNotFoundError: nothing.
        """
        held = self._objects.get(ref)
        if held is None:
            raise ObjectNotFoundError(f"{ref} is not held by {self.url}", ref=ref)
        return held

    def publish(self, ref: ObjectRef, new: Held, *, replacing: bool, quota: int | None) -> bool:
        """Make an object visible, in one step; false when the same bytes were there before.

        Same bytes with a later retention date extend the retention; nothing shortens it.

        Raises:
            ObjectConflictError: other bytes are there, and ``replacing`` is unset.
            RetainedError: they may not be replaced yet.
            OfferFullError: no room.
        """
        with self._lock:
            old = self._objects.get(ref)
            if old is not None and old.data == new.data:
                self._log.add(LogAction.WRITE, ref, self.clock.now())
                until = _later(old.retain_until, new.retain_until)
                self._objects[ref] = replace(old, retain_until=until)
                return False
            if old is not None and not replacing:
                raise ObjectConflictError(f"{ref} already holds other bytes", ref=ref)
            self._check_erasable(ref)
            self._check_room(ref, len(new.data), quota)
            self._place(ref, new)
            self.cold.warm(ref)
            self._log.add(LogAction.WRITE, ref, self.clock.now())
            return True

    def delete(self, ref: ObjectRef) -> bool:
        """Remove an object; whether there was one.

        Raises:
            RetainedError: a date or a hold forbids it.
        """
        with self._lock:
            self._check_erasable(ref)
            self._log.add(LogAction.DELETE, ref, self.clock.now())
            self.cold.warm(ref)
            return self._remove(ref) is not None

    def set_aside(self, ref: ObjectRef, reason: str) -> Quarantined:
        """Move an object to the quarantine.

        Raises:
            ObjectNotFoundError: there is none.
        """
        with self._lock:
            held = self._remove(ref)
            if held is None:
                raise ObjectNotFoundError(f"{ref} is not held by {self.url}", ref=ref)
            self.cold.warm(ref)
            self._holds.pop(ref, None)
            place = f"{self.url}/quarantine/{len(self.quarantined)}/{ref}"
            found = Quarantined(ref=ref, data=held.data, reason=reason, place=place)
            self.quarantined.append(found)
            return found

    def sizes(self, tenant: int, container: str) -> dict[str, int]:
        """Identifier and size of every object of one container, as of now."""
        with self._lock:
            return {
                ref.identifier: len(held.data)
                for ref, held in self._objects.items()
                if ref.tenant == tenant and ref.container == container
            }

    def room(self, quota: int | None) -> tuple[int | None, int]:
        """Most bytes the offer takes, no bound when ``None``, and the bytes it holds."""
        bounds = [bound for bound in (self.limit, quota) if bound is not None]
        return min(bounds, default=None), self._used

    def sweep(self, older_than: float) -> tuple[list[int], int]:
        """Remove leftovers; sizes of those removed, and how many were too young."""
        horizon = self.clock.now() - timedelta(seconds=older_than)
        with self._lock:
            old = [left for left in self._leftovers if left.left_at <= horizon]
            self._leftovers = [left for left in self._leftovers if left.left_at > horizon]
            return [left.size for left in old], len(self._leftovers)

    # --- with the lock held --------------------------------------------------------------

    def _place(self, ref: ObjectRef, held: Held) -> None:
        self._remove(ref)
        self._objects[ref] = replace(held, metadata=MappingProxyType(dict(held.metadata)))
        self._used += len(held.data)

    def _remove(self, ref: ObjectRef) -> Held | None:
        held = self._objects.pop(ref, None)
        self._used -= 0 if held is None else len(held.data)
        return held

    def _check_erasable(self, ref: ObjectRef) -> None:
        if holds := self._holds.get(ref):
            raise RetainedError(f"{ref} is on hold: {', '.join(sorted(holds))}", ref=ref)
        held = self._objects.get(ref)
        until = None if held is None else held.retain_until
        if until is not None and self.clock.now() < until:
            raise RetainedError(f"{ref} is retained until {as_text(until)}", ref=ref)

    def _check_room(self, ref: ObjectRef, size: int, quota: int | None) -> None:
        limit, used = self.room(quota)
        old = self._objects.get(ref)
        if limit is not None and used + size - (0 if old is None else len(old.data)) > limit:
            raise OfferFullError(f"{self.url} has no room for {size} bytes", ref=ref)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((date for date in (one, other) if date is not None), default=None)
