"""What the other end sent is not the protocol: one class for each thing that can be wrong.

Both ends raise these: a server about a request, a driver about an answer.
:mod:`coffre.wire.refusals` tells which status a server answers; a driver chains them under an
:class:`~coffre.contract.OfferError`, since an answer that cannot be read is a failed offer.
"""

from __future__ import annotations

from coffre.contract import CoffreError, SourceError


class WireError(CoffreError, ValueError):
    """A message that does not follow the offer protocol."""

    code = "protocol"


class HeaderError(WireError):
    """A header that is missing, repeated, or does not have a value that the protocol allows."""

    code = "protocol-header"


class NegativeLengthError(HeaderError):
    """A length below zero; told apart because it has a status of its own."""

    code = "protocol-negative-length"


class NoRouteError(WireError, LookupError):
    """No resource of the protocol has that path."""

    code = "protocol-route"


class MethodError(WireError):
    """The resource exists and does not know the method."""

    code = "protocol-method"

    def __init__(self, message: str, *, allowed: frozenset[str]) -> None:
        """Say what was asked.

        Args:
            message: a sentence for a person.
            allowed: methods that the resource knows, for the header ``Allow``.
        """
        super().__init__(message)
        self.allowed = allowed


class SignatureError(WireError):
    """A request that is not signed, or not with the platform secret, or not now."""

    code = "protocol-signature"


class BodyError(WireError):
    """A body that is not what the operation takes or gives."""

    code = "protocol-body"


class MissingBodyError(BodyError):
    """Nothing where the operation needs something: no body, or an empty list."""

    code = "protocol-body-missing"


class MissingFieldError(BodyError):
    """A document without a field that the operation needs."""

    code = "protocol-field-missing"


class ListingCutError(BodyError):
    """A listing without its end mark: what it gave may be a part, however well HTTP ended."""

    code = "protocol-listing-cut"


class BodyLengthError(SourceError):
    """A body that ends before it was to, or does not end where it was to.

    Not a :class:`WireError` but an error of the bytes to store: a driver that was pulling them
    stores nothing, as with any source that fails.
    """

    code = "protocol-length"
