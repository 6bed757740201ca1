"""What every ``Connection.put`` owes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from coffre.contract import (
    Capability,
    DigestAlgorithm,
    DigestMismatchError,
    Evidence,
    GetRequest,
    ListRequest,
    ObjectConflictError,
    ObjectNotFoundError,
    PutRequest,
    SizeMismatchError,
    SourceError,
    StatRequest,
)
from coffre.streams import CHUNK, BytesContent, ReadableStream
from coffre.testing import FailingContent
from tests.conformance.harness import CONTAINER, TENANT, Harness, deposit, named

EDGES = (0, 1, 511, 4096, 4097, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7)
"""Sizes around which drivers change their ways."""


def some_bytes(size: int) -> bytes:
    """Bytes that repeat nowhere near a block's length."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def nothing_is_there(harness: Harness, identifier: str) -> bool:
    """Whether no one, by any way, finds an object or a part of it."""
    with harness.connect() as connection:
        with pytest.raises(ObjectNotFoundError):
            connection.get(GetRequest(ref=named(identifier)))
        with pytest.raises(ObjectNotFoundError):
            connection.stat(StatRequest(ref=named(identifier)))
        listed = connection.list(ListRequest(tenant=TENANT, container=CONTAINER))
        assert identifier not in {entry.identifier for entry in listed}
    return harness.bytes_at_rest(named(identifier)) is None


class PutConformance:
    """One object stored: whole or not at all."""

    @pytest.mark.parametrize("size", EDGES)
    def test_the_bytes_at_rest_are_the_bytes_sent(self, harness: Harness, size: int) -> None:
        data = some_bytes(size)

        with harness.connect() as connection:
            result = connection.put(deposit("edge", data))

        assert harness.bytes_at_rest(named("edge")) == data
        assert result.size == size
        assert result.digest == DigestAlgorithm.SHA512.of(data)
        assert result.evidence >= Evidence.PRESENT
        assert not result.already_there

    @pytest.mark.parametrize("algorithm", list(DigestAlgorithm))
    def test_the_digest_is_of_the_algorithm_asked_for(
        self, harness: Harness, algorithm: DigestAlgorithm
    ) -> None:
        data = some_bytes(5000)
        request = PutRequest(
            ref=named("a"), content=BytesContent(data), size=5000, algorithm=algorithm
        )

        with harness.connect() as connection:
            assert connection.put(request).digest == algorithm.of(data)

    @pytest.mark.parametrize(
        "identifier", ["a", "A", "-", "@_-.x", "a.b.c", "x" * 255, ".".join(["ab"] * 85)]
    )
    def test_every_identifier_of_the_grammar_can_be_stored(
        self, harness: Harness, identifier: str
    ) -> None:
        with harness.connect() as connection:
            connection.put(deposit(identifier))
            listing = connection.list(ListRequest(tenant=TENANT, container=CONTAINER))
            assert [entry.identifier for entry in listing] == [identifier]

        assert harness.bytes_at_rest(named(identifier)) == b"some bytes"

    def test_identifiers_that_differ_in_case_are_two(self, harness: Harness) -> None:
        with harness.connect() as connection:
            connection.put(deposit("Charter", b"one"))
            connection.put(deposit("charter", b"two"))

        assert harness.bytes_at_rest(named("Charter")) == b"one"
        assert harness.bytes_at_rest(named("charter")) == b"two"

    def test_the_same_bytes_again_succeed_and_say_so(self, harness: Harness) -> None:
        with harness.connect() as connection:
            connection.put(deposit("twice"))
            again = connection.put(deposit("twice"))

        assert again.already_there
        assert again.digest == DigestAlgorithm.SHA512.of(b"some bytes")

    def test_other_bytes_conflict_and_change_nothing(self, harness: Harness) -> None:
        with harness.connect() as connection:
            connection.put(deposit("held", b"the first"))
            for other in (b"the other", b"the first and more", b""):
                with pytest.raises(ObjectConflictError):
                    connection.put(deposit("held", other))

        assert harness.bytes_at_rest(named("held")) == b"the first"

    @pytest.mark.parametrize("given", [b"", b"x" * 99, b"x" * 101, b"x" * (100 + 2 * CHUNK)])
    def test_another_length_than_announced_leaves_nothing(
        self, harness: Harness, given: bytes
    ) -> None:
        request = PutRequest(ref=named("length"), content=BytesContent(given), size=100)

        with harness.connect() as connection, pytest.raises(SizeMismatchError):
            connection.put(request)

        assert nothing_is_there(harness, "length")

    def test_another_digest_than_announced_leaves_nothing(self, harness: Harness) -> None:
        request = PutRequest(
            ref=named("digest"),
            content=BytesContent(b"other byte"),
            size=10,
            expected=DigestAlgorithm.SHA512.of(b"some bytes"),
        )

        with harness.connect() as connection, pytest.raises(DigestMismatchError):
            connection.put(request)

        assert nothing_is_there(harness, "digest")

    @pytest.mark.parametrize("after", [0, 1, CHUNK, 2 * CHUNK])
    def test_a_failing_source_leaves_nothing_and_its_error_passes(
        self, harness: Harness, after: int
    ) -> None:
        error = SourceError("the reader's own error")
        content = FailingContent(some_bytes(3 * CHUNK), after=after, error=error)

        with harness.connect() as connection, pytest.raises(SourceError) as caught:
            connection.put(PutRequest(ref=named("source"), content=content, size=content.size))

        assert caught.value is error
        assert nothing_is_there(harness, "source")

    def test_an_interrupted_put_leaves_nothing(self, harness: Harness) -> None:
        content = FailingContent(some_bytes(3 * CHUNK), after=CHUNK, error=KeyboardInterrupt())

        with harness.connect() as connection, pytest.raises(KeyboardInterrupt):
            connection.put(PutRequest(ref=named("ctrl-c"), content=content, size=content.size))

        assert nothing_is_there(harness, "ctrl-c")

    def test_a_failed_put_can_be_tried_again_on_the_same_session(self, harness: Harness) -> None:
        content = FailingContent(some_bytes(5000), after=1, times=1)
        request = PutRequest(ref=named("again"), content=content, size=5000)

        with harness.connect() as connection:
            with pytest.raises(SourceError):
                connection.put(request)
            connection.put(request)

        assert harness.bytes_at_rest(named("again")) == some_bytes(5000)

    def test_an_object_is_seen_by_nobody_before_it_is_whole(self, harness: Harness) -> None:
        seen: list[bool] = []

        class Watching(FailingContent):
            def open(self) -> ReadableStream:
                seen.append(nothing_is_there(harness, "watched"))
                return super().open()

        content = Watching(some_bytes(5000), after=5000, times=0)
        with harness.connect() as connection:
            connection.put(PutRequest(ref=named("watched"), content=content, size=5000))

        assert seen
        assert all(seen)

    def test_tenants_and_containers_are_apart(self, harness: Harness) -> None:
        places = [(0, "object"), (0, "report"), (1, "object"), (2**31 - 1, "a.b")]
        refs = [named("x", container=container, tenant=tenant) for tenant, container in places]

        with harness.connect() as connection:
            for number, ref in enumerate(refs):
                connection.put(deposit(ref, b"%d" % number))

        assert [harness.bytes_at_rest(ref) for ref in refs] == [b"0", b"1", b"2", b"3"]

    def test_what_is_put_with_it_comes_back(self, harness: Harness) -> None:
        needs(harness, Capability.METADATA)
        metadata = {"name": "Réglement / été 🗄.pdf", "empty": "", "é": "x" * 8000}

        with harness.connect() as connection:
            connection.put(deposit("dressed", metadata=metadata))
            assert dict(connection.stat(StatRequest(ref=named("dressed"))).metadata) == metadata
            with connection.get(GetRequest(ref=named("dressed"))) as result:
                assert dict(result.metadata) == metadata

    def test_the_expected_digest_is_recorded_and_outlives_damage(self, harness: Harness) -> None:
        needs(harness, Capability.RECORDED_DIGEST)
        expected = DigestAlgorithm.SHA512.of(b"some bytes")

        with harness.connect() as connection:
            connection.put(deposit("recorded", announce=True))
            harness.damage(named("recorded"))
            assert connection.stat(StatRequest(ref=named("recorded"))).recorded == expected
            with connection.get(GetRequest(ref=named("recorded"))) as result:
                assert result.recorded == expected

    def test_the_time_of_the_deposit_is_plausible(self, harness: Harness) -> None:
        with harness.connect() as connection:
            connection.put(deposit("timed"))
            stored_at = connection.stat(StatRequest(ref=named("timed"))).stored_at

        if stored_at is not None:
            assert abs((datetime.now(UTC) - stored_at).total_seconds()) < 3600

    @pytest.mark.parametrize("size", [10, 2 * CHUNK])
    def test_of_many_writers_exactly_one_wins(self, harness: Harness, size: int) -> None:
        needs(harness, Capability.CREATE_ONLY)
        start = threading.Barrier(4)
        won: list[bytes] = []
        other: list[BaseException] = []

        def write(number: int) -> None:
            data = bytes([number]) * size
            with harness.connect() as connection:
                start.wait(30)
                try:
                    connection.put(deposit("contested", data))
                    won.append(data)
                except ObjectConflictError:
                    pass
                except BaseException as error:  # noqa: BLE001 - of a thread: told below
                    other.append(error)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert other == []
        assert len(won) == 1
        assert harness.bytes_at_rest(named("contested")) == won[0]


class ReplaceConformance:
    """Objects replaced, where a request says so."""

    def test_the_new_bytes_take_the_place_of_the_old(self, harness: Harness) -> None:
        needs(harness, Capability.REPLACE)

        with harness.connect() as connection:
            connection.put(deposit("it", b"the old bytes", metadata=kept(harness, "old")))
            result = connection.put(
                deposit("it", b"the new", replace=True, metadata=kept(harness, "new"))
            )
            told = connection.stat(StatRequest(ref=named("it")))

        assert not result.already_there
        assert harness.bytes_at_rest(named("it")) == b"the new"
        assert told.size == 7
        assert dict(told.metadata) == kept(harness, "new")

    def test_it_stores_where_nothing_was(self, harness: Harness) -> None:
        needs(harness, Capability.REPLACE)

        with harness.connect() as connection:
            assert not connection.put(deposit("it", replace=True)).already_there

        assert harness.bytes_at_rest(named("it")) == b"some bytes"

    def test_a_failed_replacement_leaves_the_old(self, harness: Harness) -> None:
        needs(harness, Capability.REPLACE)
        content = FailingContent(some_bytes(2 * CHUNK), after=CHUNK)
        request = PutRequest(ref=named("it"), content=content, size=content.size, replace=True)

        with harness.connect() as connection:
            connection.put(deposit("it", b"the old"))
            with pytest.raises(SourceError):
                connection.put(request)

        assert harness.bytes_at_rest(named("it")) == b"the old"

    def test_a_reader_that_has_the_old_one_open_keeps_it(self, harness: Harness) -> None:
        needs(harness, Capability.REPLACE)
        old = some_bytes(3 * CHUNK)

        with harness.connect() as connection, harness.connect() as reader:
            connection.put(deposit("it", old))
            with reader.get(GetRequest(ref=named("it"))) as result:
                begun = result.stream.read(10)
                connection.put(deposit("it", b"the new", replace=True))
                assert begun + result.stream.read() == old


def needs(harness: Harness, capability: Capability) -> None:
    """Skip the check where the service is not declared."""
    if capability not in harness.capabilities:
        pytest.skip(f"{capability} is not declared")


def kept(harness: Harness, name: str) -> dict[str, str]:
    """Metadata as far as the offer keeps any."""
    return {"name": name} if Capability.METADATA in harness.capabilities else {}
