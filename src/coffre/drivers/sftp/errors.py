"""From a status, or a lost line, to the tree of errors: the one place where they are read.

Version 3 knows nine statuses; a full disk, a disk that fails and a name that is there already are
one of them, *failure*. What can be found out by asking is found out by whoever asked; *nothing
there* is never concluded from a status alone, see :meth:`~coffre.drivers.sftp.root.Root.require`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from coffre.contract import (
    ConnectionLostError,
    ForbiddenError,
    ObjectCorruptError,
    ObjectRef,
    OfferError,
    OfferFailedError,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
    UnsupportedOperationError,
)
from coffre.drivers.sftp import packets
from coffre.drivers.sftp.exchange import Exchange, LineLostError, StatusError

_AWAY = "the offer cannot be used now"
_MEANING: dict[int, tuple[Callable[..., OfferError], str]] = {
    packets.PERMISSION_DENIED: (ForbiddenError, "the server refused: see its rights and owners"),
    packets.WRITE_PROTECTED: (ForbiddenError, "the server's file system is read-only"),
    packets.NO_SPACE: (OfferFullError, "no room left on the server"),
    packets.QUOTA: (OfferFullError, "the quota on the server is used up"),
    packets.UNSUPPORTED: (UnsupportedOperationError, "the server does not do this"),
    # A part of the offer is not there (any more): says nothing of the object.
    packets.NO_SUCH_FILE: (OfferUnavailableError, _AWAY),
    packets.NO_SUCH_PATH: (OfferUnavailableError, _AWAY),
    packets.NO_CONNECTION: (OfferUnavailableError, _AWAY),
    packets.CONNECTION_LOST: (OfferUnavailableError, _AWAY),
}


def status_error(error: StatusError, ref: ObjectRef | None = None) -> OfferError:
    """Say what the server said, in the words of the contract.

    Args:
        error: a status that is not the one hoped for.
        ref: the object it is about.
    """
    kind, why = _MEANING.get(error.status, (OfferFailedError, "the server failed"))
    # No doubt is left by any of them: the server answered.
    return kind(f"{why} ({error.message or f'status {error.status}'})", ref=ref)


def line_error(
    error: LineLostError, ref: ObjectRef | None = None, *, in_doubt: bool = False
) -> OfferUnavailableError:
    """Say that nobody answers any more.

    Args:
        error: how the line ended.
        ref: the object it is about.
        in_doubt: whether what was asked may have been done.
    """
    if error.silent:
        return OfferTimeoutError(
            "the server did not answer in time; connect again", ref=ref, effect_unknown=in_doubt
        )
    return ConnectionLostError(
        f"the session is lost: {error}; connect again", ref=ref, effect_unknown=in_doubt
    )


def intruder(ref: ObjectRef | None) -> ObjectCorruptError:
    """What stands in an object's place, or on the way to it, is not a file of ours."""
    return ObjectCorruptError(
        "a directory, a symbolic link or a device stands where the object should be; "
        "look at it and move it away",
        ref=ref,
    )


class translating:  # noqa: N801 - reads as a statement: ``with translating(exchange, ref):``
    """Leave the block with an error of the contract, whatever the server or the line said."""

    __slots__ = ("_exchange", "_ref")

    def __init__(self, exchange: Exchange, ref: ObjectRef | None = None) -> None:
        self._exchange = exchange
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
        if isinstance(error, StatusError):
            raise status_error(error, self._ref) from error
        if isinstance(error, LineLostError):
            raise line_error(error, self._ref, in_doubt=self._exchange.in_doubt) from error
