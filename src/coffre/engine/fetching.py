"""Fetching: an object as a file, which appears whole and verified, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from coffre.contract import ObjectRef, SourceError
from coffre.engine.context import Context
from coffre.engine.keeping import Readable, copy_verified
from coffre.engine.reading import ObjectReader, find, first_good
from coffre.offer import Offer


def fetch(
    context: Context,
    ref: ObjectRef,
    path: Path,
    *,
    overwrite: bool = False,
    only: str | None = None,
) -> ObjectReader:
    """Write an object to a file, which appears whole and verified, or not at all.

    Raises:
        ObjectNotFoundError: it is not stored.
        NoReadableCopyError: no offer gave the right bytes; each reason is told.
        SourceError: the file cannot be written, or exists and ``overwrite`` is unset.
    """
    record = find(context, ref)
    if path.exists() and not overwrite:
        raise SourceError(f"{path} exists already")
    try:
        with _beside(path) as (aside, out):

            def open_at(offer: Offer) -> Readable:
                out.seek(0)
                out.truncate()
                copy_verified(offer, record, out.fileno())
                return out

            reader = first_good(context, record, only, open_at, verified=True)
            out.flush()
            _put_in_place(aside, path, overwrite=overwrite)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    return reader


@contextmanager
def _beside(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A file in the same directory, with the rights of any new file; removed unless renamed."""
    aside = path.with_name(f".coffre-get-{secrets.token_hex(8)}")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with open(os.open(aside, flags, 0o666), "w+b") as out:
            yield aside, out
    finally:
        with suppress(OSError):
            aside.unlink()


def _put_in_place(aside: Path, path: Path, *, overwrite: bool) -> None:
    if overwrite:
        os.replace(aside, path)
        return
    try:
        os.link(aside, path)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links: reserve the name, which must not exist, then take it.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))
        os.replace(aside, path)
