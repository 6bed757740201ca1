"""Keeping: the files in which a run is kept, each whole or not there at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from coffre.cli.errors import OutputError, UsageError


def check_writable(option: str, name: str) -> Path:
    """The path of a file to write later: what would go wrong then is told now.

    Args:
        option: that named it, for the message.
        name: as it was given.

    Raises:
        UsageError: its directory is not there or cannot be written, or it is one itself.
    """
    path = Path(name)
    if path.is_dir():
        raise UsageError(f"{option} {name}: it is a directory; name a file")
    if not path.parent.is_dir():
        raise UsageError(f"{option} {name}: there is no directory {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{option} {name}: the directory {path.parent} cannot be written")
    return path


def keep(path: Path, data: bytes) -> None:
    """Write a file beside its place, flush it, and put it there.

    Raises:
        OutputError: it cannot be written; what was there before still is.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(part)
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
