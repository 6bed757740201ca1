"""From whatever a file system raises to the tree of errors: the one place where that is read.

Each library below has exceptions of its own, and none of them is imported: they are told by the
builtin they derive from, by an HTTP status, or by an FTP reply. What an unknown one says is not
repeated, since it may hold a URL with a password in it: only its name is.
"""

from __future__ import annotations

import errno
import ftplib
from types import TracebackType

from coffre.contract import (
    CoffreError,
    ConnectionLostError,
    ForbiddenError,
    ObjectRef,
    OfferError,
    OfferFailedError,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
)

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_REPLIES = {"452", "552"}
_LOST_REPLIES = {"421", "425", "426"}


def offer_error(error: Exception, ref: ObjectRef | None = None) -> OfferError:
    """Say what a file system said, in the words of the contract.

    Args:
        error: as raised by the file system, never by the content of a put.
        ref: the object it is about.
    """
    name = type(error).__name__
    status = _status(error)
    if status is not None:
        return _by_status(status, ref)
    if isinstance(error, ftplib.Error):
        return _by_reply(str(error)[:3], ref)
    if isinstance(error, TimeoutError) or "Timeout" in name:
        return OfferTimeoutError("the file system did not answer in time", ref=ref)
    if isinstance(error, ConnectionError | EOFError) or _is_transport(error):
        return ConnectionLostError(f"the file system is gone ({name})", ref=ref)
    if isinstance(error, OSError):
        return _by_number(error, ref)
    if "Forbidden" in name:
        return ForbiddenError("the file system refused", ref=ref)
    if "InsufficientStorage" in name:
        return OfferFullError("no room left", ref=ref)
    # Nothing is known of an error that is not known, and the session is in some state.
    return ConnectionLostError(f"the library of the file system failed ({name})", ref=ref)


def _status(error: Exception) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _by_status(status: int, ref: ObjectRef | None) -> OfferError:
    if status in (401, 403):
        return ForbiddenError(f"the service refused: HTTP status {status}", ref=ref)
    if status == 507:
        return OfferFullError("no room left: HTTP status 507", ref=ref)
    if status in (408, 429, 502, 503, 504):
        return OfferUnavailableError(
            f"the service cannot answer now: HTTP status {status}",
            ref=ref,
            effect_unknown=status in (502, 504),
        )
    return OfferFailedError(f"the service failed: HTTP status {status}", ref=ref)


def _by_reply(reply: str, ref: ObjectRef | None) -> OfferError:
    if reply in _FULL_REPLIES:
        return OfferFullError(f"no room left: FTP reply {reply}", ref=ref)
    if reply in _LOST_REPLIES:
        return ConnectionLostError(f"the service ended the session: FTP reply {reply}", ref=ref)
    if reply in ("530", "532", "550", "553"):
        return ForbiddenError(f"the service refused: FTP reply {reply}", ref=ref)
    return OfferFailedError(f"the service failed: FTP reply {reply}", ref=ref)


def _by_number(error: OSError, ref: ObjectRef | None) -> OfferError:
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        return OfferFullError(f"no room left: {reason}", ref=ref)
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return ForbiddenError(f"the file system refused: {reason}", ref=ref)
    if error.errno is None or isinstance(error, FileNotFoundError):
        return OfferUnavailableError(f"the offer cannot be used now: {reason}", ref=ref)
    if error.errno in (errno.EIO, errno.EISDIR, errno.ENOTDIR):
        return OfferFailedError(f"the file system failed: {reason}", ref=ref)
    return OfferUnavailableError(f"the offer cannot be used now: {reason}", ref=ref)


def _is_transport(error: Exception) -> bool:
    """Whether an HTTP client says that it could not talk at all."""
    return any(kind.__name__ == "TransportError" for kind in type(error).__mro__)


class translating:  # noqa: N801 - reads as a statement: ``with translating(ref):``
    """Leave the block with an error of the contract, whatever the file system raised inside."""

    __slots__ = ("_ref",)

    def __init__(self, ref: ObjectRef | None = None) -> None:
        self._ref = ref

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Translate."""
        if isinstance(error, Exception) and not isinstance(error, CoffreError):
            raise offer_error(error, self._ref) from error
