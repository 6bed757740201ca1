"""A ring of shared buffers: one thread fills it, others take every chunk, memory stays bounded.

A buffer is filled again only when every taker has done with it, so the slowest sets the pace.
One that takes nothing for too long is left behind, unless it was promised patience.

The locked sections only move counters: reading, digesting and writing happen outside them.
"""

from __future__ import annotations

import copy
import mmap
import threading
from collections.abc import Callable, Iterator

from coffre.contract import Buffer, CoffreError, OfferTimeoutError, SourceError
from coffre.streams.reading import CHUNK

SLOTS = 4
"""Buffers in a ring."""


class Taker:
    """How far one reader of the ring has come; guarded by the ring's condition."""

    def __init__(self, *, patience: bool) -> None:
        """Begin before the first chunk; with ``patience`` it is waited for without end."""
        self.patience = patience
        self.released = 0
        """Chunks done with: it may hold chunk number ``released``, none before."""
        self.gone = False
        """Takes no more: nobody waits for it."""
        self.late = False
        """Gone because it took nothing for too long."""


class Ring:
    """Chunks on their way from one filler to all takers, each of whom sees every one, in order."""

    def __init__(self, stall: float) -> None:
        """An empty ring without takers; every taker joins before the first chunk.

        Args:
            stall: seconds after which a taker that takes nothing is left behind.
        """
        self._stall = stall
        self._changed = threading.Condition()  # guards everything below, and every taker
        self._takers: list[Taker] = []
        self._chunks: list[Buffer] = [b""] * SLOTS
        self._stores: list[mmap.mmap | None] = [None] * SLOTS
        self._filled = 0
        self._ended = False
        self._error: CoffreError | None = None

    def join(self, *, patience: bool = False) -> Taker:
        """A new taker, which will see every chunk."""
        taker = Taker(patience=patience)
        self._takers.append(taker)
        return taker

    # --- the filler ----------------------------------------------------------------------

    def make_room(self) -> None:
        """Wait until the next slot is free; leave behind who takes too long.

        Raises:
            CoffreError: the ring was ended with an error meanwhile.
        """
        with self._changed:
            while not self._changed.wait_for(lambda: not self._awaited(), self._stall):
                for taker in self._awaited():
                    if not taker.patience:
                        taker.late = True
                        self._let_go(taker)
            self._raise_failure()

    def _awaited(self) -> list[Taker]:
        oldest = self._filled - SLOTS
        if self._error is not None or oldest < 0:
            return []
        return [taker for taker in self._takers if not taker.gone and taker.released <= oldest]

    def buffer(self) -> memoryview:
        """Memory of the slot that is free, page aligned; fill it, and publish a part of it."""
        slot = self._filled % SLOTS
        store = self._stores[slot]
        if store is None:
            store = self._stores[slot] = mmap.mmap(-1, CHUNK)
        return memoryview(store)

    def publish(self, chunk: Buffer) -> None:
        """Give the next chunk to all takers; only after :meth:`make_room`."""
        with self._changed:
            self._chunks[self._filled % SLOTS] = chunk
            self._filled += 1
            self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Whether no more chunks will come."""
        return self._ended

    def end(self, error: BaseException | None = None) -> None:
        """No more chunks; with an error, every taker meets it at once. The first end stands."""
        with self._changed:
            if self._ended:
                return
            self._ended = True
            if error is not None:
                self._error = told(error)
            self._free_memory()
            self._changed.notify_all()

    # --- the takers ----------------------------------------------------------------------

    def chunks(self, taker: Taker) -> Iterator[Buffer]:
        """Chunks for one taker; each is lent until the next one is asked for.

        Raises:
            CoffreError: the ring ended with an error, or the taker was left behind.
        """
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: taker.released < self._filled or self._ended or taker.gone
                )
                self._raise_failure()
                _refuse_if_gone(taker)
                if taker.released == self._filled:
                    return
                chunk = self._chunks[taker.released % SLOTS]
            try:
                yield chunk
            finally:
                with self._changed:
                    taker.released += 1
                    self._free_memory()
                    self._changed.notify_all()

    def leave(self, taker: Taker) -> None:
        """Take no more; leaving twice is harmless."""
        with self._changed:
            self._let_go(taker)
            self._free_memory()
            self._changed.notify_all()

    def wait(self, done: Callable[[], bool]) -> None:
        """Wait until ``done`` is true, or the ring has ended with an error.

        Raises:
            CoffreError: that error, made anew for each who asks.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or (self._ended and done()))
            self._raise_failure()

    # --- with the lock held --------------------------------------------------------------

    def _let_go(self, taker: Taker) -> None:
        taker.gone = True
        if taker.released < self._filled:
            # It may hold that chunk still: its memory is not filled again, but replaced.
            self._stores[taker.released % SLOTS] = None

    def _free_memory(self) -> None:
        """Once nobody will ask for a chunk: whoever keeps an error of this pass keeps the ring."""
        if self._ended and (
            self._error is not None
            or all(taker.gone or taker.released == self._filled for taker in self._takers)
        ):
            self._chunks = [b""] * SLOTS
            self._stores = [None] * SLOTS

    def _raise_failure(self) -> None:
        if self._error is not None:
            raise told(self._error)


def _refuse_if_gone(taker: Taker) -> None:
    if taker.late:
        raise OfferTimeoutError(
            "the offer took nothing for too long, and was left behind", effect_unknown=False
        )
    if taker.gone:
        raise SourceError("the stream is closed")


def told(error: BaseException) -> CoffreError:
    """The error as one taker is told of it: its own, and without a traceback.

    Shared between threads, an error would gather their tracebacks, whose frames keep buffers
    alive, and the id of whichever offer met it last.
    """
    if isinstance(error, CoffreError):
        try:
            return copy.copy(error)
        except TypeError:  # a class whose constructor wants more than it passed on
            return SourceError(str(error))
    why = error.strerror if isinstance(error, OSError) else None
    return SourceError(f"the source could not be read to its end: {why or type(error).__name__}")
