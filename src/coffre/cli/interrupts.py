"""Interrupts of a job: told whole, whoever insists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from coffre.engine.interrupts import InterruptLater


class InterruptedJob(InterruptLater):
    """While inside, a Ctrl-C stops the job from being fed; a second one stops it at once.

    At once, but for an answer that is being told: what is printed and what is counted would
    otherwise differ.
    """

    def __init__(self) -> None:
        """Nothing is changed until it is entered."""
        super().__init__()
        self._telling = False
        self._insisted = False

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Inside, an answer is printed and counted: both, or none.

        Raises:
            KeyboardInterrupt: on leaving, when a second one came meanwhile.
        """
        self._telling = True
        try:
            yield
        finally:
            self._telling = False
        if self._insisted:
            raise KeyboardInterrupt

    def remember(self, number: int, frame: FrameType | None) -> None:
        """Handle one SIGINT."""
        if self._telling and self.asked:
            self._insisted = True
        else:
            super().remember(number, frame)
