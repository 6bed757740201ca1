"""Checks of one object stored: its bytes, its result, its name."""

from __future__ import annotations

from coffre.conformance.bench import Bench
from coffre.conformance.broken import NotTried, expect, raises, same
from coffre.conformance.check import check, check_each, check_named
from coffre.conformance.contents import OtherContent, PlainContent, some_bytes
from coffre.conformance.session import DATA
from coffre.contract import (
    CoffreError,
    DigestAlgorithm,
    Evidence,
    ObjectConflictError,
    ObjectCorruptError,
    PutRequest,
)
from coffre.streams import CHUNK, BytesContent

EDGES = (0, 1, 511, 512, 4095, 4096, 4097, 8192, 65535, 65536, 65537, CHUNK - 1, CHUNK, CHUNK + 1)
"""Sizes around which drivers change their ways, in bytes."""
PARTS = 9 * CHUNK + 3
"""Bytes of an object that services which take objects in parts get in several."""


@check_each("put.whole", (*EDGES, 3 * CHUNK + 7, PARTS))
def the_bytes_held_are_the_bytes_sent(bench: Bench, size: int) -> None:
    """A put of that many bytes, and a look at what the offer holds."""
    data = some_bytes(size)
    with bench.session() as session:
        result = session.put("edge", data)
        same(result.size, size, "the size in the result")
        same(result.digest, DigestAlgorithm.SHA512.of(data), "the digest in the result")
        expect(not result.already_there, "the result says that the object was there before")
    same(bench.at_rest("edge"), data, "the bytes held")


@check("put.whole")
def bytes_of_any_value_and_any_number(bench: Bench) -> None:
    """Sizes and bytes drawn by chance, on one session."""
    with bench.session() as session:
        for number in range(6):
            data = bench.random.randbytes(bench.random.randrange(200_000))
            session.put(f"n{number}", data)
            same(session.read(f"n{number}"), data, f"{len(data)} bytes drawn by chance")


@check_named("put.whole", {"a-byte": (700, 1), "odd-pieces": (CHUNK + 5, 7001)})
def a_source_may_give_less_than_it_is_asked_for(bench: Bench, case: tuple[int, int]) -> None:
    """A source that knows only ``read``, and gives its bytes in small pieces."""
    size, piece = case
    data = some_bytes(size)
    with bench.session() as session:
        result = session.pull("it", PlainContent(data, at_most=piece), size)
        same(result.digest, DigestAlgorithm.SHA512.of(data), "the digest in the result")
    same(bench.at_rest("it"), data, "the bytes held")


@check("put.whole")
def many_puts_in_a_row_all_succeed(bench: Bench) -> None:
    """Thirty objects, one after the other, on one session; each is looked at."""
    with bench.session() as session:
        for number in range(30):
            session.put(f"n{number:02}", b"%d" % number)
            same(session.stat(f"n{number:02}").size, len(str(number)), "the size by stat")
        for number in range(30):
            same(session.read(f"n{number:02}"), b"%d" % number, "the bytes read")
            expect(session.delete(f"n{number:02}").existed, "a delete says nothing was there")


@check_each("put.result", list(DigestAlgorithm))
def the_digest_is_of_the_algorithm_asked_for(bench: Bench, algorithm: DigestAlgorithm) -> None:
    """The result carries the digest of the bytes sent, under each algorithm of the contract."""
    data = some_bytes(5000)
    with bench.session() as session:
        request = PutRequest(
            ref=bench.ref("it"), content=BytesContent(data), size=5000, algorithm=algorithm
        )
        result = session.store(request)
        same(result.digest, algorithm.of(data), "the digest in the result")
        same(result.size, len(data), "the size in the result")
        again = session.store(request)
        same(again.digest, algorithm.of(data), "the digest when the same bytes came again")


@check_each("put.result", [0, 1, CHUNK + 1, PARTS])
def size_and_digest_are_those_of_the_whole_object(bench: Bench, size: int) -> None:
    """Of any size, objects that are taken in parts included: no digest of digests."""
    data = some_bytes(size)
    with bench.session() as session:
        result = session.put("it", data)
    same(result.size, size, "the size in the result")
    same(result.digest, DigestAlgorithm.SHA512.of(data), "the digest in the result")


@check("put.result")
def a_source_that_changes_is_told_as_it_is_held(bench: Bench) -> None:
    """A source gives other bytes when it is opened again: the digest is that of those held."""
    content = OtherContent(some_bytes(5000), some_bytes(5000, 1))
    with bench.session() as session:
        try:
            result = session.pull("it", content, 5000)
        except CoffreError:
            same(bench.at_rest("it"), None, "the bytes held after a put that was refused")
            return
    held = bench.at_rest("it") or b""
    same(result.digest, DigestAlgorithm.SHA512.of(held), "the digest in the result")


@check("put.evidence")
def it_claims_what_it_did(bench: Bench) -> None:
    """At least *present*: size and digest were looked at. At most *read*: nobody gave a nonce."""
    with bench.session() as session:
        result = session.put("it", some_bytes(5000), announce=True)
    expect(
        Evidence.PRESENT <= result.evidence <= Evidence.READ,
        f"the result of a put claims {result.evidence}",
    )
    expect(isinstance(result.durable, bool), f"PutResult.durable is {result.durable!r}")


# --- names ---------------------------------------------------------------------------------------


@check_named(
    "put.names",
    {
        "short": "a",
        "capital": "A",
        "hyphen": "-",
        "underscore": "_",
        "at": "@",
        "digit": "0",
        "punctuated": "@_-.x",
        "dotted": "a.b.c",
        "like-a-part": "a.part",
        "like-json": "a.json",
        "like-a-flag": "--help",
        "long": "x" * 255,
        "long-dotted": ".".join(["ab"] * 85),
        "windows-device": "con",
        "hexadecimal": "0123456789abcdef" * 4,
    },
)
def every_identifier_of_the_grammar_can_be_stored(bench: Bench, identifier: str) -> None:
    """It is stored, listed as it is, read, and deleted."""
    with bench.session() as session:
        session.put(identifier)
        same(session.names(), [identifier], "the container")
        same(bench.at_rest(identifier), DATA, "the bytes held")
        expect(session.delete(identifier).existed, "the delete says that nothing was there")
        session.absent(identifier)


@check("put.names")
def identifiers_that_look_alike_are_several(bench: Bench) -> None:
    """Names that differ in case, in length or in one sign hold bytes of their own."""
    names = ["Charter", "charter", "CHARTER", "charter.", "charter-", "charter_", "charte", "c"]
    names = [name.rstrip(".") + ".x" if name.endswith(".") else name for name in names]
    with bench.session() as session:
        for name in names:
            session.put(name, name.encode())
        same(session.names(), sorted(names), "the container")
    for name in names:
        same(bench.at_rest(name), name.encode(), f"the bytes held under {name!r}")


@check("put.names")
def containers_are_apart(bench: Bench) -> None:
    """The same identifier in each container of the offer; one is deleted."""
    refs = [bench.ref("x", container=name) for name in bench.harness.containers]
    with bench.session() as session:
        for number, ref in enumerate(refs):
            expect(not session.put(ref, b"%d" % number).already_there, f"{ref} was there already")
        for number, ref in enumerate(refs):
            same(bench.at_rest(ref), b"%d" % number, f"the bytes held under {ref}")
        session.delete(refs[0])
        same(bench.at_rest(refs[1]), b"1", f"the bytes held under {refs[1]} after a delete")


@check("put.names")
def tenants_are_apart(bench: Bench) -> None:
    """The same identifier for two tenants; one deletes it, the other still has it."""
    mine, others = bench.ref("x"), bench.ref("x", tenant=bench.other_tenant)
    with bench.session() as session:
        session.put(mine, b"mine")
        session.absent(others)
        session.put(others, b"another's")
        same(bench.at_rest(mine), b"mine", f"the bytes held under {mine}")
        session.delete(mine)
    same(bench.at_rest(others), b"another's", f"the bytes held under {others}")


@check_each("put.names", [0, 1, 2**31 - 1])
def every_tenant_of_the_protocol_can_store(bench: Bench, tenant: int) -> None:
    """On an offer that is wholly the kit's: others' tenants are never touched."""
    if not bench.harness.exclusive:
        raise NotTried("the offer is not the kit's alone, and this tenant may be somebody's")
    with bench.session() as session:
        session.put(bench.ref("x", tenant=tenant))
    same(bench.at_rest(bench.ref("x", tenant=tenant)), DATA, "the bytes held")


# --- the same, and others ------------------------------------------------------------------------


@check_each("put.same", [0, 10, CHUNK + 1])
def the_same_bytes_again_succeed_and_say_so(bench: Bench, size: int) -> None:
    """Twice on one session, and once more on another, announced."""
    data = some_bytes(size)
    with bench.session() as session, bench.session() as other:
        session.put("twice", data)
        for again in (session.put("twice", data), other.put("twice", data, announce=True)):
            expect(again.already_there, "the result does not say that the bytes were there")
            same(again.size, size, "the size in the result")
            same(again.digest, DigestAlgorithm.SHA512.of(data), "the digest in the result")
    same(bench.at_rest("twice"), data, "the bytes held")


@check("put.same")
def what_is_held_decides_and_not_what_was_recorded(bench: Bench) -> None:
    """The object is damaged, then put again: that is a conflict, or it is mended, never *there*."""
    with bench.session() as session:
        session.put("it", announce=True)
        bench.harness.damage(bench.ref("it"))
        bench.did("damage the bytes at rest")
        try:
            result = session.put("it", announce=True)
        except (ObjectConflictError, ObjectCorruptError):
            return
        expect(not result.already_there, "damaged bytes were taken for the ones that came")
    same(bench.at_rest("it"), DATA, "the bytes held after a put over damaged ones")


OTHERS = {
    "of-the-same-length": b"the other",
    "that-go-on": b"the first and more",
    "that-stop-early": b"the fir",
    "none": b"",
}


@check_named("put.conflict", OTHERS)
def other_bytes_are_refused_and_change_nothing(bench: Bench, other: bytes) -> None:
    """A put under a reference that is held, by its own session and by another."""
    with bench.session() as session, bench.session() as second:
        session.put("held", b"the first")
        for one in (session, second):
            with raises(ObjectConflictError, "a put of other bytes"):
                one.put("held", other)
        same(session.read("held"), b"the first", "the bytes read afterwards")
    same(bench.at_rest("held"), b"the first", "the bytes held")


@check("put.conflict")
def large_objects_that_differ_in_their_last_byte_conflict(bench: Bench) -> None:
    """Three mebibytes are held; as many come, another last byte, then with it announced."""
    data = some_bytes(3 * CHUNK)
    other = data[:-1] + bytes([data[-1] ^ 1])
    with bench.session() as session:
        session.put("held", data)
        for announce in (False, True):
            with raises(ObjectConflictError, "a put of another last byte"):
                session.put("held", other, announce=announce)
    same(bench.at_rest("held"), data, "the bytes held")
