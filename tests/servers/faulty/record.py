"""What passed a proxy, for tests to look at; and how many times each fault was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from tests.servers.faulty.faults import Break, Fault


@dataclass
class Passed:
    """One request, as the proxy saw it."""

    method: str
    target: str
    """Path and query, as sent."""
    headers: dict[str, str]
    """Names in small letters."""
    fault: Fault | None = None
    """What was done to it."""
    status: int | None = None
    """Status that the server answered, whether or not the client saw it."""
    uploaded: int = 0
    """Bytes of the body that went to the server."""
    downloaded: int = 0
    """Bytes of the body that went to the client."""
    broken: str | None = None
    """How it ended, when it did not end well."""


@dataclass
class Carried:
    """One connection, as the relay saw it."""

    fault: Break | None = None
    up: int = 0
    """Bytes that went to the server."""
    down: int = 0
    """Bytes that went to the client."""
    broken: str | None = None
    """How it ended, when it did not end well."""


class _Bounded(Protocol):
    @property
    def skip(self) -> int: ...

    @property
    def times(self) -> int | None: ...


Ordered = TypeVar("Ordered", bound=_Bounded)
Seen = TypeVar("Seen")


@dataclass
class Script(Generic[Ordered, Seen]):
    """Faults that are still to happen, and what has passed; shared by the test and the proxy."""

    faults: Sequence[Ordered] = ()
    _counts: list[int] = field(default_factory=list)
    _seen: list[Seen] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def replace(self, faults: Sequence[Ordered]) -> None:
        """Order other faults, and forget what has passed."""
        with self._lock:
            self.faults, self._counts, self._seen = faults, [0] * len(faults), []

    def take(self, applies: Callable[[Ordered], bool]) -> Ordered | None:
        """The first fault that applies and is due."""
        with self._lock:
            for place, fault in enumerate(self.faults):
                if applies(fault):
                    self._counts[place] += 1
                    due = self._counts[place] - fault.skip
                    if due > 0 and (fault.times is None or due <= fault.times):
                        return fault
        return None

    def note(self, seen: Seen) -> None:
        """Keep what passes."""
        with self._lock:
            self._seen.append(seen)

    @property
    def seen(self) -> list[Seen]:
        """What has passed since the last order."""
        with self._lock:
            return list(self._seen)
