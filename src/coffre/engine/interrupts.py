"""Interrupts: a Ctrl-C during a batch waits until the batch is recorded.

Stopping half-way through a flush and its ledger entry would leave copies that nobody
acknowledged. A batch takes a moment only; what was done is then known, and told.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self


class InterruptLater:
    """While inside, SIGINT is remembered; it is raised by :meth:`raise_if_any`.

    Only the main thread receives signals: elsewhere this does nothing.
    """

    def __init__(self) -> None:
        """Nothing is changed until it is entered."""
        self._asked = False
        self._before: signal.Handlers | object = None

    def __enter__(self) -> Self:
        """Take the signal over."""
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if before is signal.default_int_handler:  # someone else's handler is left alone
                self._before = before
                signal.signal(signal.SIGINT, self._remember)
        return self

    def _remember(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signal back."""
        if self._before is not None:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._before = None

    def raise_if_any(self) -> None:
        """Act on an interrupt that came meanwhile.

        Raises:
            KeyboardInterrupt: there was one.
        """
        if self._asked:
            self._asked = False
            raise KeyboardInterrupt
