"""Names, records, writers, limits and sources: what needs no service."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime

import pytest

from coffre.conformance.contents import PlainContent
from coffre.contract import (
    ContainerEntry,
    DigestAlgorithm,
    DigestMismatchError,
    ObjectRef,
    OfferTimeoutError,
    PutRequest,
    SizeMismatchError,
    UnsupportedOperationError,
)
from coffre.drivers.swift import segments
from coffre.drivers.swift.limits import Limits, limits_of
from coffre.drivers.swift.names import Names, is_folded, put_of
from coffre.drivers.swift.receiving import Source, receive_whole
from coffre.drivers.swift.records import in_headers, put_in, record_of
from coffre.drivers.swift.segments import Uploaded, sizes_of
from coffre.drivers.swift.writers import begin_put, end_put, is_alive
from coffre.http import Headers, HttpAnswer
from coffre.streams import BytesContent
from coffre.testing import FakeClock
from coffre.tree import decode_record, record_line

REF = ObjectRef(tenant=3, container="object", identifier="charter@1328.pdf")
NAMES = Names("coffre")


# --- names ----------------------------------------------------------------------------------------


def test_an_object_lies_in_a_container_of_its_tenant_and_container() -> None:
    spot = NAMES.spot(REF)
    assert (spot.container, spot.name) == ("coffre+3+object", "charter@1328.pdf")
    assert spot.path == "/coffre%2B3%2Bobject/charter%401328.pdf"


def test_what_lies_beside_is_told_by_its_name() -> None:
    spot = NAMES.beside(REF, "a-put", "00000000")
    assert spot.container == "coffre+segments"
    assert put_of(spot.name) == (REF, "a-put")
    for stranger in ("", "a/b", "3/object/x/put", "3/object/.x/put/0", "x/object/x/put/0"):
        assert put_of(stranger) is None


@pytest.mark.parametrize("container", ["object", "a.b", "3", "x" * 255])
def test_a_container_is_told_by_the_name_that_holds_it(container: str) -> None:
    name = NAMES.container(2**31 - 1, container)
    assert len(name) <= 256
    told = NAMES.told(name)
    assert told is not None
    if is_folded(told.container):
        assert len(container) == 255
        assert told.tenant == 2**31 - 1
    else:
        assert told == ContainerEntry(tenant=2**31 - 1, container=container)


def test_no_two_containers_share_a_name() -> None:
    places = [(0, "a"), (0, "a.b"), (1, "a"), (11, "a"), (0, "x" * 255), (0, "x" * 254 + "y")]
    assert len({NAMES.container(*one) for one in places}) == len(places)


@pytest.mark.parametrize(
    "name", ["coffre+segments", "coffre+quarantine", "coffre+01+a", "coffre+1+", "other+1+a", "a"]
)
def test_what_is_no_container_of_ours_is_not_told(name: str) -> None:
    assert NAMES.told(name) is None


# --- records --------------------------------------------------------------------------------------


def line_of(metadata: dict[str, str]) -> bytes:
    digest = DigestAlgorithm.SHA512.of(b"bytes")
    return record_line(REF, 5, digest, "2026-11-24T19:00:00.000Z", metadata)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"name": "with spaces   at   every place " * 20},
        {"título": "été \U0001f600 日本", "\x7f\n\t": '"\\'},
        {"n": "x" * 2500},
    ],
)
def test_a_record_passes_through_headers(metadata: dict[str, str]) -> None:
    line = line_of(metadata)
    headers = in_headers(line, Limits())
    assert headers is not None
    for name, value in headers.items():
        assert len(value) <= 256
        assert value == value.strip()
        assert f"{name}: {value}".isascii()
        assert value.isprintable()
    lines = [f"{name}: {value}".encode() for name, value in headers.items()]
    service: object = None  # not asked
    found = record_of(service, NAMES, REF, Headers(lines))  # type: ignore[arg-type]
    assert found == decode_record(line)


def test_a_record_that_does_not_fit_is_not_cut() -> None:
    assert in_headers(line_of({"n": "x" * 3600}), Limits()) is None
    assert in_headers(line_of({"n": "x" * 1000}), Limits(meta_bytes=1000)) is None
    assert in_headers(line_of({"n": "x" * 1000}), Limits(meta_count=4)) is None


def test_a_record_that_cannot_be_read_is_none() -> None:
    service: object = None
    for lines in ([], [b"X-Object-Meta-Coffre-Record-00: {", b"X-Object-Meta-Coffre-Put: p"]):
        assert record_of(service, NAMES, REF, Headers(lines)) is None  # type: ignore[arg-type]
    assert put_in(Headers([b"x-object-meta-coffre-put: p"])) == "p"


# --- writers --------------------------------------------------------------------------------------


def test_a_put_of_this_process_lives_until_it_ends() -> None:
    put = begin_put()
    assert is_alive(put) is True
    end_put(put)
    assert is_alive(put) is False


def test_a_put_of_another_process_is_known_dead_or_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = begin_put()
    end_put(put)
    me = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: me + 1)
    assert is_alive(put) is None  # its process is there, and may be making another one
    machine, process, since, token = put.split("-")
    assert is_alive(f"{machine}-{process}-{int(since) + 1}-{token}") is False
    assert is_alive(f"0123456789ab-{process}-{since}-{token}") is None
    for stranger in ("", "a-b-c-d", "x"):
        assert is_alive(stranger) is None


def test_no_two_puts_share_a_name() -> None:
    assert len({begin_put() for _ in range(100)}) == 100


# --- limits ---------------------------------------------------------------------------------------


def test_a_cluster_tells_its_limits() -> None:
    told = {
        "swift": {"max_file_size": 1000, "max_meta_value_length": 10, "max_meta_count": True},
        "slo": {"max_manifest_segments": 7},
        "bulk_delete": {"max_deletes_per_request": 50},
    }
    limits = limits_of(HttpAnswer(200, Headers([]), json.dumps(told).encode()))
    assert (limits.largest_piece, limits.most_segments, limits.meta_value) == (1000, 7, 10)
    assert (limits.bulk_deletes, limits.meta_count) == (50, 90)


def test_a_cluster_without_large_objects_says_so_and_a_silent_one_is_as_usual() -> None:
    assert limits_of(HttpAnswer(200, Headers([]), b"{}")).most_segments == 0
    for status, body in ((403, b""), (404, b"{}"), (200, b"<html>"), (200, b"[]")):
        found = limits_of(HttpAnswer(status, Headers([]), body))
        assert found.largest_piece == Limits().largest_piece


def request(data: bytes, size: int | None = None) -> PutRequest:
    return PutRequest(ref=REF, content=BytesContent(data), size=len(data) if size is None else size)


def sized(size: int) -> PutRequest:
    return PutRequest(ref=REF, content=BytesContent(b""), size=size)


def test_segments_are_as_large_as_is_wanted_or_as_they_must_be() -> None:
    limits = Limits(largest_piece=100, most_segments=10)
    assert list(sizes_of(sized(25), 10, limits)) == [10, 10, 5]
    assert list(sizes_of(sized(20), 10, limits)) == [10, 10]
    assert list(sizes_of(sized(995), 10, limits)) == [100] * 9 + [95]
    assert list(sizes_of(sized(150), 1000, limits)) == [100, 50]
    assert list(sizes_of(sized(1000), 1, limits)) == [100] * 10


def test_an_object_that_the_cluster_cannot_hold_is_refused() -> None:
    with pytest.raises(UnsupportedOperationError, match="objects of 1000 bytes"):
        sizes_of(sized(1001), 10, Limits(largest_piece=100, most_segments=10))
    with pytest.raises(UnsupportedOperationError, match="'buffer'"):
        sizes_of(sized(1), 10, Limits(most_segments=0))


def test_a_writer_that_stood_still_for_half_a_day_gives_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock(datetime(2026, 11, 24, tzinfo=UTC))
    monkeypatch.setattr(segments, "SYSTEM_CLOCK", clock)
    service: object = None
    uploaded = Uploaded(service, NAMES, sized(10), "put")  # type: ignore[arg-type]
    clock.advance(segments.TOO_SLOW)
    assert uploaded.manifest() == b"[]"
    clock.advance(1)
    with pytest.raises(OfferTimeoutError):
        uploaded.manifest()


# --- sources --------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_most", [1, 7, 100])
def test_a_source_is_given_piece_by_piece_and_digested_on_its_way(at_most: int) -> None:
    data = bytes(range(100))
    given = PutRequest(ref=REF, content=PlainContent(data, at_most=at_most), size=100)
    with given.content.open() as stream:
        source = Source(given, stream)
        for start, length in ((0, 30), (30, 0), (30, 50), (80, 20)):
            piece = b"".join(bytes(one) for one in source.piece(length))
            assert piece == data[start : start + length]
            if length:
                assert source.md5 == hashlib.md5(piece).hexdigest()
        assert source.ended().digest == DigestAlgorithm.SHA512.of(data)


@pytest.mark.parametrize("size", [99, 101])
def test_a_source_of_another_length_is_refused(size: int) -> None:
    content = PlainContent(bytes(100), at_most=7)
    with pytest.raises(SizeMismatchError) as caught:
        receive_whole(PutRequest(ref=REF, content=content, size=size))
    assert caught.value.ref == REF


def test_a_source_of_another_digest_is_refused() -> None:
    for content in (BytesContent(b"bytes"), PlainContent(b"bytes", at_most=3)):
        expected = DigestAlgorithm.SHA512.of(b"other")
        with pytest.raises(DigestMismatchError):
            receive_whole(PutRequest(ref=REF, content=content, size=5, expected=expected))
