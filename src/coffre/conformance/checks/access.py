"""Checks of access requests: what is cold is asked for, waited for, and then read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import cast

from coffre.conformance.bench import Bench
from coffre.conformance.broken import Broken, NotTried, expect, raises, same
from coffre.conformance.check import check
from coffre.conformance.session import DATA, Session
from coffre.contract import (
    AccessCancelRequest,
    AccessRequest,
    AccessState,
    AccessStatus,
    AccessStatusRequest,
    AccessTicket,
    NotReadyError,
    SupportsAccessRequests,
)

STEP = 6 * 3600.0
"""Seconds that are let pass at a time, where the harness can."""
STEPS = 20
"""How often: five days, more than any service takes."""
DAY = 86_400.0


def ask(session: Session, *names: str, available_for: float | None = None) -> AccessTicket:
    """Ask for objects."""
    refs = [session.ref(name) for name in names]
    request = AccessRequest(refs=refs, available_for=available_for)
    service = cast(SupportsAccessRequests, session.connection)
    told = f"request access to {', '.join(names)}"
    ticket = session.do(told, lambda: service.request_access(request))
    same(list(ticket.refs), refs, "the objects that the ticket names")
    return ticket


def statuses(session: Session, *tickets: AccessTicket) -> Sequence[AccessStatus]:
    """How far they have come."""
    service = cast(SupportsAccessRequests, session.connection)
    request = AccessStatusRequest(tickets=tickets)
    return session.do("ask for the status", lambda: service.access_status(request))


def cancel(session: Session, ticket: AccessTicket) -> None:
    """The objects are not needed any more."""
    service = cast(SupportsAccessRequests, session.connection)
    request = AccessCancelRequest(ticket=ticket)
    session.do("cancel the access request", lambda: service.cancel_access(request))


def wait_until_ready(bench: Bench, session: Session, ticket: AccessTicket) -> AccessStatus:
    """Let time pass until the objects can be read, or wait where it does not pass for us."""
    begin = time.monotonic()
    for _ in range(STEPS):
        (told,) = statuses(session, ticket)
        if told.state is not AccessState.WAITING:
            return told
        while not _passed(bench, STEP):
            if time.monotonic() - begin > bench.patience / 2:
                raise NotTried(
                    "the objects did not become readable while the check waited", hook="let_pass"
                )
            time.sleep(0.2)
            if statuses(session, ticket)[0].state is not AccessState.WAITING:
                break
    raise Broken(f"an access request was still waiting after {STEPS * STEP / DAY:g} days")


def _passed(bench: Bench, seconds: float) -> bool:
    try:
        bench.harness.let_pass(seconds)
    except NotTried:
        return False
    bench.did(f"let {seconds / 3600:g} hours pass")
    return True


def _chill(bench: Bench, *names: str) -> None:
    for name in names:
        bench.harness.chill(bench.ref(name))
        bench.did(f"move {bench.ref(name)} to the slow medium")


@check("access-requests.cold")
def what_is_cold_is_refused_and_told(bench: Bench) -> None:
    """One object is cold and its neighbour is not: get, stat and listing say what is true."""
    with bench.session() as session, bench.session() as other:
        for name in ("cold", "warm"):
            session.put(name)
        _chill(bench, "cold")
        for one in (session, other):
            with raises(NotReadyError, "a get of a cold object"):
                one.read("cold")
            same(one.stat("cold").ready, False, "whether stat says that it is ready")
            same(one.stat("cold").size, len(DATA), "the size by stat")
            same(one.stat("warm").ready, True, "whether stat says that the other one is ready")
            same(one.read("warm"), DATA, "the bytes read of the other one")
        same(session.names(), ["cold", "warm"], "the container")


@check("access-requests.cold")
def what_was_asked_for_can_be_read_once_it_is_ready(bench: Bench) -> None:
    """Two objects, one of them cold; until the request is ready the cold one is refused."""
    with bench.session() as session, bench.session() as other:
        for name in ("cold", "warm"):
            session.put(name, name.encode())
        _chill(bench, "cold")
        ticket = ask(session, "warm", "cold")
        (told,) = statuses(other, ticket)
        if told.state is AccessState.WAITING:
            with raises(NotReadyError, "a get of an object that is waited for"):
                other.read("cold")
        told = wait_until_ready(bench, other, ticket)
        same(told.state, AccessState.READY, "the state")
        expect(told.ready in (None, 2), f"{told.ready} of two objects are said to be readable")
        for name in ("cold", "warm"):
            same(other.read(name), name.encode(), "the bytes read")
        same(other.stat("cold").ready, True, "whether stat says that it is ready")


@check("access-requests.expiry")
def it_goes_cold_again_and_no_sooner_than_was_asked(bench: Bench) -> None:
    """Asked for a day: read after most of it; long after its end a request is not ready."""
    with bench.session() as session:
        session.put("cold")
        _chill(bench, "cold")
        ticket = ask(session, "cold", available_for=DAY)
        same(wait_until_ready(bench, session, ticket).state, AccessState.READY, "the state")
        bench.harness.let_pass(DAY - STEP - 60)
        bench.did("let most of the day pass")
        same(session.read("cold"), DATA, "the bytes read before the day is over")
        bench.harness.let_pass(3 * DAY)
        bench.did("let three days pass")
        (told,) = statuses(session, ticket)
        if told.state is AccessState.READY:
            same(session.read("cold"), DATA, "the bytes read of what is said to be ready still")
            return
        expect(
            told.state in (AccessState.EXPIRED, AccessState.UNKNOWN), f"the state is {told.state}"
        )
        with raises(NotReadyError, "a get of an object whose time is over"):
            session.read("cold")
        again = ask(session, "cold")
        same(wait_until_ready(bench, session, again).state, AccessState.READY, "asked for again")
        same(session.read("cold"), DATA, "the bytes read")


@check("access-requests.kept")
def what_can_be_read_is_ready(bench: Bench) -> None:
    """Nothing is cold, and one of the references holds nothing."""
    with bench.session() as session, bench.session() as other:
        session.put("warm")
        tickets = [ask(session, "warm", "never"), ask(session, "warm")]
        expect(tickets[0].id != tickets[1].id, "two access requests have one id")
        states = [told.state for told in statuses(other, *tickets)]
        same(states, [AccessState.READY] * 2, "the states")
        other.absent("never")


@check("access-requests.kept")
def cancelling_harms_no_object(bench: Bench) -> None:
    """Cancelled twice, on another session; the object stays, and so does another request."""
    with bench.session() as session, bench.session() as other:
        session.put("warm")
        ticket, kept = ask(session, "warm"), ask(session, "warm")
        for _ in range(2):
            cancel(other, ticket)
        expect(statuses(session, ticket)[0].state in tuple(AccessState), "no state is told")
        same(statuses(session, kept)[0].state, AccessState.READY, "the state of another request")
        same(session.read("warm"), DATA, "the bytes read")


@check("access-requests.kept")
def cancelling_leaves_what_others_have_asked_for(bench: Bench) -> None:
    """Two requests for a cold object, one of them cancelled: it is read by the other."""
    with bench.session() as session:
        session.put("cold")
        _chill(bench, "cold")
        ticket, kept = ask(session, "cold"), ask(session, "cold")
        same(wait_until_ready(bench, session, kept).state, AccessState.READY, "the state")
        cancel(session, ticket)
        same(statuses(session, kept)[0].state, AccessState.READY, "the state, the other cancelled")
        same(session.read("cold"), DATA, "the bytes read")
