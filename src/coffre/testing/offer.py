"""The memory offer: what its connections share, and a way around them for tests.

A test reaches behind the driver to look at the bytes (:meth:`MemoryOffer.bytes_of`), spoil them
(:meth:`~MemoryOffer.damage`), lose them (:meth:`~MemoryOffer.forget`), move them to a slow medium
(:meth:`~MemoryOffer.chill`) or make the next operation fail (:meth:`~MemoryOffer.fail_next`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from coffre.contract import (
    AccessStatus,
    DigestAlgorithm,
    LogEntry,
    LogRequest,
    NotReadyError,
    ObjectRef,
    OfferError,
    OfferUnavailableError,
    ParameterError,
)
from coffre.testing.held import Held, Leftover
from coffre.testing.store import MemoryStore

SCHEME = "memory://"
BY_A_TEST = "by-a-test"
"""Id of the hold that a test places behind the driver."""


class MemoryOffer(MemoryStore):
    """One storage service in memory, shared by every connection to its URL."""

    _registry: dict[str, MemoryOffer] = {}  # noqa: RUF012 - one for the process, on purpose
    _registry_lock = threading.Lock()

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
            self.cold.warm(ref)
            self._holds.pop(ref, None)

    def hold(self, ref: ObjectRef) -> None:
        """Forbid the deletion or replacement of an object until :meth:`release`."""
        self.place_hold(ref, BY_A_TEST)

    def release(self, ref: ObjectRef) -> None:
        """Lift that hold."""
        self.lift_hold(ref, BY_A_TEST)

    def chill(self, ref: ObjectRef) -> None:
        """Move an object to a slow medium: it is read once it was asked for, and no sooner."""
        with self._lock:
            self.cold.chill(ref)

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

    # --- holds, access, copies, log ------------------------------------------------------

    def readable(self, ref: ObjectRef) -> Held:
        """What a reference holds, when it can be read now.

        Raises:
            ObjectNotFoundError: nothing.
            NotReadyError: it is on a slow medium, and was not asked for, or is waited for.
        """
        held = self.held(ref)
        if not self.is_readable(ref):
            raise NotReadyError(f"{ref} is on a slow medium: ask for access", ref=ref)
        return held

    def is_readable(self, ref: ObjectRef) -> bool:
        """Whether a reference can be read now, as far as media go."""
        with self._lock:
            return self.cold.is_readable(ref, self.clock.now())

    def ask(self, refs: Sequence[ObjectRef], available_for: float | None) -> str:
        """Note an access request; its id."""
        with self._lock:
            return self.cold.ask(refs, available_for, self.clock.now())

    def access_status(self, id: str) -> AccessStatus:
        """How far an access request has come."""
        with self._lock:
            return self.cold.status(id, self.clock.now())

    def cancel_access(self, id: str) -> bool:
        """Forget an access request; whether it was known."""
        with self._lock:
            return self.cold.cancel(id)

    def holds_on(self, ref: ObjectRef) -> frozenset[str]:
        """Ids of the holds that an object is under."""
        with self._lock:
            return self._holds.get(ref, frozenset())

    def place_hold(self, ref: ObjectRef, id: str) -> frozenset[str]:
        """Place a hold; the ids of all there are then.

        Raises:
            ObjectNotFoundError: the reference holds nothing.
        """
        with self._lock:
            self.held(ref)
            self._holds[ref] = self._holds.get(ref, frozenset()) | {id}
            return self._holds[ref]

    def lift_hold(self, ref: ObjectRef, id: str) -> frozenset[str]:
        """Lift a hold; the ids of those that are left.

        Raises:
            ObjectNotFoundError: the reference holds nothing.
        """
        with self._lock:
            self.held(ref)
            self._holds[ref] = self._holds.get(ref, frozenset()) - {id}
            return self._holds[ref]

    def duplicate(
        self, source: ObjectRef, ref: ObjectRef, *, replacing: bool, quota: int | None
    ) -> tuple[Held, bool]:
        """Copy an object; what is held under the new reference, and whether it was written.

        Raises:
            OfferError: as :meth:`readable` of the source, and :meth:`publish` of the copy.
        """
        held = self.readable(source)
        new = replace(held, stored_at=self.clock.now(), retain_until=None)
        written = self.publish(ref, new, replacing=replacing, quota=quota)
        return new, written

    def logged(self, request: LogRequest) -> list[LogEntry]:
        """One page of the log."""
        with self._lock:
            return self._log.page(request)
