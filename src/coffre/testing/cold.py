"""What a memory offer keeps on a slow medium, and who has asked for it.

Nothing is moved: an object is cold by decree of a test, and readable while an access request
that names it is ready. Time comes from the offer's clock. The offer holds its lock around every
call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from coffre.contract import AccessState, AccessStatus, ObjectRef


@dataclass(frozen=True, slots=True)
class Asked:
    """One access request, and the time in which its objects can be read."""

    refs: tuple[ObjectRef, ...]
    ready_at: datetime
    expires_at: datetime


class ColdObjects:
    """Objects on a slow medium, and the access requests for them."""

    def __init__(self) -> None:
        """Nothing is cold."""
        self.delay = 0.0
        """Seconds from an access request to its objects being readable."""
        self.available_for = 86_400.0
        """Seconds for which they are, unless the request says how long."""
        self.purge_after = 86_400.0
        """Seconds after which a request that has expired is forgotten."""
        self._cold: set[ObjectRef] = set()
        self._asked: dict[str, Asked] = {}
        self._count = 0

    def chill(self, ref: ObjectRef) -> None:
        """From now on the object can only be read once it was asked for."""
        self._cold.add(ref)

    def warm(self, ref: ObjectRef) -> None:
        """The object is where it can be read."""
        self._cold.discard(ref)

    def hasten(self, seconds: float) -> None:
        """Have all access requests be that much older, without moving the offer's clock."""
        past = timedelta(seconds=seconds)
        for id, asked in self._asked.items():
            self._asked[id] = Asked(asked.refs, asked.ready_at - past, asked.expires_at - past)

    def is_readable(self, ref: ObjectRef, now: datetime) -> bool:
        """Whether a reference can be read now, as far as this goes."""
        return ref not in self._cold or any(
            ref in asked.refs and asked.ready_at <= now < asked.expires_at
            for asked in self._asked.values()
        )

    def ask(self, refs: Sequence[ObjectRef], available_for: float | None, now: datetime) -> str:
        """Note an access request; its id."""
        waits = any(not self.is_readable(ref, now) for ref in refs)
        ready_at = now + timedelta(seconds=self.delay if waits else 0.0)
        seconds = self.available_for if available_for is None else available_for
        self._count += 1
        id = f"access-{self._count}"
        self._asked[id] = Asked(tuple(refs), ready_at, ready_at + timedelta(seconds=seconds))
        return id

    def status(self, id: str, now: datetime) -> AccessStatus:
        """How far a request has come."""
        asked = self._asked.get(id)
        if asked is None or now >= asked.expires_at + timedelta(seconds=self.purge_after):
            return AccessStatus(state=AccessState.UNKNOWN)
        ready = sum(self.is_readable(ref, now) for ref in asked.refs)
        if now < asked.ready_at:
            return AccessStatus(state=AccessState.WAITING, ready=ready)
        if now < asked.expires_at:
            return AccessStatus(
                state=AccessState.READY, expires_at=asked.expires_at, ready=len(asked.refs)
            )
        return AccessStatus(state=AccessState.EXPIRED, ready=ready)

    def cancel(self, id: str) -> bool:
        """Forget a request; whether it was known."""
        return self._asked.pop(id, None) is not None
