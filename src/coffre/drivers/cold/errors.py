"""From the system's and the catalogue's errors to the tree of errors of the contract."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from coffre.contract import (
    CoffreError,
    ForbiddenError,
    ObjectRef,
    OfferError,
    OfferFailedError,
    OfferFullError,
    OfferUnavailableError,
)

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_AWAY = {errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ESTALE, errno.EMFILE, errno.ENFILE}

_CATALOGUE: dict[int, type[OfferError]] = {
    sqlite3.SQLITE_FULL: OfferFullError,
    sqlite3.SQLITE_BUSY: OfferUnavailableError,
    sqlite3.SQLITE_LOCKED: OfferUnavailableError,
    sqlite3.SQLITE_CANTOPEN: OfferUnavailableError,
    sqlite3.SQLITE_PERM: ForbiddenError,
    sqlite3.SQLITE_READONLY: ForbiddenError,
}
"""What the primary code of the catalogue's library means; anything else is a failure."""


def offer_error(error: OSError | sqlite3.Error, ref: ObjectRef | None = None) -> OfferError:
    """Say what was said, in the words of the contract."""
    if isinstance(error, sqlite3.Error):
        return _catalogue_error(error, ref)
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return OfferFullError(f"no room left: {reason}", ref=ref)
    if error.errno in _REFUSED:
        return ForbiddenError(f"the file system refused: {reason}", ref=ref)
    if error.errno in _AWAY:
        return OfferUnavailableError(f"the library cannot be used now: {reason}", ref=ref)
    return OfferFailedError(f"the file system failed: {reason}", ref=ref)


def _catalogue_error(error: sqlite3.Error, ref: ObjectRef | None) -> OfferError:
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return OfferUnavailableError("the library was moved away; connect again", ref=ref)
    kind = OfferFailedError if code is None else _CATALOGUE.get(code & 0xFF, OfferFailedError)
    return kind(f"the catalogue of the library: {error}", ref=ref)


@contextmanager
def translating(ref: ObjectRef | None = None) -> Iterator[None]:
    """Leave the block with an error of the contract, whatever the system raised inside.

    Errors of the contract pass unchanged, also those that are an ``OSError`` by birth.
    """
    try:
        yield
    except CoffreError:
        raise
    except (OSError, sqlite3.Error) as error:
        raise offer_error(error, ref) from error
