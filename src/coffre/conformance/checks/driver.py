"""Checks of what a driver tells of itself, and of whom it lets in."""

from __future__ import annotations

import re
from functools import partial

from coffre.conformance.bench import Bench
from coffre.conformance.broken import NotTried, expect, raises, same, told
from coffre.conformance.check import check, check_each
from coffre.conformance.together import together
from coffre.contract import (
    SERVICE_SINCE,
    Capability,
    ConnectionParameters,
    ForbiddenError,
    OfferUnavailableError,
    Parameter,
    ParameterError,
    Version,
    check_contract,
    usable,
)

METHODS = {
    Capability.BULK_PUT: ("bulk_put",),
    Capability.BULK_STAT: ("bulk_stat",),
    Capability.BULK_DELETE: ("bulk_delete",),
    Capability.CONTAINERS: ("containers",),
    Capability.QUARANTINE: ("quarantine",),
    Capability.SWEEP: ("sweep",),
    Capability.LEGAL_HOLD: ("place_hold", "lift_hold"),
    Capability.OFFER_LOG: ("log",),
    Capability.ACCESS_REQUESTS: ("request_access", "access_status", "cancel_access"),
    Capability.SERVER_COPY: ("server_copy",),
}
"""Services of a connection, and the methods of each."""
NO_SERVICE_YET = (Capability.RESUMABLE_PUT,)
"""Capabilities that the contract names, and gives no way to use."""


@check("driver.identity")
def it_says_who_it_is(bench: Bench) -> None:
    """Its name is one word in lower case, and the contract one that this coffre speaks."""
    driver = bench.driver
    expect(
        re.fullmatch(r"[a-z][a-z0-9-]*", driver.name),
        f"the driver calls itself {driver.name!r}; a name is lower-case letters, digits, hyphens",
    )
    for what, version in (("version", driver.version), ("contract", driver.contract)):
        expect(isinstance(version, Version), f"Driver.{what} is {version!r}, which is no Version")
    check_contract(driver.name, driver.contract)


@check("driver.described")
def its_parameters_are_described(bench: Bench) -> None:
    """Each name once, each with a sentence, and each default one that would be accepted."""
    described = bench.driver.parameters
    names = [parameter.name for parameter in described]
    expect(len(set(names)) == len(names), f"a parameter is described twice: {names}")
    for parameter in described:
        expect(parameter.help.strip(), f"parameter {parameter.name!r} has no help")
        if parameter.default is not None:
            _accept_default(parameter)


def _accept_default(parameter: Parameter) -> None:
    try:
        ConnectionParameters.checked(
            (parameter,), url="", values={parameter.name: parameter.default}
        )
    except ParameterError as error:
        expect(False, f"the default of parameter {parameter.name!r} is refused: {error}")


@check("driver.declared")
def a_session_declares_no_more_than_its_driver(bench: Bench) -> None:
    """Two sessions are opened, and one of them used: what they declare is the same."""
    with bench.session() as one, bench.session() as other:
        before = one.connection.capabilities
        one.put("it")
        same(one.connection.capabilities, before, "what a session declares after a put")
        same(other.connection.capabilities, before, "what another session declares")
    more = before - bench.driver.capabilities
    expect(not more, f"a session declares {sorted(more)}, and its driver does not")


@check_each("driver.services", METHODS)
def a_service_is_declared_if_and_only_if_it_is_there(bench: Bench, capability: Capability) -> None:
    """The methods of the service are looked for, declared or not."""
    with bench.session() as session:
        found = [callable(getattr(session.connection, name, None)) for name in METHODS[capability]]
    declared = bench.has(capability)
    for method, there in zip(METHODS[capability], found, strict=True):
        expect(
            there or not declared, f"{capability.value!r} is declared, and there is no {method}()"
        )
    if all(found) and not declared:
        method = METHODS[capability][0]
        bench.remark(f"there is a {method}(), and {capability.value!r} is not declared: unused")


@check("driver.services")
def offers_are_prepared_if_and_only_if_it_says_so(bench: Bench) -> None:
    """The driver has ``prepare`` if it declares the capability."""
    there = callable(getattr(bench.driver, "prepare", None))
    declared = Capability.PREPARE in bench.driver.capabilities
    expect(there or not declared, "'prepare' is declared, and the driver has no prepare()")
    if there and not declared:
        bench.remark("the driver has a prepare(), and 'prepare' is not declared: unused")


@check_each("driver.defined", NO_SERVICE_YET)
def nothing_is_declared_that_cannot_be_used(bench: Bench, capability: Capability) -> None:
    """The capability is looked for in what driver and session declare."""
    declared = bench.capabilities | bench.driver.capabilities
    expect(
        capability not in declared,
        f"{capability.value!r} is declared, and contract {bench.driver.contract} has no service "
        "for it",
    )


@check("driver.defined")
def nothing_is_declared_that_came_with_a_later_contract(bench: Bench) -> None:
    """A driver of 1.0 cannot have meant a service that 1.1 defined."""
    declared = bench.capabilities | bench.driver.capabilities
    late = sorted(declared - usable(declared, bench.driver.contract))
    for capability in late:
        expect(
            False,
            f"{capability.value!r} is declared; its service came with contract "
            f"{SERVICE_SINCE[capability]}, and the driver was written for {bench.driver.contract}",
        )


# --- availability --------------------------------------------------------------------------------


@check("driver.available")
def a_reachable_offer_is_available(bench: Bench) -> None:
    """Asked twice, and once more beside an open session."""
    available = bench.driver.is_available
    same(available(bench.parameters), True, "is_available of a reachable offer")
    with bench.session() as session:
        same(available(bench.parameters), True, "is_available beside an open session")
        session.put("it")
        same(session.names(), ["it"], "the container afterwards")


@check("driver.available")
def an_unreachable_offer_is_not_available(bench: Bench) -> None:
    """Asked of parameters under which nothing can be reached."""
    parameters = bench.harness.unreachable()
    same(_asked(bench, parameters), False, "is_available of an unreachable offer")


@check("driver.available")
def a_user_who_is_refused_finds_it_not_available(bench: Bench) -> None:
    """It would accept no session under these parameters, so it is not available under them."""
    parameters = bench.harness.refused_user()
    same(_asked(bench, parameters), False, "is_available for a user who is refused")


@check("driver.available")
def a_stopped_service_is_not_available_until_it_is_started(bench: Bench) -> None:
    """Stopped, asked, started, asked again."""
    bench.harness.stop()
    try:
        same(_asked(bench, bench.parameters), False, "is_available of a stopped service")
        # A pool lends a session that it has; then the first question finds out.
        with (
            raises(OfferUnavailableError, "a session with a stopped service"),
            bench.session() as session,
        ):
            session.names()
    finally:
        bench.harness.start()
    same(_asked(bench, bench.parameters), True, "is_available once it was started again")


def _asked(bench: Bench, parameters: ConnectionParameters) -> object:
    try:
        return bench.driver.is_available(parameters)
    except Exception as error:
        expect(False, f"is_available raised {told(error)}; it never raises")
        raise


@check("driver.unreachable")
def no_session_is_opened_with_what_cannot_be_reached(bench: Bench) -> None:
    """Opening one says *unavailable*, can be tried again, and leaves no doubt."""
    parameters = bench.harness.unreachable()
    with raises(OfferUnavailableError, "connect to an unreachable offer") as caught:
        bench.connect(parameters)
    expect(caught[0].retryable, f"{told(caught[0])} is not retryable")
    expect(not caught[0].effect_unknown, f"{told(caught[0])} leaves an effect in doubt")


@check("driver.refused")
def a_wrong_user_is_refused(bench: Bench) -> None:
    """Opening a session, or else its first operation, is forbidden."""
    parameters = bench.harness.refused_user()
    with (
        raises(ForbiddenError, "a session of a user who is refused"),
        bench.session(parameters) as session,
    ):
        session.put("it")
    expect(bench.at_rest("it") is None, "the offer holds what the refused user put")


@check("driver.threads")
def many_threads_open_sessions_at_once(bench: Bench) -> None:
    """Eight threads, each with a session, an object and a look at it."""

    def work(number: int) -> bytes:
        with bench.session() as session:
            session.put(f"t{number}", b"%d" % number)
            return session.read(f"t{number}")

    names = [f"t{number}" for number in range(8)]
    bench.ref("t0")  # the place is chosen once, not by eight threads
    outcomes = together([partial(work, number) for number in range(8)])
    same(outcomes, [b"%d" % number for number in range(8)], "what eight threads read back")
    with bench.session() as session:
        same(session.names(), names, "the container afterwards")


@check("prepare.once")
def nothing_is_made_where_an_offer_is_away(bench: Bench) -> None:
    """The service is stopped, then prepared: what was an offer a moment ago is not made anew."""
    if Capability.PREPARE not in bench.driver.capabilities:
        raise NotTried("this driver's offers need no preparation")
    with bench.session() as session:
        session.put("held")
    bench.harness.stop()
    bench.did("stop the service")
    try:
        with raises(OfferUnavailableError, "preparing an offer that is away"):
            bench.driver.prepare(bench.parameters)  # type: ignore[attr-defined]
    finally:
        bench.harness.start()
    with bench.session() as session:
        same(session.names(), ["held"], "the container once it is back")


@check("prepare.once")
def a_new_place_is_an_offer_once_it_was_prepared(bench: Bench) -> None:
    """Not before; and preparing it a second time changes nothing."""
    if Capability.PREPARE not in bench.driver.capabilities:
        raise NotTried("this driver's offers need no preparation")
    place, prepare = bench.harness.new_place(), bench.driver.prepare  # type: ignore[attr-defined]
    with raises(OfferUnavailableError, "connect to a place that is no offer yet"):
        bench.connect(place)
    same(_asked(bench, place), False, "is_available of a place that is no offer yet")
    same(prepare(place).made, True, "PrepareResult.made of the first preparation")
    with bench.session(place) as session:
        session.put("it")
        same(prepare(place).made, False, "PrepareResult.made of the second preparation")
        same(session.names(), ["it"], "the container after a second preparation")
        session.absent("nothing")
