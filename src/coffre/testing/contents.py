"""Contents that go wrong: sources for tests of what reads them."""

from __future__ import annotations

from collections.abc import Iterator

from coffre.contract import Buffer, SourceError
from coffre.streams import ReadableStream

PIECE = 64 * 1024
"""Bytes that these contents give at a time."""


class FailingContent:
    """A source that breaks off."""

    def __init__(
        self,
        data: bytes,
        *,
        after: int,
        error: BaseException | None = None,
        times: int | None = None,
    ) -> None:
        """Say how.

        Args:
            data: what it would have given.
            after: bytes given before the failure.
            error: what is raised; a ``SourceError`` when ``None``.
            times: openings that fail, the others give everything; all of them when ``None``.
        """
        self._data = data
        self._after = after
        self._error = error or SourceError("the source failed, on purpose")
        self._left = times
        self.size = len(data)
        self.opened = 0
        """How often it was opened."""

    def open(self) -> ReadableStream:
        """A stream that fails, or not any more."""
        self.opened += 1
        fails = self._left is None or self.opened <= self._left
        return _Stream(self._data[: self._after], self._error) if fails else _Stream(self._data)


class ChangingContent:
    """A source that gives other bytes each time it is opened, the last ones from then on."""

    def __init__(self, *versions: bytes) -> None:
        """Hold the versions, in order; ``size`` is that of the first."""
        self._versions = list(versions)
        self.size = len(versions[0])

    def open(self) -> ReadableStream:
        """A stream over the next version."""
        return _Stream(self._versions.pop(0) if len(self._versions) > 1 else self._versions[0])


class _Stream(ReadableStream):
    def __init__(self, data: bytes, error: BaseException | None = None) -> None:
        super().__init__()
        self._data = data
        self._error = error

    def chunks(self) -> Iterator[Buffer]:
        for start in range(0, len(self._data), PIECE):
            yield self._data[start : start + PIECE]
        if self._error is not None:
            raise self._error
