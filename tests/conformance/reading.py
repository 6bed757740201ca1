"""What every ``get``, ``stat``, ``delete`` and ``list`` owes."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from coffre.contract import (
    Capability,
    DeleteRequest,
    DigestAlgorithm,
    Evidence,
    GetRequest,
    InvalidRangeError,
    ListRequest,
    ObjectCorruptError,
    ObjectNotFoundError,
    StatRequest,
)
from coffre.streams import CHUNK
from tests.conformance.harness import CONTAINER, TENANT, Harness, deposit, named
from tests.conformance.putting import EDGES, needs, some_bytes


class GetConformance:
    """Objects read back."""

    @pytest.mark.parametrize("size", EDGES)
    def test_what_was_put_comes_back(self, harness: Harness, size: int) -> None:
        data = some_bytes(size)

        with harness.connect() as connection:
            connection.put(deposit("it", data))
            with connection.get(GetRequest(ref=named("it"))) as result:
                assert result.size == size
                assert result.stream.read() == data
                assert result.stream.read(1) == b""

    def test_who_asks_for_the_bytes_alone_gets_them_and_nothing_untrue(
        self, harness: Harness
    ) -> None:
        with harness.connect() as connection:
            connection.put(deposit("bare", b"some bytes"))
            described = connection.get(GetRequest(ref=named("bare")))
            alone = connection.get(GetRequest(ref=named("bare"), describe=False))
            with described, alone:
                assert alone.stream.read() == b"some bytes"
                assert alone.size == 10
                assert alone.recorded in (None, described.recorded)
                assert alone.metadata in ({}, described.metadata)

    def test_it_can_be_read_in_pieces_of_any_length(self, harness: Harness) -> None:
        data = some_bytes(CHUNK + 1000)

        with harness.connect() as connection:
            connection.put(deposit("it", data))
            with connection.get(GetRequest(ref=named("it"))) as result:
                pieces = [result.stream.read(length) for length in (1, 0, 999, CHUNK)]
                pieces.append(result.stream.read(-1))

        assert b"".join(pieces) == data
        assert [len(piece) for piece in pieces[:3]] == [1, 0, 999]

    def test_what_is_not_there_is_not_found(self, harness: Harness) -> None:
        with harness.connect() as connection:
            connection.put(deposit("there"))
            elsewhere = (named("there", tenant=1), named("there", container="no"))
            for absent in (named("not-there"), *elsewhere):
                with pytest.raises(ObjectNotFoundError):
                    connection.get(GetRequest(ref=absent))
                with pytest.raises(ObjectNotFoundError):
                    connection.stat(StatRequest(ref=absent))

    @pytest.mark.parametrize(
        ("offset", "length"),
        [(0, 0), (0, 1), (0, None), (1, None), (999, 1), (1000, None), (1000, 0), (17, 500)],
    )
    def test_a_range_is_exactly_the_bytes_asked_for(
        self, harness: Harness, offset: int, length: int | None
    ) -> None:
        needs(harness, Capability.RANGE_READ)
        data = some_bytes(1000)
        end = None if length is None else offset + length

        with harness.connect() as connection:
            connection.put(deposit("it", data))
            request = GetRequest(ref=named("it"), offset=offset, length=length)
            with connection.get(request) as result:
                assert result.stream.read() == data[offset:end]
                assert result.size == 1000

    @pytest.mark.parametrize(("offset", "length"), [(1001, None), (1001, 0), (0, 1001), (999, 2)])
    def test_a_range_outside_the_object_is_refused(
        self, harness: Harness, offset: int, length: int | None
    ) -> None:
        needs(harness, Capability.RANGE_READ)

        with harness.connect() as connection:
            connection.put(deposit("it", some_bytes(1000)))
            with pytest.raises(InvalidRangeError):
                connection.get(GetRequest(ref=named("it"), offset=offset, length=length))

    def test_a_reader_keeps_an_object_deleted_meanwhile_or_is_told(self, harness: Harness) -> None:
        data = some_bytes(3 * CHUNK)

        with harness.connect() as connection, harness.connect() as reader:
            connection.put(deposit("it", data))
            with reader.get(GetRequest(ref=named("it"))) as result:
                begun = result.stream.read(10)
                connection.delete(DeleteRequest(ref=named("it")))
                assert begun + result.stream.read() == data

    def test_damaged_bytes_are_given_as_they_are_or_refused(self, harness: Harness) -> None:
        """A driver may verify; what it must not do is to give back bytes that are not held."""
        with harness.connect() as connection:
            connection.put(deposit("it"))
            harness.damage(named("it"))
            try:
                with connection.get(GetRequest(ref=named("it"))) as result:
                    read = result.stream.read()
            except ObjectCorruptError:
                return

        assert read == harness.bytes_at_rest(named("it")) != b"some bytes"


class StatConformance:
    """Objects asked about."""

    def test_it_tells_the_size_and_claims_no_more_than_it_looked(self, harness: Harness) -> None:
        with harness.connect() as connection:
            connection.put(deposit("it", some_bytes(1234)))
            told = connection.stat(StatRequest(ref=named("it")))

        assert told.size == 1234
        assert told.digest is None
        assert told.evidence <= Evidence.PRESENT

    @pytest.mark.parametrize("algorithm", list(DigestAlgorithm))
    def test_a_digest_asked_for_is_computed_over_what_is_held_now(
        self, harness: Harness, algorithm: DigestAlgorithm
    ) -> None:
        needs(harness, Capability.OFFER_DIGEST)

        with harness.connect() as connection:
            connection.put(deposit("it"))
            before = connection.stat(StatRequest(ref=named("it"), digest=algorithm))
            harness.damage(named("it"))
            after = connection.stat(StatRequest(ref=named("it"), digest=algorithm))

        held = harness.bytes_at_rest(named("it"))
        assert held is not None
        assert before.digest == algorithm.of(b"some bytes")
        assert after.digest == algorithm.of(held) != before.digest
        assert before.evidence is after.evidence is Evidence.REPORTED


class DeleteConformance:
    """Objects removed."""

    def test_what_is_deleted_is_absent_for_all(self, harness: Harness) -> None:
        with harness.connect() as connection:
            connection.put(deposit("it"))
            connection.put(deposit("other"))

            assert connection.delete(DeleteRequest(ref=named("it"))).existed

            with pytest.raises(ObjectNotFoundError):
                connection.get(GetRequest(ref=named("it")))
            assert identifiers(harness) == ["other"]
        assert harness.bytes_at_rest(named("it")) is None
        assert harness.bytes_at_rest(named("other")) == b"some bytes"

    def test_deleting_what_is_not_there_succeeds_and_says_so(self, harness: Harness) -> None:
        with harness.connect() as connection:
            connection.put(deposit("it"))
            connection.delete(DeleteRequest(ref=named("it")))

            assert not connection.delete(DeleteRequest(ref=named("it"))).existed
            assert not connection.delete(DeleteRequest(ref=named("x", container="no"))).existed

    def test_what_was_deleted_can_be_put_again(self, harness: Harness) -> None:
        with harness.connect() as connection:
            connection.put(deposit("it", b"one"))
            connection.delete(DeleteRequest(ref=named("it")))
            assert not connection.put(deposit("it", b"other")).already_there

        assert harness.bytes_at_rest(named("it")) == b"other"


NAMES = ["-", "@", "A", "B.a", "_", "a", "a-b", "a.b", "a.b.c", "aa", "b", "x" * 255]
"""In the order of their bytes, which is not that of any language."""


class ListConformance:
    """Containers listed."""

    def test_entries_come_in_the_order_of_their_bytes(self, harness: Harness) -> None:
        fill(harness, reversed(NAMES))

        with harness.connect() as connection:
            listing = connection.list(ListRequest(tenant=TENANT, container=CONTAINER))
            entries = list(listing)

        assert [entry.identifier for entry in entries] == sorted(NAMES)
        assert {entry.size for entry in entries} == {10}
        assert listing.complete

    def test_a_container_that_does_not_exist_is_empty_and_complete(self, harness: Harness) -> None:
        fill(harness, ["a"])

        with harness.connect() as connection:
            for tenant, container in ((TENANT, "no"), (7, CONTAINER)):
                listing = connection.list(ListRequest(tenant=tenant, container=container))
                assert list(listing) == []
                assert listing.complete

    @pytest.mark.parametrize("after", ["", "!", "-", "0", "a", "a.", "a.b", "ab", "x" * 255, "~"])
    def test_it_goes_on_after_any_text(self, harness: Harness, after: str) -> None:
        fill(harness, NAMES)

        assert identifiers(harness, after=after) == [name for name in sorted(NAMES) if name > after]

    @pytest.mark.parametrize("prefix", ["", "a", "a.b", "b", "c", "x" * 255, "../", "A"])
    def test_a_prefix_keeps_what_begins_so(self, harness: Harness, prefix: str) -> None:
        fill(harness, NAMES)

        expected = [name for name in sorted(NAMES) if name.startswith(prefix)]
        assert identifiers(harness, prefix=prefix) == expected
        assert identifiers(harness, prefix=prefix, after="a") == [n for n in expected if n > "a"]

    @pytest.mark.parametrize("limit", [0, 1, 5, len(NAMES) - 1, len(NAMES), 100])
    def test_a_limit_is_kept_and_completeness_told(self, harness: Harness, limit: int) -> None:
        fill(harness, NAMES)

        with harness.connect() as connection:
            request = ListRequest(tenant=TENANT, container=CONTAINER, limit=limit)
            listing = connection.list(request)
            found = [entry.identifier for entry in listing]

        assert found == sorted(NAMES)[:limit]
        assert listing.complete == (limit >= len(NAMES))

    def test_it_can_be_left_and_resumed_page_by_page(self, harness: Harness) -> None:
        fill(harness, NAMES)
        found: list[str] = []

        with harness.connect() as connection:
            while True:
                request = ListRequest(
                    tenant=TENANT, container=CONTAINER, limit=5, after=found[-1] if found else None
                )
                with connection.list(request) as page:
                    found += [entry.identifier for entry in page]
                if page.complete:
                    break

        assert found == sorted(NAMES)

    def test_what_stays_is_listed_once_whatever_else_changes(self, harness: Harness) -> None:
        fill(harness, NAMES)

        with harness.connect() as connection, harness.connect() as other:
            listing = connection.list(ListRequest(tenant=TENANT, container=CONTAINER))
            found = [next(listing).identifier]
            other.delete(DeleteRequest(ref=named("a")))
            other.put(deposit("zz"))
            found += [entry.identifier for entry in listing]

        assert [name for name in found if name not in ("a", "zz")] == [
            name for name in sorted(NAMES) if name != "a"
        ]


def fill(harness: Harness, names: Iterable[str]) -> None:
    """Store one object under each name."""
    with harness.connect() as connection:
        for name in names:
            connection.put(deposit(name))


def identifiers(harness: Harness, *, after: str | None = None, prefix: str = "") -> list[str]:
    """What a listing shows."""
    request = ListRequest(tenant=TENANT, container=CONTAINER, after=after, prefix=prefix)
    with harness.connect() as connection, connection.list(request) as listing:
        return [entry.identifier for entry in listing]
