"""The tree of errors: one root, a family to catch, a code to act on.

Programs act on the type or on ``code``, never on the message. The same codes travel in
Python, over HTTP, in the command line's JSON and in reports. An error that has a twin among
Python's own (``FileNotFoundError``, ``PermissionError``, ``TimeoutError`` ...) derives from
it as well, so that code which knows nothing of coffre behaves sensibly.

Naming rule: every class ends in ``Error``. No message ever holds a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from coffre.contract.identity import ObjectRef


class CoffreError(Exception):
    """Root of everything coffre raises on purpose; catch this to catch it all."""

    code: ClassVar[str] = "error"
    """Stable name: travels over HTTP, appears in reports, picks the exit status."""
    retryable: ClassVar[bool] = False
    """Whether the same call may succeed later, unchanged."""

    def __init__(self, message: str, *, ref: ObjectRef | None = None) -> None:
        """Say what happened and, where there is one, what the user can do next.

        Args:
            message: a sentence for a person; no secret, no traceback.
            ref: the object it is about.
        """
        super().__init__(message)
        self.message = message
        self.ref = ref
        self.offer: str | None = None
        """Id of the offer concerned; filled in by ``coffre.offer``, drivers do not know it."""

    def __str__(self) -> str:
        """The message alone: builtin twins would print an errno of their own."""
        return self.message

    def to_json(self) -> dict[str, object]:
        """The error as one JSON object, the same in every face of coffre."""
        return {
            "code": self.code,
            "message": self.message,
            "offer": self.offer,
            "ref": None if self.ref is None else str(self.ref),
            "retryable": self.retryable,
        }


# --- What a caller got wrong before anything was sent -------------------------------------


class InvalidReferenceError(CoffreError, ValueError):
    """A tenant, container or identifier that the offer protocol does not allow."""

    code = "invalid-reference"


class InvalidDigestError(CoffreError, ValueError):
    """Text or bytes that are not a digest."""

    code = "invalid-digest"


class InvalidRequestError(CoffreError, ValueError):
    """A request whose fields contradict each other or are out of range."""

    code = "invalid-request"


class ParameterError(CoffreError, ValueError):
    """A connection parameter that is missing, unknown or of the wrong type."""

    code = "invalid-parameter"


# --- Sources: the bytes that were to be stored --------------------------------------------


class SourceError(CoffreError):
    """The bytes to store could not be read as announced; nothing was stored."""

    code = "source-unreadable"


class SourceChangedError(SourceError):
    """A source gave other bytes the second time it was opened."""

    code = "source-changed"


# --- Drivers as modules -------------------------------------------------------------------


class DriverError(CoffreError):
    """A driver cannot be used at all."""

    code = "driver-unusable"


class DriverNotFoundError(DriverError, LookupError):
    """No driver of that name is installed."""

    code = "driver-not-found"


class ContractVersionError(DriverError):
    """A driver written for a contract that this coffre does not speak."""

    code = "contract-version"


# --- Offers: the only family that drivers raise -------------------------------------------


class OfferError(CoffreError):
    """An offer refused or failed an operation. The only family drivers raise."""

    code = "offer-error"


class ObjectNotFoundError(OfferError, FileNotFoundError):
    """The offer answered, and it does not hold the object. Never said of an offer not reached."""

    code = "object-not-found"


class ObjectConflictError(OfferError, FileExistsError):
    """The reference already holds other bytes, and they stay as they are."""

    code = "object-conflict"


class ForbiddenError(OfferError, PermissionError):
    """The offer understood and refused: rights, a read-only service, a write-once container."""

    code = "forbidden"


class RetainedError(ForbiddenError):
    """A retention date or a hold forbids the deletion."""

    code = "retained"


class UnsupportedOperationError(OfferError, NotImplementedError):
    """The driver does not declare what the request needs; nothing was sent."""

    code = "unsupported"


class InvalidRangeError(OfferError, ValueError):
    """A byte range that lies outside the object."""

    code = "invalid-range"


class SizeMismatchError(OfferError):
    """More or fewer bytes arrived than were announced; nothing was published."""

    code = "size-mismatch"


class DigestMismatchError(OfferError):
    """The bytes received do not have the digest that was announced; nothing was published."""

    code = "digest-mismatch"


class ObjectCorruptError(OfferError):
    """An object that the offer holds does not have its expected size or digest."""

    code = "object-corrupt"


class OfferFullError(OfferError):
    """No room left: space, quota or number of objects; nothing was published."""

    code = "offer-full"


class OfferFailedError(OfferError):
    """The service failed while working, an input/output error for instance.

    Not retried blindly: after a failed flush the state of what was written is unknown, so a
    new put starts again from nothing.
    """

    code = "offer-failed"


class NotReadyError(OfferError):
    """The object is held on a slow medium; ask for access and come back."""

    code = "not-ready"
    retryable = True


class OfferUnavailableError(OfferError, ConnectionError):
    """The offer could not be reached or asked to be left alone. Nothing is known of the object."""

    code = "offer-unavailable"
    retryable = True

    leaves_doubt: ClassVar[bool] = False
    """Whether, unless the driver says otherwise, the request may have had its effect."""
    waited: ClassVar[bool] = False
    """Whether as much patience was spent as is worth spending: it is not tried again at once,
    unless an earlier request is in doubt."""

    def __init__(
        self,
        message: str,
        *,
        ref: ObjectRef | None = None,
        retry_after: float | None = None,
        effect_unknown: bool | None = None,
    ) -> None:
        """Say why, and what is known of the request's effect.

        Args:
            message: a sentence for a person.
            ref: the object it is about.
            retry_after: seconds that the service asked to be left alone, when it said so.
            effect_unknown: the request may have reached the offer; a put is then confirmed
                with ``stat`` before it is sent again. ``None``: as is usual for the class.
        """
        super().__init__(message, ref=ref)
        self.retry_after = retry_after
        self.effect_unknown = self.leaves_doubt if effect_unknown is None else effect_unknown


class OfferTimeoutError(OfferUnavailableError, TimeoutError):
    """The offer did not answer in time; it may still do, or have done, what it was asked."""

    code = "offer-timeout"
    leaves_doubt = True


class ConnectionLostError(OfferUnavailableError):
    """The session died; whoever keeps connections discards the one that raised this."""

    code = "connection-lost"
    leaves_doubt = True
