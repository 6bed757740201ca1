"""Sourcing: whatever a caller hands over becomes a content of known size that can be reopened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from coffre.contract import ByteStream, CoffreError, Content, InvalidRequestError, SourceError
from coffre.engine.context import Limits
from coffre.engine.distribution import SMALL, SizedContent
from coffre.engine.items import Source
from coffre.offer.contents import guard
from coffre.streams import BytesContent, FileContent, Spool


@contextmanager
def sourced(source: Source, limits: Limits) -> Iterator[SizedContent]:
    """Open a source as a content; small ones are read into memory at once.

    Raises:
        SourceError: it cannot be read, is not a regular file, or is larger than the spool allows.
        InvalidRequestError: it is nothing that can be read.
    """
    if (content := at_once(source)) is not None:
        yield content
    elif isinstance(source, Content) and isinstance(size := getattr(source, "size", None), int):
        yield _Foreign(source, size)
    elif isinstance(source, Content):
        with source.open() as stream, _spooled(stream, limits) as content:
            yield content
    elif hasattr(source, "read"):
        with _spooled(cast(ByteStream, source), limits) as content:
            yield content
    else:
        raise InvalidRequestError(
            f"a source is bytes, a path, a content or an open stream, not {type(source).__name__}"
        )


def at_once(source: Source) -> SizedContent | None:
    """The content of a source that needs no closing: bytes, a path, a content of ours.

    The usual ones first: whether something has the methods of a ``Content`` is a slow question.

    Raises:
        SourceError: it cannot be read, or is not a regular file.
    """
    if isinstance(source, bytes):
        return BytesContent(source)
    if isinstance(source, BytesContent | FileContent):
        return source
    if isinstance(source, str | os.PathLike):
        return of_file(FileContent(source))
    return None


def of_file(content: FileContent) -> SizedContent:
    """A file as a content, read whole at once when it is small.

    Raises:
        SourceError: it cannot be read, or changed while it was.
    """
    data = content.read(SMALL)
    return content if data is None else BytesContent(data)


class _Foreign:
    """A content of somebody else's: whatever it raises becomes an error of the contract."""

    def __init__(self, content: Content, size: int) -> None:
        self._content = guard(content)
        self.size = size

    def open(self) -> ByteStream:
        return self._content.open()


@contextmanager
def _spooled(stream: BinaryIO | ByteStream, limits: Limits) -> Iterator[SizedContent]:
    try:
        spool = Spool(stream, limit=limits.spool_bytes, directory=limits.spool_directory)
    except CoffreError:
        raise
    except Exception as error:
        # A stream of somebody else's raises what it likes; whoever stores is told the contract's.
        raise SourceError(f"the stream could not be read: {error}") from error
    with spool:
        yield cast(SizedContent, spool.content())
