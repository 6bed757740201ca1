"""Checks of one session: apart from others, closed when told so, whoever holds it."""

from __future__ import annotations

from collections.abc import Callable

from coffre.conformance.bench import Bench
from coffre.conformance.broken import Broken, expect, raises, same, told
from coffre.conformance.check import check, check_named
from coffre.conformance.checks.uses import SERVICES
from coffre.conformance.contents import ScriptedContent, some_bytes
from coffre.conformance.session import Session
from coffre.conformance.together import Hand
from coffre.contract import (
    Capability,
    ObjectConflictError,
    ObjectNotFoundError,
    OfferError,
    OfferUnavailableError,
    SizeMismatchError,
    SourceError,
)
from coffre.streams import CHUNK, BytesContent

LARGE = 3 * CHUNK
"""Bytes of an object that no driver has wholly at hand when it opens it."""


@check("session.apart")
def closing_one_ends_no_other(bench: Bench) -> None:
    """Two sessions; one is used and closed, the other used after that."""
    with bench.session() as one, bench.session() as other:
        expect(one.connection is not other.connection, "connect gave the same connection twice")
        one.put("of-one")
        one.close()
        other.put("of-the-other")
        same(other.names(), ["of-one", "of-the-other"], "what the other session lists")


@check("session.close")
def closing_twice_is_harmless(bench: Bench) -> None:
    """A session that was used, and one that was not, are closed twice."""
    with bench.session() as used:
        used.put("it")
        used.close()
        used.close()
    with bench.session() as unused:
        unused.close()
        unused.close()


OPERATIONS: dict[str, Callable[[Session], object]] = {
    "put": lambda session: session.put("late"),
    "get": lambda session: session.read("it"),
    "stat": lambda session: session.stat("it"),
    "delete": lambda session: session.delete("it"),
    "list": lambda session: session.names(),
    "capacity": lambda session: session.capacity(),
}
"""The six operations, each tried on an object ``it`` that is held."""


@check_named("session.closed", SERVICES)
def no_service_of_it_does_anything_any_more(
    bench: Bench, service: tuple[Capability, Callable[[Session], object]]
) -> None:
    """The session is closed, then asked for a service that it declares."""
    capability, operation = service
    bench.need(capability)
    _closed(bench, operation)


@check_named("session.closed", OPERATIONS)
def it_does_nothing_any_more(bench: Bench, operation: Callable[[Session], object]) -> None:
    """The session is closed, then asked; the offer holds what it held."""
    _closed(bench, operation)


def _closed(bench: Bench, operation: Callable[[Session], object]) -> None:
    with bench.session() as session:
        session.put("it")
        session.close()
        with raises(OfferError, "an operation of a closed session") as caught:
            operation(session)
    error = caught[0]
    expect(not isinstance(error, ObjectNotFoundError), f"a closed session says {told(error)}")
    in_doubt = isinstance(error, OfferUnavailableError) and error.effect_unknown
    expect(not in_doubt, f"a closed session leaves an effect in doubt: {told(error)}")
    same(bench.at_rest("it"), b"some bytes", "the bytes held")
    same(bench.at_rest("late"), None, "what was put by a closed session")


@check("session.cut")
def a_stream_is_whole_or_raises_when_its_session_is_closed(bench: Bench) -> None:
    """The first bytes are read, the session closed, and the rest read."""
    data = some_bytes(LARGE)
    with bench.session() as session:
        session.put("it", data)
        result = session.get("it")
        begun = session.do("read 10 bytes", lambda: result.stream.read(10))
        session.close()
        try:
            rest = session.do("read the rest", result.stream.read)
        except OfferError:
            return
        finally:
            result.stream.close()
    same(begun + rest, data, "what a stream gave after its session was closed")


@check("session.cut")
def a_listing_is_whole_or_raises_when_its_session_is_closed(bench: Bench) -> None:
    """One entry is read, the session closed, and the others read."""
    names = [f"n{number:02}" for number in range(20)]
    with bench.session() as session:
        for name in names:
            session.put(name)
        listing = session.listing()
        found = [next(listing).identifier]
        session.close()
        try:
            found += session.do("read on", lambda: [entry.identifier for entry in listing])
        except OfferError:
            expect(not listing.complete, "a listing that raised says that it is complete")
            return
        finally:
            listing.close()
    same(found, names, "what a listing gave after its session was closed")


@check("session.left")
def a_stream_can_be_left(bench: Bench) -> None:
    """One is closed unread, one after a byte, one twice; then the session goes on."""
    data = some_bytes(LARGE)
    with bench.session() as session:
        session.put("it", data)
        session.get("it").stream.close()
        with session.get("it") as result:
            session.do("read 1 byte", lambda: result.stream.read(1))
        result.stream.close()
        session.put("more")
        same(session.read("it"), data, "the bytes read afterwards")


@check("session.left")
def a_listing_can_be_left(bench: Bench) -> None:
    """One is closed unread, one after an entry, one twice; then the session goes on."""
    with bench.session() as session:
        for name in ("a", "b", "c"):
            session.put(name)
        session.listing().close()
        with session.listing() as listing:
            same(next(listing).identifier, "a", "the first entry")
        listing.close()
        expect(not listing.complete, "a listing that was left says that it is complete")
        session.put("d")
        same(session.names(), ["a", "b", "c", "d"], "a listing afterwards")


@check("session.fails")
def it_is_usable_after_each_refusal(bench: Bench) -> None:
    """Not found, in conflict, too short, a source that fails: then the same session stores."""
    with bench.session() as session:
        session.put("held")
        for refused in (
            lambda: session.read("nothing"),
            lambda: session.put("held", b"others"),
            lambda: session.pull("short", BytesContent(b"x"), 2),
            lambda: session.pull("broken", ScriptedContent(b"x", SourceError("on purpose")), 2),
        ):
            _refused(refused)
            session.put("again")
            same(session.read("again"), b"some bytes", "what the session reads after a refusal")
            session.delete("again")
        same(session.names(), ["held"], "the container afterwards")


def _refused(call: Callable[[], object]) -> None:
    try:
        call()
    except (ObjectNotFoundError, ObjectConflictError, SizeMismatchError, SourceError):
        return
    raise Broken("something that is to be refused was not")


@check("session.threads")
def threads_use_it_one_after_the_other(bench: Bench) -> None:
    """One thread opens it, a second puts, a third reads, a fourth closes it."""
    bench.ref("it")
    with Hand() as first, Hand() as second, Hand() as third, Hand() as fourth:
        connection = first.do(bench.connect)
        session = Session(bench, connection)
        second.do(lambda: session.put("it"))
        result = third.do(lambda: session.get("it"))
        same(fourth.do(result.stream.read), b"some bytes", "what another thread reads")
        first.do(result.stream.close)
        listing = second.do(session.listing)
        found = third.do(lambda: [entry.identifier for entry in listing])
        same(found, ["it"], "a listing begun by another thread")
        second.do(listing.close)
        fourth.do(connection.close)
