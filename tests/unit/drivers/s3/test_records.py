"""Records travel in one header, and come back as they were."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import DigestAlgorithm, ObjectCorruptError, ObjectRef, PutRequest
from coffre.drivers.s3.records import MOST_RECORD, RECORD, Kept, encode, fits, owner
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import Settings
from coffre.streams import BytesContent
from tests.unit.drivers.s3.bucket import Bucket, served

REF = ObjectRef(tenant=0, container="object", identifier="charter")
DIGEST = DigestAlgorithm.SHA512.of(b"charter")
WHEN = datetime(2026, 11, 24, 12, tzinfo=UTC)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def line(metadata: dict[str, str], ref: ObjectRef = REF) -> str:
    request = PutRequest(ref=ref, content=BytesContent(b"charter"), size=7, metadata=metadata)
    return encode(request, DIGEST, WHEN)


def kept(text: str) -> Kept:
    return Kept.of(REF, {RECORD: text})


@pytest.fixture(scope="module")
def service() -> Service:
    with served(Bucket()) as parameters:
        return Service(Settings.of(parameters))


@given(metadata=st.dictionaries(texts, texts, max_size=5))
def test_any_metadata_come_back_from_a_header(service: Service, metadata: dict[str, str]) -> None:
    written = line(metadata)

    assert written.isascii()
    assert written.isprintable()
    assert " " not in written, "a service or a proxy may make one space of two"
    assert "=?" not in written, "some services read it as an encoded word of mail"
    record = kept(written).record(service)
    assert record is not None
    assert (record.ref, record.size, record.digest) == (REF, 7, DIGEST)
    assert (record.stored_at, dict(record.metadata)) == (WHEN, metadata)


def test_a_record_that_is_too_long_does_not_travel_in_a_header() -> None:
    assert fits(line({"name": "charter.pdf"}))
    assert not fits(line({"name": "x" * MOST_RECORD}))


@pytest.mark.parametrize("text", ["{}", "not json", '{"record":2}', "[]"])
def test_a_record_that_cannot_be_read_is_damage(service: Service, text: str) -> None:
    with pytest.raises(ObjectCorruptError):
        kept(text).record(service)


def test_the_record_of_another_object_is_damage(service: Service) -> None:
    other = ObjectRef(tenant=0, container="object", identifier="other")
    with pytest.raises(ObjectCorruptError, match="0/object/other"):
        kept(line({}, other)).record(service)


def test_an_object_of_somebody_else_has_no_record(service: Service) -> None:
    assert Kept.of(REF, {}).record(service) is None


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (f"0/object/charter/{'a' * 32}", (REF, "a" * 32)),
        ("0/object/charter/short", None),
        (f"0/object/{'a' * 32}", None),
        (f"x/object/charter/{'a' * 32}", None),
        ("a" * 32, None),
    ],
)
def test_what_is_beside_names_its_object(name: str, found: object) -> None:
    assert owner(name) == found
