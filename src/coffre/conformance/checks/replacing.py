"""Checks of objects replaced, where a request says so, and of writers of whom one wins."""

from __future__ import annotations

from functools import partial

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, raises, same
from coffre.conformance.check import check, check_each
from coffre.conformance.checks.unseen import write
from coffre.conformance.contents import ScriptedContent, some_bytes
from coffre.conformance.session import DATA, Session
from coffre.conformance.together import Loop, together
from coffre.contract import (
    Capability,
    CoffreError,
    DigestAlgorithm,
    ObjectConflictError,
    PutRequest,
    SizeMismatchError,
    SourceError,
)
from coffre.streams import CHUNK, BytesContent, read_exactly


def kept(bench: Bench, name: str) -> dict[str, str]:
    """Metadata as far as the offer keeps any."""
    return {"name": name} if bench.has(Capability.METADATA) else {}


@check("replace.done")
def the_new_takes_the_place_of_the_old(bench: Bench) -> None:
    """Bytes, size, metadata, recorded digest: nothing of the old object is left."""
    with bench.session() as session, bench.session() as other:
        session.put("it", b"the old bytes", metadata=kept(bench, "old"), announce=True)
        result = session.put("it", b"the new", metadata=kept(bench, "new"), replace=True)
        expect(not result.already_there, "the result says that the new bytes were there")
        same(result.digest, DigestAlgorithm.SHA512.of(b"the new"), "the digest in the result")
        for one in (session, other):
            told = one.stat("it")
            same(told.size, 7, "the size by stat")
            same(dict(told.metadata), kept(bench, "new"), "the metadata by stat")
            if bench.has(Capability.RECORDED_DIGEST):
                same(told.recorded, result.digest, "the recorded digest")
            same(one.read("it"), b"the new", "the bytes read")
        same(session.names(), ["it"], "the container")
    same(bench.at_rest("it"), b"the new", "the bytes held")


@check("replace.done")
def it_stores_where_nothing_was(bench: Bench) -> None:
    """A put that may replace, under a reference that holds nothing."""
    with bench.session() as session:
        expect(not session.put("it", replace=True).already_there, "said to be there already")
    same(bench.at_rest("it"), DATA, "the bytes held")


@check("replace.done")
def the_same_bytes_may_come_again(bench: Bench) -> None:
    """A put that may replace, of the bytes that are held."""
    with bench.session() as session:
        session.put("it")
        result = session.put("it", replace=True)
        same(result.digest, DigestAlgorithm.SHA512.of(DATA), "the digest in the result")
    same(bench.at_rest("it"), DATA, "the bytes held")


@check_each("replace.done", [0, 1, CHUNK + 1])
def objects_of_any_size_are_replaced(bench: Bench, size: int) -> None:
    """A small one by one of that size, and back."""
    data = some_bytes(size, 3)
    with bench.session() as session:
        session.put("it")
        session.put("it", data, replace=True)
        same(session.read("it"), data, "the bytes read")
        session.put("it", replace=True)
        same(session.read("it"), DATA, "the bytes read")


@check("replace.done")
def what_was_replaced_does_not_come_back(bench: Bench) -> None:
    """Replaced, the new one deleted, and put again: nothing of the old one is found."""
    with bench.session() as session, bench.session() as other:
        session.put("it", b"the old", metadata=kept(bench, "old"))
        session.put("it", b"the new", replace=True)
        expect(session.delete("it").existed, "the delete says that nothing was there")
        other.absent("it")
        same(other.names(), [], "the container")
        expect(not other.put("it", b"the old").already_there, "said to be there already")
        same(dict(other.stat("it").metadata), {}, "the metadata by stat")


@check("replace.done")
def damaged_bytes_are_replaced(bench: Bench) -> None:
    """What is held is damaged; the right bytes take its place."""
    with bench.session() as session:
        session.put("it", announce=True)
        bench.harness.damage(bench.ref("it"))
        bench.did("damage the bytes at rest")
        session.put("it", announce=True, replace=True)
    same(bench.at_rest("it"), DATA, "the bytes held")


# --- in one step ---------------------------------------------------------------------------------


@check("replace.atomic")
def a_replacement_that_fails_leaves_the_old(bench: Bench) -> None:
    """Its source fails, its length is another, its digest is another."""
    with bench.session() as session:
        session.put("it", b"the old", metadata=kept(bench, "old"))
        broken = ScriptedContent(some_bytes(CHUNK), SourceError("on purpose"), size=2 * CHUNK)
        with raises(SourceError, "a replacement whose source fails"):
            session.pull("it", broken, broken.size, replace=True)
        with raises(SizeMismatchError, "a replacement that is too short"):
            session.pull("it", BytesContent(b"x"), 2, replace=True)
        wrong = PutRequest(
            ref=bench.ref("it"),
            content=BytesContent(b"other byte"),
            size=10,
            expected=DigestAlgorithm.SHA512.of(DATA),
            replace=True,
        )
        with raises(CoffreError, "a replacement of another digest"):
            session.store(wrong)
        same(session.read("it"), b"the old", "the bytes read")
        same(dict(session.stat("it").metadata), kept(bench, "old"), "the metadata by stat")
    same(bench.at_rest("it"), b"the old", "the bytes held")


@check("replace.atomic")
def the_old_is_seen_until_the_new_is_whole(bench: Bench) -> None:
    """While the new bytes are pulled, another session reads, and finds the old ones."""
    new = some_bytes(2 * CHUNK)
    with bench.session() as session, bench.session() as other:
        session.put("it", b"the old")

        def look() -> None:
            same(other.read("it"), b"the old", "the bytes read during a replacement")
            same(other.names(), ["it"], "the container during a replacement")

        content = ScriptedContent(look, new[:CHUNK], look, new[CHUNK:], look)
        session.pull("it", content, content.size, replace=True)
        same(other.read("it"), new, "the bytes read after the replacement")


@check("replace.atomic")
def a_reader_that_has_the_old_one_open_keeps_it(bench: Bench) -> None:
    """Ten bytes are read, the object is replaced, and the rest of the old one is read."""
    old = some_bytes(3 * CHUNK)
    with bench.session() as session, bench.session() as reader:
        session.put("it", old)
        with reader.get("it") as result:
            begun = read_exactly(result.stream, 10)
            session.put("it", b"the new", replace=True)
            same(begun + result.stream.read(), old, "the bytes read")


@check("replace.atomic")
def a_reader_that_looks_all_the_time_sees_old_or_new(bench: Bench) -> None:
    """One session gets and lists without a pause while another replaces, six times."""
    wholes = [some_bytes(CHUNK, 1), some_bytes(2 * CHUNK, 2)]
    with bench.session() as session, bench.session() as reader:
        session.put("it", wholes[0])
        with Loop(partial(old_or_new, reader, wholes)):
            for number in range(6):
                session.put("it", wholes[(number + 1) % 2], replace=True)
        same(session.names(), ["it"], "the container")


def old_or_new(reader: Session, wholes: list[bytes]) -> None:
    """Hold that what is read and listed is one of some objects: never none, and never a part."""
    expect(reader.read("it") in wholes, "the bytes read are neither the old ones nor the new")
    sizes = {len(whole) for whole in wholes}
    with reader.listing() as listing:
        found = [(entry.identifier, entry.size) for entry in listing]
    expect(len(found) == 1 and found[0][1] in sizes, f"a listing shows {found}")


@check("replace.atomic")
def of_replacements_at_the_same_moment_one_is_held_whole(bench: Bench) -> None:
    """Four threads replace one object; every one of them succeeds."""
    datas = [some_bytes(CHUNK + 5, start) for start in range(1, 5)]

    def put(data: bytes) -> bool:
        with bench.session() as session:
            session.put("it", data, replace=True)
        return True

    with bench.session() as session:
        session.put("it")
    same(together([partial(put, data) for data in datas]), [True] * 4, "four replacements")
    expect(bench.at_rest("it") in datas, "what is held is none of the four objects")


# --- exactly one ---------------------------------------------------------------------------------


@check_each("create-only.one-wins", [1, 10, 2 * CHUNK])
def of_many_writers_exactly_one_wins(bench: Bench, size: int) -> None:
    """Six threads put objects of their own under one reference, three times over."""
    for number in range(3):
        name = f"contested-{number}"
        datas = [bytes([letter]) * size for letter in range(1, 7)]
        outcomes = together([partial(write, bench, name, data) for data in datas])
        winners = [data for data, won in zip(datas, outcomes, strict=True) if won is True]
        losers = [one for one in outcomes if isinstance(one, ObjectConflictError)]
        same(len(winners), 1, f"of six writers, the number that succeeded ({outcomes!r})")
        same(len(losers), 5, f"of six writers, the number that met a conflict ({outcomes!r})")
        same(bench.at_rest(name), winners[0], "the bytes held")
