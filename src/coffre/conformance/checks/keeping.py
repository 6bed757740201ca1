"""Checks of what is kept beside the bytes: metadata, the recorded digest; and offer digests."""

from __future__ import annotations

from collections.abc import Mapping

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, same
from coffre.conformance.check import check, check_each, check_named
from coffre.conformance.contents import some_bytes
from coffre.conformance.session import DATA
from coffre.contract import DigestAlgorithm, Evidence, PutRequest
from coffre.streams import CHUNK, BytesContent

METADATA: dict[str, Mapping[str, str]] = {
    "one": {"name": "charter.pdf"},
    "not-ascii": {"name": "Réglement / été 🗄.pdf", "é": "x"},
    "empty": {"": "", "nothing": ""},
    "of-signs": {"a b": 'x"y\\z', "line": "one\ntwo\r\nthree\t", "nul": "a\0b", "=": "&;%"},
    "that-looks-alike": {"Name": "1", "name": "2", "NAME": "3", " name ": " 4 "},
    "that-looks-like-numbers": {"1": "1e3", "true": "null"},
    "large": {"x": "é" * 8000},
    "of-many": {f"name-{number}": f"value-{number}" for number in range(300)},
}
"""Names and values that a header, a table or a file name would change."""


@check_named("metadata.kept", METADATA)
def names_and_values_come_back(bench: Bench, metadata: Mapping[str, str]) -> None:
    """From stat and from get, on another session, as they were given."""
    with bench.session() as session, bench.session() as other:
        session.put("it", metadata=metadata)
        for one in (session, other):
            same(dict(one.stat("it").metadata), dict(metadata), "the metadata by stat")
            with one.get("it") as result:
                same(dict(result.metadata), dict(metadata), "the metadata by get")
                same(result.stream.read(), DATA, "the bytes read")


@check("metadata.kept")
def each_object_has_its_own(bench: Bench) -> None:
    """One with, one without; deleted and put again without, nothing is left of it."""
    with bench.session() as session:
        session.put("with", metadata={"name": "value"})
        session.put("without")
        same(dict(session.stat("without").metadata), {}, "the metadata of the other object")
        session.delete("with")
        session.put("with")
        same(dict(session.stat("with").metadata), {}, "the metadata of an object put again")


@check_each("recorded-digest.kept", list(DigestAlgorithm))
def the_digest_at_the_put_is_recorded(bench: Bench, algorithm: DigestAlgorithm) -> None:
    """Under the algorithm of the put; told by stat and by get, on another session."""
    digest = algorithm.of(DATA)
    request = PutRequest(
        ref=bench.ref("it"),
        content=BytesContent(DATA),
        size=len(DATA),
        algorithm=algorithm,
        expected=digest,
    )
    with bench.session() as session, bench.session() as other:
        session.store(request)
        for one in (session, other):
            told = one.stat("it")
            same(told.recorded, digest, "the recorded digest by stat")
            expect(
                told.recorded_size in (None, len(DATA)), f"recorded size is {told.recorded_size}"
            )
            with one.get("it") as result:
                same(result.recorded, digest, "the recorded digest by get")


@check("recorded-digest.kept")
def what_is_recorded_outlives_damage(bench: Bench) -> None:
    """The object is damaged; what was recorded at its put is still told, unchanged."""
    with bench.session() as session:
        session.put("it", announce=True)
        bench.harness.damage(bench.ref("it"))
        bench.did("damage the bytes at rest")
        recorded = session.stat("it").recorded
    same(recorded, DigestAlgorithm.SHA512.of(DATA), "the recorded digest of a damaged object")


@check("recorded-digest.kept")
def the_digest_is_recorded_of_what_was_not_announced(bench: Bench) -> None:
    """No digest is announced: the one computed at the put is what is recorded."""
    with bench.session() as session:
        session.put("it", some_bytes(5000))
        recorded = session.stat("it").recorded
    same(recorded, DigestAlgorithm.SHA512.of(some_bytes(5000)), "the recorded digest")


# --- digests by the offer ------------------------------------------------------------------------


@check_each("offer-digest.computed", list(DigestAlgorithm))
def it_is_computed_under_the_algorithm_asked_for(bench: Bench, algorithm: DigestAlgorithm) -> None:
    """Whatever the algorithm of the put was, over the whole of what is held."""
    with bench.session() as session:
        session.put("it")
        told = session.stat("it", algorithm)
    same(told.digest, algorithm.of(DATA), "the digest")
    same(told.evidence, Evidence.REPORTED, "the evidence")


@check_each("offer-digest.computed", [0, 1, CHUNK, CHUNK + 1, 9 * CHUNK + 3])
def it_is_of_the_whole_object(bench: Bench, size: int) -> None:
    """Of any size, objects that are taken in parts included: no digest of digests."""
    data = some_bytes(size)
    with bench.session() as session:
        session.put("it", data)
        told = session.stat("it", DigestAlgorithm.SHA256)
    same(told.digest, DigestAlgorithm.SHA256.of(data), "the digest")
    same(told.size, size, "the size")


@check_each("offer-digest.computed", list(DigestAlgorithm))
def it_is_computed_over_what_is_held_now(bench: Bench, algorithm: DigestAlgorithm) -> None:
    """The object is damaged: what was recorded at its put is not the answer."""
    with bench.session() as session:
        session.put("it", announce=True)
        before = session.stat("it", algorithm)
        bench.harness.damage(bench.ref("it"))
        bench.did("damage the bytes at rest")
        after = session.stat("it", algorithm)
    held = bench.harness.bytes_at_rest(bench.ref("it")) or b""
    same(before.digest, algorithm.of(DATA), "the digest before")
    same(after.digest, algorithm.of(held), "the digest after the damage")
    expect(after.digest != before.digest, "the harness damaged nothing")
