"""The memory offer: what its connections share, and a way around them for tests.

Objects are immutable values in one dictionary under one lock; a put publishes with a single
assignment, so readers see the whole object or none. A test reaches behind the driver to look
at the bytes (:meth:`MemoryOffer.bytes_of`), spoil them (:meth:`~MemoryOffer.damage`), lose
them (:meth:`~MemoryOffer.forget`) or make the next operation fail
(:meth:`~MemoryOffer.fail_next`).
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from coffre.contract import (
    SYSTEM_CLOCK,
    Clock,
    DigestAlgorithm,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    OfferFullError,
    OfferUnavailableError,
    ParameterError,
    RetainedError,
    as_text,
)
from coffre.testing.held import Held, Leftover, Quarantined

SCHEME = "memory://"


class MemoryOffer:
    """One storage service in memory, shared by every connection to its URL."""

    _registry: dict[str, MemoryOffer] = {}  # noqa: RUF012 - one for the process, on purpose
    _registry_lock = threading.Lock()

    def __init__(self, url: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """An empty offer, in no registry; :meth:`at` is what drivers and tests call."""
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
        self._on_hold: set[ObjectRef] = set()
        self._leftovers: list[Leftover] = []
        self._failures: list[tuple[str | None, OfferError]] = []

    # --- finding it ----------------------------------------------------------------------

    @classmethod
    def at(cls, url: str) -> MemoryOffer:
        """The offer of that URL, made empty the first time it is named.

        Raises:
            ParameterError: the URL is not ``memory://`` and a name.
        """
        if not url.startswith(SCHEME) or not url.removeprefix(SCHEME).strip("/"):
            raise ParameterError("the URL of a memory offer is memory:// and a name")
        with cls._registry_lock:
            return cls._registry.setdefault(url.rstrip("/"), cls(url.rstrip("/")))

    @classmethod
    def discard(cls, url: str) -> None:
        """Let go of the offer of that URL: the next to name it finds an empty one."""
        with cls._registry_lock:
            cls._registry.pop(url.rstrip("/"), None)

    # --- for tests: around the driver ----------------------------------------------------

    def bytes_of(self, ref: ObjectRef) -> bytes | None:
        """The bytes at rest under a reference, ``None`` when it holds nothing."""
        held = self._objects.get(ref)
        return None if held is None else held.data

    def refs(self) -> list[ObjectRef]:
        """Every reference that holds an object, sorted."""
        with self._lock:
            return sorted(self._objects)

    def plant(self, ref: ObjectRef, data: bytes) -> None:
        """Put bytes at rest as if they had always been there."""
        recorded = DigestAlgorithm.SHA512.of(data)
        with self._lock:
            self._place(
                ref,
                Held(
                    data=data,
                    recorded=recorded,
                    recorded_size=len(data),
                    stored_at=self.clock.now(),
                ),
            )

    def damage(self, ref: ObjectRef, data: bytes | None = None) -> None:
        """Change the bytes at rest and nothing else: their last bit flipped, or other bytes.

        An empty object has no bit to flip: it gains a byte.
        """
        held = self.held(ref)
        spoilt = held.data[:-1] + bytes([held.data[-1] ^ 1]) if held.data else b"\0"
        with self._lock:
            self._place(ref, replace(held, data=spoilt if data is None else data))

    def forget(self, ref: ObjectRef) -> None:
        """Lose an object, as a failing service does: no retention or hold is asked."""
        with self._lock:
            self._remove(ref)

    def hold(self, ref: ObjectRef) -> None:
        """Forbid the deletion or replacement of an object until :meth:`release`."""
        with self._lock:
            self._on_hold.add(ref)

    def release(self, ref: ObjectRef) -> None:
        """Lift a hold."""
        with self._lock:
            self._on_hold.discard(ref)

    def leave_behind(self, size: int, *, age: float) -> None:
        """Pretend that a writer died: ``size`` bytes of a put, untouched for ``age`` seconds."""
        left_at = self.clock.now() - timedelta(seconds=age)
        with self._lock:
            self._leftovers.append(Leftover(size, left_at))

    def fail_next(self, error: OfferError, *, operation: str | None = None, times: int = 1) -> None:
        """Have the next operation of any connection raise ``error``, before any effect.

        Args:
            error: what to raise.
            operation: only an operation of that name: ``put``, ``get``, ``list`` ...
            times: how many operations fail.
        """
        with self._lock:
            self._failures.extend([(operation, error)] * times)

    # --- for the driver ------------------------------------------------------------------

    def begin(self, operation: str) -> None:
        """Raise what :meth:`fail_next` prepared, or that the offer does not answer."""
        with self._lock:
            if not self.online:
                raise OfferUnavailableError(f"{self.url} does not answer")
            for index, (wanted, error) in enumerate(self._failures):
                if wanted in (None, operation):
                    del self._failures[index]
                    raise error

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
                until = _later(old.retain_until, new.retain_until)
                self._objects[ref] = replace(old, retain_until=until)
                return False
            if old is not None and not replacing:
                raise ObjectConflictError(f"{ref} already holds other bytes", ref=ref)
            self._check_erasable(ref)
            self._check_room(ref, len(new.data), quota)
            self._place(ref, new)
            return True

    def delete(self, ref: ObjectRef) -> bool:
        """Remove an object; whether there was one.

        Raises:
            RetainedError: a date or a hold forbids it.
        """
        with self._lock:
            self._check_erasable(ref)
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
        if ref in self._on_hold:
            raise RetainedError(f"{ref} is on hold", ref=ref)
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
