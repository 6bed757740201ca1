"""Checks of objects read back, asked about, and deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, raises, same
from coffre.conformance.check import check, check_each
from coffre.conformance.contents import some_bytes
from coffre.conformance.session import DATA
from coffre.contract import Evidence, ObjectCorruptError, ObjectNotFoundError, OfferError
from coffre.streams import CHUNK, chunks_of, read_exactly

EDGES = (0, 1, 511, 512, 4096, 4097, 65535, 65536, 65537, CHUNK - 1, CHUNK, CHUNK + 1)
"""Sizes around which drivers change their ways, in bytes."""


@check_each("get.whole", (*EDGES, 3 * CHUNK + 7))
def what_was_put_comes_back(bench: Bench, size: int) -> None:
    """All at once, and nothing after it."""
    data = some_bytes(size)
    with bench.session() as session:
        session.put("it", data)
        with session.get("it") as result:
            same(result.size, size, "the size in the result")
            same(result.stream.read(), data, "the bytes read")
            same(result.stream.read(1), b"", "what is read after the end")
            same(result.stream.read(), b"", "what is read after the end")


@check("get.whole")
def it_can_be_read_in_pieces_of_any_length(bench: Bench) -> None:
    """A byte, none, some, many, and the rest: each read gives no more than it was asked for."""
    data = some_bytes(CHUNK + 100_000)
    with bench.session() as session:
        session.put("it", data)
        with session.get("it") as result:
            pieces = [read_exactly(result.stream, length) for length in (1, 0, 999, 65536, 7)]
            more = result.stream.read(CHUNK)
            expect(len(more) <= CHUNK, f"{len(more)} bytes were given where {CHUNK} were asked for")
            rest = result.stream.read(-1)
    same([len(piece) for piece in pieces], [1, 0, 999, 65536, 7], "lengths of the pieces")
    same(b"".join([*pieces, more, rest]), data, "the bytes read")


@check_each("get.whole", (1, CHUNK, CHUNK + 1, 5 * CHUNK + 7))
def whoever_takes_it_by_chunks_gets_the_same_bytes(bench: Bench, size: int) -> None:
    """As the engine reads: a stream of coffre's own lends its buffers, another is read."""
    data = some_bytes(size)
    with bench.session() as session:
        session.put("it", data)
        with session.get("it") as result:
            seen = 0
            for chunk in chunks_of(result.stream):
                expect(bytes(chunk) == data[seen : seen + len(chunk)], f"other bytes from {seen}")
                seen += len(chunk)
            same(seen, size, "the number of bytes read")


@check("get.whole")
def two_streams_of_one_object_are_apart(bench: Bench) -> None:
    """Two sessions read one object in turn, each at its own pace."""
    data = some_bytes(2 * CHUNK + 3)
    with bench.session() as one, bench.session() as other:
        one.put("it", data)
        with one.get("it") as slow, other.get("it") as fast:
            begun = read_exactly(slow.stream, 1000)
            same(fast.stream.read(), data, "the bytes read by the fast one")
            same(begun + slow.stream.read(), data, "the bytes read by the slow one")


@check("get.absent")
def what_is_not_there_is_not_found(bench: Bench) -> None:
    """Another name, another container, a name that begins alike, and one that is longer."""
    with bench.session() as session:
        session.put("there")
        for absent in ("not-there", "ther", "there.x", "There"):
            session.absent(absent)
        session.absent(bench.ref("there", container=bench.other_container))
        same(session.read("there"), DATA, "what is there")


@check("get.absent")
def another_tenants_object_is_not_found(bench: Bench) -> None:
    """Tenants never see each other's objects."""
    with bench.session() as session:
        session.put("there")
        session.absent(bench.ref("there", tenant=bench.other_tenant))


@check("get.bare")
def the_bytes_alone_are_the_same_bytes(bench: Bench) -> None:
    """One get that describes, and one that does not."""
    with bench.session() as session, bench.session() as other:
        session.put("it", announce=True)
        with session.get("it") as described, other.get("it", describe=False) as bare:
            same(bare.stream.read(), DATA, "the bytes read")
            same(bare.size, len(DATA), "the size")
            expect(
                bare.recorded in (None, described.recorded),
                f"the recorded digest is {bare.recorded}; described, {described.recorded}",
            )
            expect(
                dict(bare.metadata) in ({}, dict(described.metadata)),
                f"the metadata is {dict(bare.metadata)}; described, {dict(described.metadata)}",
            )


@check("get.steady")
def a_reader_keeps_an_object_deleted_meanwhile_or_is_told(bench: Bench) -> None:
    """Ten bytes are read, the object is deleted, and the rest is read."""
    data = some_bytes(3 * CHUNK)
    with bench.session() as session, bench.session() as reader:
        session.put("it", data)
        with reader.get("it") as result:
            begun = read_exactly(result.stream, 10)
            session.delete("it")
            try:
                rest = reader.do("read the rest", result.stream.read)
            except OfferError:
                return
            same(begun + rest, data, "the bytes read")


@check("get.steady")
def a_reader_keeps_an_object_deleted_and_put_again(bench: Bench) -> None:
    """Ten bytes are read, the object is deleted, other bytes are put, and the rest is read."""
    data, others = some_bytes(3 * CHUNK), some_bytes(3 * CHUNK, 1)
    with bench.session() as session, bench.session() as reader:
        session.put("it", data)
        with reader.get("it") as result:
            begun = read_exactly(result.stream, 10)
            session.delete("it")
            session.put("it", others)
            try:
                rest = reader.do("read the rest", result.stream.read)
            except OfferError:
                return
            same(begun + rest, data, "the bytes read")


@check("get.damage")
def damaged_bytes_are_given_as_they_are_or_refused(bench: Bench) -> None:
    """A driver may verify; it must not give back bytes that are not held."""
    with bench.session() as session:
        session.put("it", announce=True)
        bench.harness.damage(bench.ref("it"))
        bench.did("damage the bytes at rest")
        try:
            found = session.read("it")
        except ObjectCorruptError:
            return
    held = bench.harness.bytes_at_rest(bench.ref("it"))
    expect(held != DATA, "the harness damaged nothing")
    same(found, held, "the bytes read of a damaged object")


# --- stat ----------------------------------------------------------------------------------------


@check_each("stat.told", [0, 1, 1234, CHUNK + 1])
def it_tells_the_size_and_claims_no_more_than_it_looked(bench: Bench, size: int) -> None:
    """No digest was asked for, so none is told, and nothing was read."""
    with bench.session() as session:
        session.put("it", some_bytes(size))
        told = session.stat("it")
    same(told.size, size, "the size")
    same(told.digest, None, "the digest, which was not asked for,")
    expect(
        told.evidence <= Evidence.PRESENT, f"a stat that read nothing claims {told.evidence} of it"
    )


@check("stat.told")
def what_is_recorded_is_not_passed_off_as_looked_at(bench: Bench) -> None:
    """The object is damaged; the size told is that of what is there now, and no digest."""
    with bench.session() as session:
        session.put("it", announce=True)
        bench.harness.damage(bench.ref("it"))
        held = bench.harness.bytes_at_rest(bench.ref("it"))
        told = session.stat("it")
    same(told.size, len(held or b""), "the size of what is there")
    same(told.digest, None, "the digest, which was not asked for,")


@check("stat.time")
def the_time_of_the_deposit_is_plausible(bench: Bench) -> None:
    """Within an hour of this machine's clock, in UTC, and the same whenever it is asked for."""
    with bench.session() as session, bench.session() as other:
        session.put("it")
        stored_at = session.stat("it").stored_at
        session.put("another")
        same(other.stat("it").stored_at, stored_at, "the time of the deposit, asked for again")
    if stored_at is None:
        bench.remark("no time of deposit is told (StatResult.stored_at)")
        return
    expect(stored_at.utcoffset() == timedelta(0), f"{stored_at!r} is not in UTC")
    apart = abs(datetime.now(UTC) - stored_at)
    expect(apart < timedelta(hours=1), f"stored at {stored_at}, which is {apart} from now")


# --- delete --------------------------------------------------------------------------------------


@check("delete.gone")
def what_is_deleted_is_absent_for_all(bench: Bench) -> None:
    """Deleted by one session; looked for by it, by an open one, and by a new one."""
    with bench.session() as session, bench.session() as other:
        session.put("it")
        other.read("it")
        expect(session.delete("it").existed, "the delete says that nothing was there")
        with bench.session() as new:
            for looker in (session, other, new):
                looker.absent("it")
                same(looker.names(), [], "the container")
    same(bench.at_rest("it"), None, "the bytes held")


@check("delete.gone")
def nothing_else_is_deleted(bench: Bench) -> None:
    """Neighbours by name, in the other container, stay."""
    neighbours = ["a", "it.x", "it-", "It", "i", "itt"]
    with bench.session() as session:
        for name in ["it", *neighbours]:
            session.put(name)
        elsewhere = bench.ref("it", container=bench.other_container)
        session.put(elsewhere)
        session.delete("it")
        same(session.names(), sorted(neighbours), "the container afterwards")
        same(bench.at_rest(elsewhere), DATA, f"the bytes held under {elsewhere}")
    for name in neighbours:
        same(bench.at_rest(name), DATA, f"the bytes held under {name!r}")


@check("delete.again")
def deleting_what_is_not_there_succeeds_and_says_so(bench: Bench) -> None:
    """A second time, a name that never was, and in an empty container."""
    with bench.session() as session:
        session.put("it")
        session.delete("it")
        never = bench.ref("never", container=bench.other_container)
        for what in (bench.ref("it"), bench.ref("never"), never):
            same(session.delete(what).existed, False, f"DeleteResult.existed of {what}")


@check("delete.again")
def what_was_deleted_can_be_put_again(bench: Bench) -> None:
    """The same bytes, then other ones, deleted in between; none of them was there already."""
    with bench.session() as session:
        for data in (b"one", b"one", b"another"):
            expect(not session.put("it", data).already_there, "said to be there after a delete")
            same(bench.at_rest("it"), data, "the bytes held")
            same(session.stat("it").size, len(data), "the size by stat")
            expect(session.delete("it").existed, "the delete says that nothing was there")


@check("get.absent")
def a_get_of_what_is_absent_leaves_nothing_behind(bench: Bench) -> None:
    """Asked for in a container that was never written to; no container appears by asking."""
    nowhere = bench.ref("it", container=bench.other_container)
    with bench.session() as session:
        with raises(ObjectNotFoundError, f"get {nowhere}"):
            session.get(nowhere).stream.close()
        with session.listing(container=bench.other_container) as listing:
            same(list(listing), [], "the container afterwards")
