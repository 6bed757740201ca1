"""Checks on a bad network: the kit's relay stands between driver and service, and misbehaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from coffre.conformance.bench import Bench
from coffre.conformance.broken import Broken, NotTried, expect, same, told
from coffre.conformance.check import check_each, check_named
from coffre.conformance.contents import some_bytes
from coffre.conformance.proxy import Fault, Kind, Proxy, Way
from coffre.conformance.session import DATA as SMALL
from coffre.conformance.session import Session
from coffre.contract import (
    SYSTEM_CLOCK,
    Capability,
    CoffreError,
    DigestAlgorithm,
    Evidence,
    OfferError,
    OfferUnavailableError,
    PutRequest,
)
from coffre.streams import CHUNK, BytesContent

DATA = some_bytes(3 * CHUNK)
"""An object that no buffer on the way holds whole."""
BREAKS = (Kind.RESET, Kind.CUT)


@contextmanager
def relayed(bench: Bench) -> Iterator[tuple[Session, Proxy]]:
    """A session by way of the relay, which does nothing yet.

    Raises:
        NotTried: the service has no address, or no session can be opened by way of another.
    """
    host, port = bench.harness.address()
    with Proxy(host, port) as proxy:
        parameters = bench.harness.through(proxy.host, proxy.port)
        try:
            connection = bench.connect(parameters)
        except CoffreError as error:
            raise NotTried(f"no session can be opened through a relay: {told(error)}") from error
        yield Session(bench, connection), proxy
        connection.close()


def armed(bench: Bench, proxy: Proxy, kind: Kind, way: Way, after: int = 0) -> Fault:
    """Arm a fault, and note it."""
    bench.did(f"from now on: {kind} after {after} bytes {way}")
    return proxy.arm(kind, way, after=after)


def fires(fault: Fault, error: CoffreError | None = None) -> None:
    """Go on only if the fault has fired: else nothing was tried."""
    if not fault.fired:
        why = "" if error is None else f", but {told(error)}"
        raise NotTried(f"not enough bytes passed for the fault to happen{why}")


def answered(call: Callable[[], object]) -> object:
    """What a call answers; ``None`` when it says that the offer cannot be asked.

    Raises:
        Broken: it raised anything else.
    """
    try:
        return call()
    except OfferUnavailableError:
        return None
    except Exception as error:
        raise Broken(f"of a session that was cut off: {told(error)}") from error


# --- reading -------------------------------------------------------------------------------------


@check_named("faults.cut", {f"{kind}-{at}": (kind, at) for kind in BREAKS for at in (0, 1, CHUNK)})
def a_get_that_is_cut_off_raises(bench: Bench, case: tuple[Kind, int]) -> None:
    """The session breaks after so many bytes of the answer: half an object is no object."""
    kind, after = case
    with bench.session() as direct, relayed(bench) as (session, proxy):
        direct.put("it", DATA)
        fault = armed(bench, proxy, kind, Way.BACK, after)
        found = answered(lambda: session.read("it"))
        fires(fault)
        expect(found in (None, DATA), "a get that was cut off gave other bytes than the object's")


ASKED: dict[str, Callable[[Session], object]] = {
    "stat": lambda session: session.stat("it").size,
    "get": lambda session: session.read("it"),
    "list": lambda session: session.names(),
}


@check_named("faults.cut", {f"{name}-{kind}": (name, kind) for name in ASKED for kind in BREAKS})
def a_question_that_is_cut_off_is_not_answered(bench: Bench, case: tuple[str, Kind]) -> None:
    """The session breaks before the first byte of the answer: *absent* would be a lie."""
    name, kind = case
    with bench.session() as direct, relayed(bench) as (session, proxy):
        direct.put("it")
        fault = armed(bench, proxy, kind, Way.BACK)
        found = answered(lambda: ASKED[name](session))
        fires(fault)
        truth = {"stat": len(SMALL), "get": SMALL, "list": ["it"]}[name]
        expect(found in (None, truth), f"the answer to {name} that never came was {found!r}")


@check_each("faults.cut", BREAKS)
def a_listing_that_is_cut_off_raises(bench: Bench, kind: Kind) -> None:
    """A hundred long names; the session breaks in the middle of them."""
    names = [f"{number:03}-{'x' * 240}" for number in range(100)]
    with bench.session() as direct, relayed(bench) as (session, proxy):
        for name in names:
            direct.put(name, b"")
        fault = armed(bench, proxy, kind, Way.BACK, 10_000)
        found = answered(session.names)
        fires(fault)
        expect(found in (None, names), "a listing that was cut off just ended")


@check_named("faults.cut", {name: name for name in ASKED})
def a_service_that_is_gone_is_unavailable(bench: Bench, name: str) -> None:
    """The relay ends under an open session, and nobody listens any more."""
    with bench.session() as direct, relayed(bench) as (session, proxy):
        direct.put("it")
        parameters = session.connection.parameters
        proxy.close()
        bench.did("from now on: nobody listens")
        found = answered(lambda: ASKED[name](session))
        expect(found is None, f"a service that is gone answered {found!r} to {name}")
        same(bench.driver.is_available(parameters), False, "is_available of it")

        def anew() -> object:
            with bench.session(parameters) as new:
                return ASKED[name](new)

        same(answered(anew), None, f"what a new session answers to {name}")
        same(direct.read("it"), SMALL, "what is read directly")


# --- writing -------------------------------------------------------------------------------------


@check_named(
    "faults.nothing-half", {f"{kind}-{at}": (kind, at) for kind in BREAKS for at in (0, 1, CHUNK)}
)
def a_put_that_is_cut_off_stores_nothing_or_all(bench: Bench, case: tuple[Kind, int]) -> None:
    """The session breaks after so many bytes of the request."""
    kind, after = case
    with bench.session() as direct, relayed(bench) as (session, proxy):
        fault = armed(bench, proxy, kind, Way.OUT, after)
        done = answered(lambda: session.put("it", DATA))
        fires(fault)
        whole_or_absent(bench, direct, DATA, stored=done is not None)


@check_each("faults.nothing-half", BREAKS)
def a_replacement_that_is_cut_off_leaves_the_old_or_the_new(bench: Bench, kind: Kind) -> None:
    """An object is held; its replacement breaks off in the middle."""
    bench.need(Capability.REPLACE)
    with bench.session() as direct, relayed(bench) as (session, proxy):
        direct.put("it", b"the old")
        fault = armed(bench, proxy, kind, Way.OUT, CHUNK)
        answered(lambda: session.put("it", DATA, replace=True))
        fires(fault)
        expect(direct.read("it") in (b"the old", DATA), "neither the old object nor the new one")


def whole_or_absent(bench: Bench, direct: Session, data: bytes, *, stored: bool) -> None:
    """Hold that an object is there whole, or, where its put was not acknowledged, not at all."""
    found = bench.at_rest("it")
    expect(found in (None, data), "a part of an object is held")
    expect(found == data or not stored, "a put was acknowledged, and nothing is held")
    same(direct.names(), [] if found is None else ["it"], "the container")


@check_each("faults.doubt", BREAKS)
def a_lost_answer_to_a_put_leaves_doubt(bench: Bench, kind: Kind) -> None:
    """All of the request passes, the answer does not: was it stored? The error must not say no."""
    with bench.session() as direct, relayed(bench) as (session, proxy):
        fault = armed(bench, proxy, kind, Way.BACK)
        error = in_doubt(lambda: session.put("it", DATA))
        fires(fault)
        found = bench.at_rest("it")
        if error is not None:
            expect(error.retryable, f"{told(error)} is not retryable")
            sure = not error.effect_unknown
            expect(not (sure and found is not None), f"stored, and no doubt left: {told(error)}")
        whole_or_absent(bench, direct, DATA, stored=error is None)


@check_each("faults.doubt", BREAKS)
def a_lost_answer_to_a_delete_leaves_doubt(bench: Bench, kind: Kind) -> None:
    """The request passes, the answer does not: was it deleted?"""
    with bench.session() as direct, relayed(bench) as (session, proxy):
        direct.put("it")
        fault = armed(bench, proxy, kind, Way.BACK)
        error = in_doubt(lambda: session.delete("it"))
        fires(fault)
        gone = bench.at_rest("it") is None
        if error is not None:
            sure = not error.effect_unknown
            expect(not (sure and gone), f"deleted, and no doubt left: {told(error)}")
        else:
            expect(gone, "a delete was acknowledged, and the object is held")


def in_doubt(call: Callable[[], object]) -> OfferUnavailableError | None:
    """The error of a call whose answer was lost; ``None`` when it was had all the same."""
    try:
        call()
    except OfferUnavailableError as error:
        return error
    except Exception as error:
        raise Broken(f"of a session that was cut off: {told(error)}") from error
    return None


# --- silence, and bits that turn -----------------------------------------------------------------

SILENCES: dict[str, tuple[Way, int, Callable[[Session], object]]] = {
    "stat": (Way.BACK, 0, lambda session: session.stat("it")),
    "get": (Way.BACK, CHUNK, lambda session: session.read("it")),
    "list": (Way.BACK, 0, lambda session: session.names()),
    "put": (Way.OUT, CHUNK, lambda session: session.put("new", DATA)),
    "put-not-answered": (Way.BACK, 0, lambda session: session.put("new", DATA)),
}
"""What falls silent, after how many bytes, during what."""


@check_named("faults.stall", SILENCES)
def silence_is_given_up(bench: Bench, case: tuple[Way, int, Callable[[Session], object]]) -> None:
    """Nothing passes any more, and nobody says so."""
    way, after, call = case
    with bench.session() as direct, relayed(bench) as (session, proxy):
        direct.put("it", DATA)
        fault = armed(bench, proxy, Kind.STALL, way, after)
        begin = SYSTEM_CLOCK.monotonic()
        found = answered(lambda: call(session))
        seconds = SYSTEM_CLOCK.monotonic() - begin
        fires(fault)
        expect(found is None, "an answer was given that cannot have come")
        limit = bench.harness.answer_within
        expect(seconds <= limit, f"given up after {seconds:.1f} s; {limit:g} s are allowed")


@check_named("faults.spoiled", {str(at): at for at in (CHUNK, 2 * CHUNK + 7)})
def spoilt_bytes_are_refused_or_not_claimed_to_be_right(bench: Bench, after: int) -> None:
    """One bit turns on the way to the service."""
    request = PutRequest(
        ref=bench.ref("it"),
        content=BytesContent(DATA),
        size=len(DATA),
        expected=DigestAlgorithm.SHA512.of(DATA),
    )
    with relayed(bench) as (session, proxy):
        fault = armed(bench, proxy, Kind.SPOIL, Way.OUT, after)
        try:
            result = session.store(request)
        except OfferError as error:
            fires(fault)
            expect(
                bench.at_rest("it") in (None, DATA), f"spoilt bytes are held after {told(error)}"
            )
            return
        fires(fault)
    if bench.at_rest("it") != DATA:
        claimed = result.evidence
        expect(claimed <= Evidence.PRESENT, f"spoilt bytes are held, and {claimed} is claimed")
        bench.remark("bytes that are spoilt on the way to the service are stored: read them back")


@check_each("faults.recovers", list(Kind))
def a_new_session_works_after_a_fault(bench: Bench, kind: Kind) -> None:
    """A get meets the fault; then a session is opened, by the same way."""
    with bench.session() as direct, relayed(bench) as (session, proxy):
        direct.put("it", DATA)
        armed(bench, proxy, kind, Way.BACK, CHUNK)
        try:
            session.read("it")
        except OfferError:
            bench.did("the get met the fault")
        session.close()
        with bench.session(bench.harness.through(proxy.host, proxy.port)) as new:
            same(new.read("it"), DATA, "the bytes read by a new session")
            new.put("more")
            same(new.names(), ["it", "more"], "the container")
