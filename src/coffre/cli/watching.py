"""Watching: large files tell how far they were read, so that one of them alone moves the bar."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace

from coffre.contract import SourceError
from coffre.engine.items import PutItem
from coffre.engine.walking import Walked
from coffre.streams import FileContent
from coffre.streams.sources import FileStream

LARGE = 8 * 1024 * 1024
"""Bytes from which a file is watched; smaller ones are gone before a bar is drawn."""
Told = Callable[[int], None]
"""Told a number of bytes just read."""


def watched(items: Iterator[Walked], told: Told) -> Iterator[Walked]:
    """The same items; those that are large files tell as they are read."""
    for item in items:
        if isinstance(item, PutItem) and isinstance(item.source, str | os.PathLike):
            yield _watched(item, os.fspath(item.source), told)
        else:
            yield item


def _watched(item: PutItem, path: str, told: Told) -> PutItem:
    try:
        content = _WatchedFile(path, told)
    except SourceError:
        return item  # its turn will come, and be refused
    return replace(item, source=content) if content.size >= LARGE else item


class _WatchedFile(FileContent):
    def __init__(self, path: str, told: Told) -> None:
        super().__init__(path)
        self._told = told

    def open(self) -> FileStream:
        return _WatchedStream(self.open_descriptor(), self.path, self._told)


class _WatchedStream(FileStream):
    def __init__(self, descriptor: int, name: str, told: Told) -> None:
        super().__init__(descriptor, name)
        self._told = told

    def readinto(self, buffer: memoryview) -> int:
        count = super().readinto(buffer)
        self._told(count)
        return count
