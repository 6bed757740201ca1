"""What is kept beside an object: one line of ASCII for each header, whatever it holds."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import DigestAlgorithm, ObjectCorruptError, ObjectRef
from coffre.drivers.azure.records import ROOM, identity, inline, read_record

REF = ObjectRef(tenant=0, container="object", identifier="a")
METADATA = st.dictionaries(st.text(max_size=40), st.text(max_size=200), max_size=5)


@given(metadata=METADATA)
def test_metadata_come_back_as_they_were(metadata: dict[str, str]) -> None:
    headers = inline(metadata)

    assert headers is not None
    assert dict(read_record(headers, REF).metadata) == metadata
    for value in headers.values():
        assert value.isascii()
        assert " " not in value
        assert value.isprintable()


def test_metadata_are_read_without_coffre_while_they_are_short() -> None:
    assert inline({"name": "a b.pdf"}) == {"x-ms-meta-coffre_metadata": '{"name":"a\\u0020b.pdf"}'}


def test_long_metadata_are_deflated() -> None:
    metadata = {"note": "the same again, " * 1000}
    headers = inline(metadata)

    assert headers is not None
    assert list(headers) == ["x-ms-meta-coffre_metadata_deflated"]
    assert dict(read_record(headers, REF).metadata) == metadata


def test_metadata_that_no_header_takes_have_none() -> None:
    assert inline({"noise": Random(5).randbytes(8000).hex()}) is None


def test_nothing_takes_no_header() -> None:
    assert inline({}) == {}


def test_all_headers_together_fit_into_what_the_service_takes() -> None:
    digest = DigestAlgorithm.SHA512.of(b"")
    headers = identity(digest, 2**50) | {"x-ms-meta-coffre_metadata_deflated": "x" * ROOM}

    assert sum(len(name) - len("x-ms-meta-") + len(value) for name, value in headers.items()) < 8192


def test_digest_and_size_come_back() -> None:
    digest = DigestAlgorithm.SHA3_512.of(b"x")
    record = read_record(identity(digest, 17), REF)

    assert (record.digest, record.size) == (digest, 17)


def test_a_blob_that_others_stored_has_no_record() -> None:
    record = read_record({"x-ms-meta-note": "theirs"}, REF)

    assert (record.digest, record.size, dict(record.metadata)) == (None, None, {})


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ms-meta-coffre_digest": "sha512:00"},
        {"x-ms-meta-coffre_size": "many"},
        {"x-ms-meta-coffre_metadata": "{"},
        {"x-ms-meta-coffre_metadata": '{"a":1}'},
        {"x-ms-meta-coffre_metadata": "[]"},
        {"x-ms-meta-coffre_metadata_deflated": "AAAA"},
        {"x-ms-meta-coffre_metadata_deflated": "no base64!"},
    ],
)
def test_a_record_that_cannot_be_read_is_damage(headers: dict[str, str]) -> None:
    with pytest.raises(ObjectCorruptError):
        read_record(headers, REF)
