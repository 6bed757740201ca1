"""Interrupts: a Ctrl-C waits while copies are being published, until they are recorded.

Stopping half-way between an offer and the ledger would leave copies that nobody acknowledged.
While a large source is still being read nothing is published yet, and a Ctrl-C acts at once.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self


class InterruptLater:
    """While inside, SIGINT is remembered; it is raised by :meth:`raise_if_any`.

    Whoever asks a second time is not kept waiting: that interrupt acts at once. May be entered
    again, inside itself too. Only the main thread receives signals: elsewhere, and where
    somebody else handles them, this does nothing.
    """

    def __init__(self) -> None:
        """Nothing is changed until it is entered."""
        self._asked = False
        self._taken = False
        self._depth = 0

    def __enter__(self) -> Self:
        """Take the signal over."""
        self._depth += 1
        if (
            threading.current_thread() is threading.main_thread()
            # Someone else's handler is left alone, an outer block of ours included.
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            self._taken = True
            signal.signal(signal.SIGINT, self.remember)
        return self

    @property
    def asked(self) -> bool:
        """Whether an interrupt came that nobody has acted on yet."""
        return self._asked

    def remember(self, _number: int, _frame: FrameType | None) -> None:
        """Handle one SIGINT."""
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signal back."""
        self._depth -= 1
        if self._taken and not self._depth:
            self._taken = False
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def raise_if_any(self) -> None:
        """Act on an interrupt that came meanwhile.

        Raises:
            KeyboardInterrupt: there was one.
        """
        if self._asked:
            self._asked = False
            raise KeyboardInterrupt


@contextmanager
def interruptible(until: Callable[[], bool]) -> Iterator[None]:
    """Inside an :class:`InterruptLater`: a Ctrl-C acts at once, until it is too late for that.

    Args:
        until: asked when the signal comes, in the main thread; from when it is true, the
            interrupt is remembered as everywhere in the block outside.
    """
    outer = signal.getsignal(signal.SIGINT)
    ours = getattr(outer, "__self__", None)
    if threading.current_thread() is not threading.main_thread() or not isinstance(
        ours, InterruptLater
    ):
        yield
        return

    def act(number: int, frame: FrameType | None) -> None:
        if not until():
            raise KeyboardInterrupt
        ours.remember(number, frame)

    signal.signal(signal.SIGINT, act)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, outer)
