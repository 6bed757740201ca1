"""Errors: one tree, codes that never change, Python's own twins."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator

import pytest

from coffre import contract
from coffre.contract import (
    CoffreError,
    ConnectionLostError,
    NotReadyError,
    ObjectRef,
    OfferError,
    OfferTimeoutError,
    OfferUnavailableError,
    SourceError,
)

REF = ObjectRef(tenant=0, container="object", identifier="charter")

CODES = {
    "CoffreError": "error",
    "ConnectionLostError": "connection-lost",
    "ContractVersionError": "contract-version",
    "DigestMismatchError": "digest-mismatch",
    "DriverError": "driver-unusable",
    "DriverNotFoundError": "driver-not-found",
    "ForbiddenError": "forbidden",
    "InvalidDigestError": "invalid-digest",
    "InvalidRangeError": "invalid-range",
    "InvalidReferenceError": "invalid-reference",
    "InvalidRequestError": "invalid-request",
    "NotReadyError": "not-ready",
    "ObjectConflictError": "object-conflict",
    "ObjectCorruptError": "object-corrupt",
    "ObjectNotFoundError": "object-not-found",
    "OfferError": "offer-error",
    "OfferFailedError": "offer-failed",
    "OfferFullError": "offer-full",
    "OfferTimeoutError": "offer-timeout",
    "OfferUnavailableError": "offer-unavailable",
    "ParameterError": "invalid-parameter",
    "RetainedError": "retained",
    "SizeMismatchError": "size-mismatch",
    "SourceChangedError": "source-changed",
    "SourceError": "source-unreadable",
    "UnsupportedOperationError": "unsupported",
}
"""Written a second time on purpose: a code that changes breaks scripts of other people."""

TWINS = {
    "ConnectionLostError": ConnectionError,
    "DriverNotFoundError": LookupError,
    "ForbiddenError": PermissionError,
    "InvalidDigestError": ValueError,
    "InvalidRangeError": ValueError,
    "InvalidReferenceError": ValueError,
    "InvalidRequestError": ValueError,
    "ObjectConflictError": FileExistsError,
    "ObjectNotFoundError": FileNotFoundError,
    "OfferTimeoutError": TimeoutError,
    "OfferUnavailableError": ConnectionError,
    "ParameterError": ValueError,
    "RetainedError": PermissionError,
    "UnsupportedOperationError": NotImplementedError,
}

RETRYABLE = {
    "ConnectionLostError",
    "NotReadyError",
    "OfferTimeoutError",
    "OfferUnavailableError",
}


def family(root: type[CoffreError] = CoffreError) -> Iterator[type[CoffreError]]:
    yield root
    for kind in root.__subclasses__():
        yield from family(kind)


TREE = sorted(
    {kind for kind in family() if kind.__module__ == "coffre.contract.errors"},
    key=lambda kind: kind.__name__,
)


def test_the_codes_are_those_that_others_rely_on() -> None:
    assert {kind.__name__: kind.code for kind in TREE} == CODES


def test_no_two_errors_share_a_code() -> None:
    assert len(set(CODES.values())) == len(CODES)


def test_every_error_is_exported_and_named_an_error() -> None:
    assert all(kind.__name__.endswith("Error") for kind in TREE)
    assert {kind.__name__ for kind in TREE} <= set(contract.__all__)


def test_only_what_may_succeed_later_unchanged_is_retryable() -> None:
    assert {kind.__name__ for kind in TREE if kind.retryable} == RETRYABLE


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_an_error_with_a_twin_is_caught_as_the_twin(kind: type[CoffreError]) -> None:
    builtin = {OSError, ValueError, LookupError, NotImplementedError}
    twin = TWINS.get(kind.__name__)

    if twin is None:
        assert not any(issubclass(kind, one) for one in builtin)
    else:
        with pytest.raises(twin):
            raise kind("m")


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_an_error_says_its_message_and_nothing_else(kind: type[CoffreError]) -> None:
    error = kind("a sentence", ref=REF)

    assert str(error) == error.message == "a sentence"
    assert error.ref == REF
    assert repr(error) == f"{kind.__name__}('a sentence')"
    assert error.to_json() == {
        "code": kind.code,
        "message": "a sentence",
        "offer": None,
        "ref": "0/object/charter",
        "retryable": kind.retryable,
    }


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_an_error_travels_between_processes_whole(kind: type[CoffreError]) -> None:
    error = kind("a sentence", ref=REF)
    error.offer = "north"

    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert vars(again) == vars(error)
        assert str(again) == "a sentence"


def test_drivers_have_one_family_and_sources_another() -> None:
    assert issubclass(NotReadyError, OfferError)
    assert not issubclass(SourceError, OfferError)


@pytest.mark.parametrize(
    ("kind", "doubt"),
    [(OfferUnavailableError, False), (OfferTimeoutError, True), (ConnectionLostError, True)],
)
def test_only_an_offer_that_was_reached_leaves_a_doubt(
    kind: type[OfferUnavailableError], doubt: bool
) -> None:
    assert kind("m").effect_unknown is doubt
    assert kind("m", effect_unknown=not doubt).effect_unknown is not doubt
    assert kind("m", retry_after=3.0).retry_after == 3.0
