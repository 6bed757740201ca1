"""Things done at the same moment, and threads and files that outlive what they were for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Self, TypeVar

from coffre.conformance.broken import NotTried

PATIENCE = 30.0
"""Seconds for which threads that were started together are waited for."""
DESCRIPTORS = "/proc/self/fd"

Result = TypeVar("Result")


def together(
    calls: Sequence[Callable[[], Result]], *, patience: float = PATIENCE
) -> list[Result | BaseException]:
    """Call each in a thread of its own, all let go at the same moment.

    Args:
        calls: what to do.
        patience: seconds for which each is waited for.

    Returns:
        What each returned, or the error it raised, in order.

    Raises:
        TimeoutError: one of them hangs.
    """
    outcomes: list[Result | BaseException] = [TimeoutError("did not come to an end")] * len(calls)
    start = threading.Barrier(len(calls))

    def work(index: int) -> None:
        try:
            start.wait(patience)
            outcomes[index] = calls[index]()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the outcome
            outcomes[index] = error

    threads = [
        threading.Thread(target=work, args=(index,), daemon=True) for index in range(len(calls))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience)
        if thread.is_alive():
            raise TimeoutError(f"a thread did not come to an end within {patience:g} s")
    return outcomes


class Hand:
    """A thread that does what it is told, one thing after the other, until it is let go.

    Threads that follow each other may have the same number; hands that are there together never
    have, and a driver that goes by the number finds out. Use it as a context manager.
    """

    def __init__(self) -> None:
        """Nothing to do yet."""
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()

    def do(self, call: Callable[[], Result]) -> Result:
        """Do it in this thread, and wait for it.

        Raises:
            BaseException: whatever it raised there.
            TimeoutError: it hangs.
        """
        outcome: Future[Result] = Future()

        def work() -> None:
            try:
                outcome.set_result(call())
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the outcome
                outcome.set_exception(error)

        self._calls.put(work)
        return outcome.result(PATIENCE)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let it go."""
        self._calls.put(None)


class Loop:
    """Something done over and over in a thread until told to stop. Use it as a context manager."""

    def __init__(self, step: Callable[[], object]) -> None:
        """Say what; it begins on entering.

        Args:
            step: called again and again; an error that it raises ends the loop.
        """
        self._step = step
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                self._step()
                self._begun.set()
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self._error = error
        finally:
            self._begun.set()

    def __enter__(self) -> None:
        """Begin, and return once it was done a first time."""
        self._thread.start()
        self._begun.wait(PATIENCE)

    def __exit__(self, *_: object) -> None:
        """Stop.

        Raises:
            BaseException: whatever a step raised.
        """
        self._stop.set()
        self._thread.join(PATIENCE)
        if self._error is not None:
            raise self._error


def open_descriptors() -> int:
    """How many files and sockets this process has open.

    Raises:
        NotTried: this system does not tell.
    """
    try:
        return len(os.listdir(DESCRIPTORS))
    except OSError:
        raise NotTried("this system does not tell which files a process has open") from None
