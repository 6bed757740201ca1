"""One-shot streams, kept aside so that they can be opened again."""

from __future__ import annotations

import os
import tempfile
from types import TracebackType
from typing import BinaryIO, Self

from coffre.contract import ByteStream, CoffreError, Content, SourceError
from coffre.streams.reading import CHUNK
from coffre.streams.sources import BytesContent, FileStream


class Spool:
    """A one-shot stream of unknown length, kept aside so that it can be opened again.

    Small ones stay in memory, others go to an unnamed temporary file, up to a limit. Use as a
    context manager: the file goes away on leaving.
    """

    IN_MEMORY = CHUNK
    """Bytes up to which nothing is written to disk."""

    def __init__(
        self, stream: BinaryIO | ByteStream, *, limit: int, directory: str | None = None
    ) -> None:
        """Read the stream to its end.

        Args:
            stream: read once, not closed.
            limit: most bytes accepted.
            directory: where the temporary file goes; the system's place when ``None``.

        Raises:
            SourceError: the stream failed, is longer than ``limit``, or the temporary place is
                full. Nothing is left behind.
        """
        # The file lives as long as the spool; close() ends both.
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115
            max_size=self.IN_MEMORY, dir=directory, prefix="coffre-spool-"
        )
        self.size = 0
        try:
            self._fill(stream, limit)
        except BaseException:
            self._file.close()
            raise

    def _fill(self, stream: BinaryIO | ByteStream, limit: int) -> None:
        try:
            while chunk := stream.read(CHUNK):
                self.size += len(chunk)
                if self.size > limit:
                    raise SourceError(
                        f"the stream is longer than the {limit} bytes that are spooled: "
                        "raise the limit, or put a file"
                    )
                self._file.write(chunk)
            self._file.flush()
        except CoffreError:
            raise  # it says more, although some of them are OSErrors too
        except OSError as error:
            raise SourceError(f"the stream could not be spooled: {error.strerror}") from error

    def content(self) -> Content:
        """The bytes as a content that can be opened again while the spool is open."""
        if self.size <= self.IN_MEMORY:
            self._file.seek(0)
            return BytesContent(self._file.read())
        return _SpooledContent(self, self.size)

    def _open(self) -> FileStream:
        try:
            return FileStream(os.dup(self._file.fileno()), "spool")
        except ValueError:
            raise SourceError("the spool of this stream is closed") from None

    def close(self) -> None:
        """Give the memory or the temporary file back."""
        self._file.close()

    def __enter__(self) -> Self:
        """Use the spool."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


class _SpooledContent:
    def __init__(self, spool: Spool, size: int) -> None:
        self._spool = spool
        self.size = size

    def open(self) -> ByteStream:
        return self._spool._open()
