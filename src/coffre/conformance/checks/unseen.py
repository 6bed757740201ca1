"""Checks of the moment when an object appears: whole, at once, to everybody."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from coffre.conformance.bench import Bench
from coffre.conformance.broken import NotTried, expect, same
from coffre.conformance.check import check
from coffre.conformance.contents import ScriptedContent, some_bytes
from coffre.conformance.session import DATA, Session
from coffre.conformance.together import Loop, together
from coffre.contract import GetResult, ObjectConflictError, ObjectNotFoundError, OfferError
from coffre.streams import CHUNK

PIECE = CHUNK + 77


@check("put.atomic")
def nobody_sees_an_object_before_it_is_whole(bench: Bench) -> None:
    """While its bytes are pulled, another session looks: get, stat, list, and the bytes at rest."""
    looks: list[bool] = []
    with bench.session() as session, bench.session() as other:

        def look() -> None:
            other.absent("it")
            same(other.names(), [], "a listing during the put")
            looks.append(True)
            try:
                same(bench.harness.bytes_at_rest(bench.ref("it")), None, "the bytes at rest")
            except NotTried:
                return

        pieces = [some_bytes(PIECE, start) for start in range(3)]
        content = ScriptedContent(look, pieces[0], look, pieces[1], look, pieces[2], look)
        session.pull("it", content, content.size)
        expect(looks, "the content was never read")
        same(other.read("it"), b"".join(pieces), "the bytes read after the put")


@check("put.atomic")
def a_reader_that_looks_all_the_time_sees_it_whole_or_not(bench: Bench) -> None:
    """One session gets and lists without a pause while another puts, and deletes, four times."""
    data = some_bytes(2 * CHUNK)
    with bench.session() as session, bench.session() as reader:
        with Loop(partial(whole_or_absent, reader, [data])):
            for _ in range(4):
                session.put("it", data)
                session.delete("it")
        session.put("it", data)
        same(reader.read("it"), data, "the bytes read at the end")


def whole_or_absent(reader: Session, wholes: list[bytes]) -> None:
    """Hold that what a get and a listing show is one of some objects, or none."""
    sizes = {len(whole) for whole in wholes}
    try:
        result = reader.get("it")
    except ObjectNotFoundError:
        result = None
    if result is not None:
        with result:
            expect(result.size in sizes, f"an object of {result.size} bytes was opened")
            found = read_or_told(result)
        expect(found is None or found in wholes, f"{len(found or b'')} bytes were read, not all")
    with reader.listing() as listing:
        for entry in listing:
            expect(entry.size in sizes, f"an object of {entry.size} bytes was listed")


def read_or_told(result: GetResult) -> bytes | None:
    """The bytes; ``None`` where the stream says that its object was deleted under it."""
    try:
        return result.stream.read()
    except OfferError:
        return None


@check("put.visible")
def everybody_sees_it_once_the_put_has_returned(bench: Bench) -> None:
    """Each of ten objects is looked for at once: by its own session, an open and a new one."""
    with bench.session() as session, bench.session() as other:
        for number in range(10):
            name, data = f"n{number}", b"%d" % number
            session.put(name, data)
            with bench.session() as new:
                # Its own session last: it may well do now what it has put off.
                for looker in (other, new, session):
                    same(looker.read(name), data, f"the bytes read of {name}")
                    same(looker.stat(name).size, len(data), f"the size by stat of {name}")
                    expect(name in looker.names(), f"{name} is missing from a listing")


@check("put.visible")
def what_is_stored_is_still_there_for_a_session_opened_later(bench: Bench) -> None:
    """Every session is closed, then another one reads."""
    with bench.session() as session:
        session.put("it")
    with bench.session() as session:
        same(session.read("it"), DATA, "the bytes read by a later session")
        same(session.names(), ["it"], "the container")


# --- at the same moment --------------------------------------------------------------------------


@check("put.race")
def writers_of_other_bytes_leave_one_whole_object(bench: Bench) -> None:
    """Four threads put objects of their own under one reference; some meet a conflict."""
    datas = [some_bytes(CHUNK + 5, start) for start in range(1, 5)]
    outcomes = together([partial(write, bench, "contested", data) for data in datas])
    for outcome in outcomes:
        good = isinstance(outcome, bool | ObjectConflictError)
        expect(good, f"a writer met {outcome!r}; a conflict is all that it may meet")
    winners = [data for data, won in zip(datas, outcomes, strict=True) if won is True]
    expect(winners, "no writer succeeded")
    expect(bench.at_rest("contested") in winners, "what is held is the object of no winner")


@check("put.race")
def writers_of_the_same_bytes_all_succeed(bench: Bench) -> None:
    """Four threads put the same object under one reference."""
    data = some_bytes(CHUNK + 5)
    outcomes = together([partial(write, bench, "shared", data)] * 4)
    same(outcomes, [True] * 4, "what four writers of the same bytes met")
    same(bench.at_rest("shared"), data, "the bytes held")


@check("put.race")
def writers_of_other_references_do_not_disturb_each_other(bench: Bench) -> None:
    """Eight threads put five objects each, of one container, new at that."""

    def work(number: int) -> bool:
        with bench.session() as session:
            for count in range(5):
                session.put(f"w{number}-{count}", b"%d/%d" % (number, count))
        return True

    bench.ref("w0-0")  # the place is chosen once, not by eight threads
    same(together([partial(work, number) for number in range(8)]), [True] * 8, "eight writers")
    with bench.session() as session:
        names = sorted(f"w{number}-{count}" for number in range(8) for count in range(5))
        same(session.names(), names, "the container afterwards")
    for number in range(8):
        same(bench.at_rest(f"w{number}-4"), b"%d/4" % number, f"the bytes held under 'w{number}-4'")


def write(bench: Bench, identifier: str, data: bytes) -> bool:
    """Put on a session of its own."""
    with bench.session() as session:
        session.put(identifier, data)
    return True


@check("delete.race")
def a_put_and_a_delete_leave_it_whole_or_absent(bench: Bench) -> None:
    """Ten times, one thread puts what another deletes."""
    data = some_bytes(CHUNK + 5)

    def remove() -> bool:
        with bench.session() as session:
            session.delete("it")
        return True

    bench.ref("it")
    for _ in range(10):
        both: list[Callable[[], bool]] = [partial(write, bench, "it", data), remove]
        outcomes = together(both)
        same(outcomes, [True, True], "a put and a delete at the same moment")
        found = bench.at_rest("it")
        expect(found in (None, data), "what is held is neither the object nor nothing")
        with bench.session() as session:
            same(session.names(), [] if found is None else ["it"], "the container")


@check("delete.race")
def deletes_of_one_object_all_succeed(bench: Bench) -> None:
    """Four threads delete one object; it is absent, and one of them at least found it."""

    def remove() -> bool | None:
        with bench.session() as session:
            return session.delete("it").existed

    with bench.session() as session:
        session.put("it")
        outcomes = together([remove] * 4)
        expect(
            all(isinstance(one, bool) for one in outcomes) and any(outcomes),
            f"four deletes of one object gave {outcomes!r}",
        )
        session.absent("it")
