"""The offer protocol, once, for both ends: its words, and no sending or receiving of its own.

A server reads routes and headers, and writes answers; a driver does the reverse. Both use what
is here, so that they cannot drift apart; each module names the sections that it implements.
"""

from coffre.wire import headers
from coffre.wire.answers import CHANGING, error_of, is_accepted
from coffre.wire.bulk import BulkBody, BulkItem, BulkPart, BulkReader, BulkStream
from coffre.wire.categories import (
    CATEGORIES,
    Category,
    category_named,
    category_of,
    container_name,
    parse_container,
    require_category,
)
from coffre.wire.envelopes import (
    ASYNC_LATER_STATUS,
    ASYNC_STATUS,
    KnownError,
    SaidError,
    only_result,
    read_error,
    read_results,
    write_error,
    write_results,
)
from coffre.wire.errors import (
    BodyError,
    BodyLengthError,
    HeaderError,
    ListingCutError,
    MethodError,
    MissingBodyError,
    MissingFieldError,
    NegativeLengthError,
    NoRouteError,
    SignatureError,
    WireError,
)
from coffre.wire.exactness import ExactStream
from coffre.wire.listings import read_listing, write_listing
from coffre.wire.refusals import Refusal, refusal_of
from coffre.wire.routes import BASE, Operation, Route, parse_route
from coffre.wire.signing import Clocks, check_signature, sign, signature_of

__all__ = [
    "ASYNC_LATER_STATUS",
    "ASYNC_STATUS",
    "BASE",
    "CATEGORIES",
    "CHANGING",
    "BodyError",
    "BodyLengthError",
    "BulkBody",
    "BulkItem",
    "BulkPart",
    "BulkReader",
    "BulkStream",
    "Category",
    "Clocks",
    "ExactStream",
    "HeaderError",
    "KnownError",
    "ListingCutError",
    "MethodError",
    "MissingBodyError",
    "MissingFieldError",
    "NegativeLengthError",
    "NoRouteError",
    "Operation",
    "Refusal",
    "Route",
    "SaidError",
    "SignatureError",
    "WireError",
    "category_named",
    "category_of",
    "check_signature",
    "container_name",
    "error_of",
    "headers",
    "is_accepted",
    "only_result",
    "parse_container",
    "parse_route",
    "read_error",
    "read_listing",
    "read_results",
    "refusal_of",
    "require_category",
    "sign",
    "signature_of",
    "write_error",
    "write_listing",
    "write_results",
]
