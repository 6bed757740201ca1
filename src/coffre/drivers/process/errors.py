"""From frames, and from their absence, to the tree of errors: the one place where both are read."""

from __future__ import annotations

from coffre.contract import (
    CoffreError,
    ConnectionLostError,
    ObjectRef,
    OfferError,
    OfferFailedError,
    OfferTimeoutError,
    OfferUnavailableError,
    ParameterError,
)
from coffre.drivers.process.fields import Fields
from coffre.drivers.process.log import Redaction, printable
from coffre.drivers.process.protocol import WireError

CANCELLED = "cancelled"
"""Code of the error that answers a ``CANCEL``: it never leaves this room."""


def _family(kind: type[OfferError]) -> dict[str, type[OfferError]]:
    """Every error that a program may answer with, by its code: those of offers, and no others."""
    found = {kind.code: kind}
    for child in kind.__subclasses__():
        # Pools add errors of their own below the contract's; a program does not raise those.
        if child.__module__ == OfferError.__module__:
            found |= _family(child)
    return found


_BY_CODE = _family(OfferError)


def told_error(fields: Fields, redaction: Redaction, ref: ObjectRef | None = None) -> CoffreError:
    """What an ``ERROR`` frame says, in the words of the contract.

    A code that this side does not know, of a newer minor version, is taken by its ``retryable``.

    Args:
        fields: its payload.
        redaction: takes the session's secrets out of the message.
        ref: the object it is about.

    Raises:
        WireError: the payload says nothing that can be understood.
    """
    code = fields.text("code")
    text = printable(redaction(fields.text("message", code))) or code
    retryable = fields.flag("retryable")
    kind = _BY_CODE.get(code) or (OfferUnavailableError if retryable else OfferFailedError)
    if issubclass(kind, OfferUnavailableError):
        doubt = fields.get("effect_unknown")
        return kind(
            text,
            ref=ref,
            retry_after=fields.seconds_or_none("retry_after"),
            effect_unknown=None if doubt is None else fields.flag("effect_unknown"),
        )
    return kind(text, ref=ref)


def opening_error(fields: Fields, redaction: Redaction) -> CoffreError:
    """What an ``ERROR`` frame says before the session is open: parameters can be wrong, too."""
    if fields.text("code") == ParameterError.code:
        text = redaction(fields.text("message", "a parameter is wrong"))
        return ParameterError(printable(text))
    return told_error(fields, redaction)


def lost_error(
    error: WireError, told: str, *, in_doubt: bool, ref: ObjectRef | None = None
) -> OfferUnavailableError:
    """What the end of a session means for the request that was under way.

    Args:
        error: why it ended.
        told: how the program ended and what it said last, for a person; may be empty.
        in_doubt: whether the request may have had its effect.
        ref: the object it is about.
    """
    kind = OfferTimeoutError if error.silent else ConnectionLostError
    text = f"{error.reason} ({told})" if told else error.reason
    return kind(text, ref=ref, effect_unknown=in_doubt)
