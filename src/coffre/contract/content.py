"""Contents: bytes to store, that can be opened again.

A put *pulls*: the driver opens the content, reads it to the end and only then publishes. A
source that fails half-way therefore leaves nothing behind. Being able to open it again is
what makes a retry honest, and what lets one object go to several offers.
"""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self, runtime_checkable


class ByteStream(Protocol):
    """An open stream of bytes, read forward once; used by one thread at a time."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes, all that remain when negative, ``b""`` at the end."""
        ...

    def close(self) -> None:
        """Release what the stream holds; closing twice is harmless."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...


@runtime_checkable
class Content(Protocol):
    """Bytes that can be read from the beginning as often as needed.

    Ready-made contents (bytes, files, spooled one-shot streams) are in ``coffre.streams``.
    """

    def open(self) -> ByteStream:
        """Open a fresh stream at the first byte.

        Raises:
            SourceError: the bytes cannot be had (any more).
        """
        ...
