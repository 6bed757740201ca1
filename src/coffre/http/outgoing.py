"""A body as it leaves: libcurl asks for the next bytes, and gets them as they were lent to us."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pycurl

from coffre.contract import Buffer, SizeMismatchError

_NOTHING = memoryview(b"")


class Outgoing:
    """One body at a time, of a length told before.

    The last bytes are given only once the source has said that it ends there: a source that
    fails, or is longer than announced, never completes the request.
    """

    __slots__ = ("_chunks", "_left", "_length", "_stays", "_taken", "failure")

    def __init__(self) -> None:
        self.begin((), 0)

    def begin(self, chunks: Iterable[Buffer], length: int) -> None:
        """Take up the next body.

        Args:
            chunks: its bytes in order; each buffer is only lent until the next is asked for, but
                for those of a tuple, which are all in memory and stay as they are.
            length: how many they are.
        """
        self._chunks: Iterator[Buffer] = iter(chunks)
        self._stays = isinstance(chunks, tuple)
        self._length = length
        self._taken = 0
        self._left = _NOTHING
        self.failure: BaseException | None = None
        """What the source raised; the transfer was cut because of it."""

    @property
    def complete(self) -> bool:
        """Whether every byte was given."""
        return self._taken == self._length and not self._left

    def give(self, size: int) -> Buffer | int:
        """Up to ``size`` bytes more (``CURLOPT_READFUNCTION``)."""
        try:
            if not self._left:
                self._left = self._next()
        except BaseException as error:  # noqa: BLE001 - raised again once libcurl has returned
            self.failure = error
            return pycurl.READFUNC_ABORT
        given = self._left[:size]
        self._left = self._left[size:]
        return given

    def _next(self) -> memoryview:
        if self._taken == self._length:
            return _NOTHING
        chunk = next(filter(len, self._chunks), None)
        if chunk is None:
            raise SizeMismatchError(f"{self._taken} bytes received, {self._length} announced")
        self._taken += len(chunk)
        if self._taken < self._length:
            return memoryview(chunk).cast("B")
        # Lent only until the source is asked for its end, unless it stays.
        last = memoryview(chunk).cast("B") if self._stays else memoryview(bytes(chunk))
        self.end()
        return last

    def end(self) -> None:
        """See to it that the source ends here.

        Raises:
            SizeMismatchError: it does not.
        """
        if self._taken > self._length or next(filter(len, self._chunks), None) is not None:
            raise SizeMismatchError(f"more than the {self._length} bytes announced were received")

    def let_go(self) -> None:
        """Hold on to nothing of the source."""
        self._chunks = iter(())
        self._left = _NOTHING
