"""Envelopes: sections 7.1 and 7.2, and documents that are none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.wire import (
    BodyError,
    KnownError,
    MissingBodyError,
    MissingFieldError,
    SaidError,
    only_result,
    read_error,
    read_results,
    write_error,
    write_results,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=4), st.sampled_from([200, 201]))
def test_results_come_back(results: list[None], status: int) -> None:
    assert read_results(write_results(results, status)) == results


def test_the_envelope_is_that_of_the_protocol() -> None:
    assert json.loads(write_results(["a", "b"])) == {
        "httpCode": 200,
        "$hits": {"total": 2, "offset": 0, "limit": 0, "size": 2},
        "$results": ["a", "b"],
        "$facetResults": [],
        "$context": {},
    }


def test_unknown_fields_and_spaces_are_no_matter() -> None:
    written = b'\n{ "$hits" : {"scrollId": "x"}, "$results" : [ 1 ], "more": {} }\n'

    assert only_result(written) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n",
        b"null",
        b"[]",
        b'"$hits"',
        b"{}",
        b'{"$results":[]}',
        b'{"$hits":{}}',
        b'{"$hits":{},"$results":null}',
        b'{"$hits":{},"$results":{}}',
        b'{"$hits":{},"$results":"ab"}',
        b'{"$hits":{},"$results":[NaN]}',
        b"{'$hits':{}}",
        b"\xff\xfe",
        b"[" * 100_000,
        b"9" * 5000,
        b'{"httpCode":404,"code":"100516"}',
    ],
)
def test_what_is_no_success_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(BodyError):
        read_results(data)


@pytest.mark.parametrize("results", [[], [1, 2]])
def test_one_result_is_one(results: list[int]) -> None:
    with pytest.raises(BodyError, match="one was expected"):
        only_result(write_results(results))


@given(st.integers(0, 150))
def test_an_envelope_that_was_cut_is_none(cut: int) -> None:
    whole = write_results([{"areObjectsAvailable": True}])

    with pytest.raises(BodyError):
        read_results(whole[: min(cut, len(whole) - 1)])


def test_missing_is_told_from_wrong() -> None:
    with pytest.raises(MissingBodyError):
        read_results(b"null")
    with pytest.raises(MissingFieldError):
        read_results(b'{"$hits":{}}')


SECTION_7_2 = [
    (KnownError.NOT_FOUND, "100516", "Storage", "Storage not found"),
    (KnownError.TECHNICAL, "100517", "Storage", "Storage technical error"),
    (KnownError.LOG, "100515", "Storage", "Cannot retrieve objects stored on container"),
    (KnownError.BAD_REQUEST, "100301", "Illegal", "Storage Engine received a bad request"),
    (
        KnownError.NOT_READY,
        "Custom Vitam HTTP Status Code: 460-UNAVAILABLE_DATA_FROM_ASYNC_OFFER",
        "Storage",
        "Access to data from async offer without active access request",
    ),
]


@pytest.mark.parametrize(("known", "code", "state", "message"), SECTION_7_2)
def test_known_errors_are_those_of_the_protocol(
    known: KnownError, code: str, state: str, message: str
) -> None:
    assert json.loads(write_error(404, known)) == {
        "httpCode": 404,
        "code": code,
        "context": "Storage",
        "state": state,
        "message": message,
        "description": message,
    }


def test_an_error_comes_back() -> None:
    said = read_error(write_error(500, KnownError.TECHNICAL, "the disk is slow"))

    assert said == SaidError(
        code="100517", message="Storage technical error", description="the disk is slow"
    )


@pytest.mark.parametrize(
    "data", [b"", b"<html>no</html>", b"[]", b"{}", b"null", b"\xff", b"[" * 9999]
)
def test_an_error_without_an_envelope_says_nothing_and_is_no_error_itself(data: bytes) -> None:
    assert read_error(data) is None


def test_a_sentence_of_another_machine_is_short_and_on_one_line() -> None:
    said = read_error(json.dumps({"code": 12, "message": "a\nb\x1b[31m" + "x" * 9999}).encode())

    assert said is not None
    assert said.code == ""
    assert said.message.startswith("ab[31mx")
    assert len(said.message) <= 500


@given(st.binary(max_size=200))
def test_no_bytes_surprise_the_readers(data: bytes) -> None:
    read_error(data)
    with pytest.raises(BodyError):
        read_results(data)
