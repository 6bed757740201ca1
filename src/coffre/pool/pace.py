"""How fast a queue moves, and so whether somebody who joins it would be served in time."""

from __future__ import annotations

from collections import deque

WINDOW = 64
"""Turns that are looked back on. Connections come back in bursts, so that a few of them say
little: eight that are lent together are also returned together."""
FEWEST = 16
"""Turns that are needed before anybody is refused for the pace."""
CAUTION = 1.25
"""How much longer than at the present pace a wait is taken to be: who is served at the last
moment may as well not be, and a connection that waits for its borrower to wake serves nobody."""


class Pace:
    """Turns of a queue that was never empty in between."""

    def __init__(self) -> None:
        """Nothing known."""
        self._turns: deque[float] = deque(maxlen=WINDOW)
        self._turn = 0.0
        """Mean of them; a number, as it is read without the lock."""
        self._last: float | None = None

    def served(self, now: float, *, busy: bool) -> None:
        """Somebody was served; ``busy`` is whether others still wait."""
        if self._last is not None:
            self._turns.append(now - self._last)
            if len(self._turns) >= FEWEST:
                self._turn = sum(self._turns) / len(self._turns)
        self._last = now if busy else None

    def wait(self, before: int, now: float) -> float:
        """Seconds until somebody is served who has so many before; 0 when that is not known."""
        turn, last = self._turn, self._last
        if turn and last is not None:
            # The turn that is under way counts once it is longer than all the others together: a
            # service that has come to a halt is noticed.
            turn = max(turn, (now - last) / WINDOW)
        return (before + 1) * turn * CAUTION
