"""Records: one line that says what is known of an object, and nothing that is not there."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import Digest, DigestAlgorithm, ObjectRef, as_text
from coffre.tree import ObjectRecord, decode_record, encode_record, record_line

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
GOOD = {
    "record": 1,
    "ref": "0/object/charter.pdf",
    "size": 3,
    "digest": str(DigestAlgorithm.SHA256.of(b"abc")),
    "stored_at": "2026-11-24T11:00:00.000001Z",
    "metadata": {"name": "Charter.pdf"},
}


def record_with(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


@given(
    size=st.integers(0, 2**60),
    algorithm=st.sampled_from(DigestAlgorithm),
    moment=st.datetimes(timezones=st.just(UTC)),
    metadata=st.dictionaries(TEXT, TEXT, max_size=4),
)
def test_what_is_written_is_read_back(
    size: int, algorithm: DigestAlgorithm, moment: datetime, metadata: dict[str, str]
) -> None:
    record = ObjectRecord(
        ref=ObjectRef(tenant=3, container="object", identifier="a.b"),
        size=size,
        digest=Digest(algorithm, bytes(algorithm.length)),
        stored_at=moment,
        metadata=metadata,
    )
    line = encode_record(record)

    assert b"\n" not in line
    assert decode_record(line) == record
    assert json.loads(line)["ref"] == "3/object/a.b"


@given(
    tenant=st.integers(0, 2**31 - 1),
    size=st.integers(0, 2**60),
    algorithm=st.sampled_from(DigestAlgorithm),
    moment=st.datetimes(timezones=st.just(UTC)),
    metadata=st.dictionaries(TEXT, TEXT, max_size=4),
)
def test_it_is_the_line_that_the_standard_encoder_writes(
    tenant: int,
    size: int,
    algorithm: DigestAlgorithm,
    moment: datetime,
    metadata: dict[str, str],
) -> None:
    ref = ObjectRef(tenant=tenant, container="object", identifier="a@-_.b")
    digest = algorithm.of(b"%d" % size)
    line = record_line(ref, size, digest, as_text(moment), metadata)

    told = {
        "record": 1,
        "ref": str(ref),
        "size": size,
        "digest": str(digest),
        "stored_at": as_text(moment),
        **({"metadata": metadata} if metadata else {}),
    }
    assert line == json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def test_a_person_can_read_it() -> None:
    record = decode_record(record_with(metadata={"name": "Charte de l'été.pdf"}))

    assert "Charte de l'été.pdf" in encode_record(record).decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"record": 2},
        {"ref": "../../etc/passwd"},
        {"ref": 7},
        {"size": -1},
        {"size": True},
        {"size": "3"},
        {"digest": "sha256:00"},
        {"digest": "crc32:00000000"},
        {"stored_at": "yesterday"},
        {"stored_at": "2026-11-24T11:00:00"},
        {"metadata": {"name": 1}},
        {"metadata": ["name"]},
    ],
    ids=str,
)
def test_a_damaged_record_is_refused(changes: dict[str, object]) -> None:
    assert decode_record(record_with()).size == 3
    with pytest.raises(ValueError, match=r"."):
        decode_record(record_with(**changes))


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_there_instead_is_refused_and_never_a_crash(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_record(data)


@given(st.sampled_from(sorted(GOOD)), JSON)
def test_whatever_one_field_holds_it_is_read_or_refused(name: str, value: object) -> None:
    try:
        found = decode_record(record_with(**{name: value}))
    except ValueError:
        return
    assert decode_record(encode_record(found)) == found
