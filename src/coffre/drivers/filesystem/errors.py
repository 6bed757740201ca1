"""From ``OSError`` to the tree of errors: the one place where the system's answers are read.

What matters is what each says of the object. *Nothing there* is never concluded from an error
alone: see :meth:`~coffre.drivers.filesystem.root.Root.require`.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from types import TracebackType

from coffre.contract import (
    CoffreError,
    ConnectionLostError,
    ForbiddenError,
    ObjectCorruptError,
    ObjectRef,
    OfferError,
    OfferFailedError,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
)

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMLINK}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_AWAY = {
    # The root, or the disk under it, is not there (any more).
    errno.ENOENT,
    errno.ENODEV,
    errno.ENXIO,
    errno.ESTALE,
    errno.ENOTCONN,
    errno.ECONNABORTED,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    # This process or this machine is short of something just now; it says nothing of the object.
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EAGAIN,
    errno.EBUSY,
}
_INTRUDER = {errno.EISDIR, errno.ELOOP, errno.ENOTDIR}


def offer_error(error: OSError, ref: ObjectRef | None = None) -> OfferError:
    """Say what the system said, in the words of the contract.

    Args:
        error: as raised by a system call of the driver's own, never by the content of a put.
        ref: the object it is about.
    """
    reason = error.strerror or str(error)
    number = error.errno
    if number in _FULL:
        return OfferFullError(f"no room left: {reason}", ref=ref)
    if number in _REFUSED:
        return ForbiddenError(f"the file system refused: {reason}", ref=ref)
    if number == errno.ETIMEDOUT:
        return OfferTimeoutError(f"the file system did not answer in time: {reason}", ref=ref)
    if number in _AWAY:
        return OfferUnavailableError(f"the offer cannot be used now: {reason}", ref=ref)
    if number == errno.EBADF:
        return ConnectionLostError("the connection is closed", ref=ref, effect_unknown=False)
    if number in _INTRUDER:
        return intruder(ref)
    return OfferFailedError(f"the file system failed: {reason}", ref=ref)


def intruder(ref: ObjectRef | None) -> ObjectCorruptError:
    """What stands in an object's place, or on the way to it, is not a file of ours."""
    return ObjectCorruptError(
        "a directory, a symbolic link or a device stands where the object should be; "
        "look at it and move it away",
        ref=ref,
    )


def root_error(error: OSError, ref: ObjectRef | None = None) -> OfferError:
    """Say what the system said of the root itself, which says nothing of any object."""
    made = offer_error(error, ref)
    if isinstance(made, ForbiddenError | OfferUnavailableError):
        return made
    return OfferUnavailableError(f"the root cannot be used: {error.strerror}", ref=ref)


class translating:  # noqa: N801 - reads as a statement: ``with translating(ref):``
    """Leave the block with an error of the contract, whatever the system raised inside.

    Errors of the contract pass unchanged, also those that are an ``OSError`` by birth.
    """

    __slots__ = ("_make", "_ref")

    def __init__(
        self,
        ref: ObjectRef | None = None,
        make: Callable[[OSError, ObjectRef | None], OfferError] = offer_error,
    ) -> None:
        self._ref = ref
        self._make = make

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Translate."""
        if isinstance(error, OSError) and not isinstance(error, CoffreError):
            raise self._make(error, self._ref) from error
