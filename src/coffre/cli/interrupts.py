"""Interrupts of a job: what is in hand is finished and told, unless a person insists."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from coffre.cli.output import Output
from coffre.engine.interrupts import InterruptLater

STOPPING = b"\ncoffre: stopping after what is in hand; Ctrl-C again stops at once\n"


class InterruptedJob(InterruptLater):
    """While inside, a Ctrl-C is remembered, for the job to end well; a second one ends it at once.

    At once, but for an answer that is being told: what is printed and what is counted would
    otherwise differ.
    """

    def __init__(self, out: Output) -> None:
        """Nothing is changed until it is entered.

        Args:
            out: whose standard error tells the person that the first one was heard.
        """
        super().__init__()
        self._out = out
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
            return
        super().remember(number, frame)
        # Past the stream itself: the signal may have come in the middle of a write to it.
        with suppress(OSError, ValueError):
            os.write(self._out.stderr.fileno(), STOPPING)
