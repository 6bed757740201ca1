"""Checks of parameters: what a session was opened with, and stays with."""

from __future__ import annotations

import pickle

from coffre.conformance.bench import Bench
from coffre.conformance.broken import NotTried, expect, raises, same, told
from coffre.conformance.check import check
from coffre.contract import ConnectionParameters, OfferError, ParameterValue

ELSEWHERE = ConnectionParameters(url="elsewhere://nowhere")


def frozen(parameters: ConnectionParameters) -> tuple[str, tuple[tuple[str, ParameterValue], ...]]:
    """What parameters are now, for a comparison with what they are later."""
    return parameters.url, tuple(parameters.values)


@check("parameters.kept")
def a_session_has_the_parameters_it_was_opened_with(bench: Bench) -> None:
    """Right after it was opened."""
    with bench.session() as session:
        same(session.connection.parameters, bench.parameters, "Connection.parameters")


@check("parameters.fixed")
def they_cannot_be_assigned(bench: Bench) -> None:
    """Assigning raises ``AttributeError``, and they stay what they were."""
    with bench.session() as session:
        with raises(AttributeError, "assigning Connection.parameters"):
            session.connection.parameters = ELSEWHERE  # type: ignore[misc]
        same(session.connection.parameters, bench.parameters, "Connection.parameters afterwards")
        session.put("it")


@check("parameters.fixed")
def no_operation_changes_them(bench: Bench) -> None:
    """Every operation is done, some of them refused, and the parameters are looked at again."""
    before = frozen(bench.parameters)
    with bench.session() as session:
        session.put("it")
        session.read("it")
        session.stat("it")
        session.names()
        session.capacity()
        session.absent("nothing")
        session.delete("it")
        same(frozen(session.connection.parameters), before, "Connection.parameters afterwards")
    same(frozen(bench.parameters), before, "the parameters that were given, afterwards")
    same(bench.driver.is_available(bench.parameters), True, "is_available under them")
    same(frozen(bench.parameters), before, "the parameters that were given, afterwards")


@check("parameters.users")
def two_users_have_a_session_each(bench: Bench) -> None:
    """Sessions of two users are opened, used in turn, and closed one after the other."""
    others = bench.harness.other_user()
    expect(others != bench.parameters, "the harness gives the same parameters for both users")
    with bench.session() as first, bench.session(others) as second:
        for _ in range(2):
            same(first.connection.parameters, bench.parameters, "parameters of the first user")
            same(second.connection.parameters, others, "parameters of the second user")
            first.put("of-the-first")
            second.put("of-the-second")
            same(second.read("of-the-first"), b"some bytes", "what the second user reads")
        first.close()
        same(second.read("of-the-second"), b"some bytes", "what the second user reads")
        with bench.session() as third:
            same(third.connection.parameters, bench.parameters, "parameters of a new session")


@check("parameters.travel")
def they_can_be_pickled(bench: Bench) -> None:
    """They come back equal from a pickle, and open a session."""
    try:
        packed = pickle.dumps(bench.parameters)
    except TypeError as error:
        raise NotTried(f"the harness gives a literal secret: {error}") from None
    unpacked = pickle.loads(packed)  # noqa: S301 - packed two lines above
    same(unpacked, bench.parameters, "parameters after a pickle")
    same(hash(unpacked), hash(bench.parameters), "their hash, by which pools find them")
    try:
        with bench.session(unpacked) as session:
            session.put("it")
    except OfferError as error:
        expect(False, f"under parameters from a pickle: {told(error)}")
