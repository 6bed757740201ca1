"""A trace: what a check did, step by step, for whoever reads that it failed."""

from __future__ import annotations

import threading
from collections import deque

MOST_STEPS = 40
"""Steps that are kept: the last ones tell most."""


class Trace:
    """Steps in the order in which they ended, whichever thread did them."""

    def __init__(self) -> None:
        """Nothing done yet."""
        self._lock = threading.Lock()
        self._steps: deque[str] = deque(maxlen=MOST_STEPS)
        self._forgotten = 0

    def add(self, step: str) -> None:
        """Note a step."""
        with self._lock:
            self._forgotten += len(self._steps) == MOST_STEPS
            self._steps.append(step)

    def steps(self) -> tuple[str, ...]:
        """The steps, the oldest first; the first line says how many are left out."""
        with self._lock:
            steps = tuple(self._steps)
            forgotten = self._forgotten
        return (f"({forgotten} steps before)", *steps) if forgotten else steps
