"""Checks of errors: the family, the class, whether to try again, and what is in doubt."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import cast

from coffre.conformance.bench import Bench
from coffre.conformance.broken import Broken, expect, raises, same, told
from coffre.conformance.check import check, check_named
from coffre.conformance.contents import ScriptedContent
from coffre.conformance.session import DATA, Session
from coffre.contract import (
    Capability,
    CoffreError,
    ContainerEntry,
    ContainersRequest,
    DigestAlgorithm,
    DigestMismatchError,
    ObjectConflictError,
    ObjectNotFoundError,
    OfferUnavailableError,
    PutRequest,
    SizeMismatchError,
    SupportsContainers,
)
from coffre.streams import BytesContent


def wrong_digest(session: Session) -> object:
    """Put bytes that do not have the digest announced."""
    return session.store(
        PutRequest(
            ref=session.ref("it"),
            content=BytesContent(b"other byte"),
            size=10,
            expected=DigestAlgorithm.SHA512.of(DATA),
        )
    )


Refusal = tuple[type[CoffreError], Callable[[Session], object]]

REFUSALS: dict[str, Refusal] = {
    "get-of-nothing": (ObjectNotFoundError, lambda session: session.read("it")),
    "stat-of-nothing": (ObjectNotFoundError, lambda session: session.stat("it")),
    "conflict": (ObjectConflictError, lambda session: session.put("held", b"others")),
    "short": (
        SizeMismatchError,
        lambda session: session.pull("it", ScriptedContent(b"x"), 2),
    ),
    "long": (
        SizeMismatchError,
        lambda session: session.pull("it", ScriptedContent(b"xxx"), 2),
    ),
    "wrong-digest": (DigestMismatchError, wrong_digest),
}
"""What is refused on a session that holds ``held``, and the class that the contract names."""


@check_named("error.family", REFUSALS)
def a_refusal_is_of_its_class_and_names_its_object(bench: Bench, refusal: Refusal) -> None:
    """The error has a message for a person, a code, and the reference or none."""
    kind, refused = refusal
    with bench.session() as session:
        session.put("held")
        with raises(kind, "what is refused") as caught:
            refused(session)
    error = caught[0]
    expect(str(error).strip(), f"{type(error).__name__} has no message")
    same(error.code, kind.code, "the code")
    about = (None, bench.ref("it"), bench.ref("held"))
    expect(error.ref in about, f"the error is about {error.ref}")


@check_named("error.retryable", REFUSALS)
def a_refusal_is_not_worth_trying_again(bench: Bench, refusal: Refusal) -> None:
    """The same call would fail again, and the error says so; nor is any effect in doubt."""
    kind, refused = refusal
    with bench.session() as session:
        session.put("held")
        for _ in range(2):
            with raises(kind, "what is refused") as caught:
                refused(session)
            expect(not caught[0].retryable, f"{told(caught[0])} says that it is retryable")


@check("error.retryable")
def an_unreachable_offer_is_worth_trying_again(bench: Bench) -> None:
    """Opening a session fails for now, and nothing of it is in doubt."""
    parameters = bench.harness.unreachable()
    with raises(OfferUnavailableError, "connect to an unreachable offer") as caught:
        bench.connect(parameters)
    expect(caught[0].retryable, f"{told(caught[0])} says that it is not retryable")


# --- a service that stops ------------------------------------------------------------------------

ASKED: dict[str, Callable[[Session], object]] = {
    "get": lambda session: session.read("held"),
    "stat": lambda session: session.stat("held").size,
    "list": lambda session: session.names(),
}
"""Questions about an offer that holds ten bytes under ``held``, and nothing else."""
TRUTH = {"get": DATA, "stat": len(DATA), "list": ["held"]}
"""The true answers."""


@check_named("error.stopped", {name: name for name in ASKED})
def an_open_session_says_unavailable_or_the_truth(bench: Bench, question: str) -> None:
    """The service is stopped under an open session: an answer that is false is the worst."""
    with bench.session() as session:
        session.put("held")
        _stop(bench)
        try:
            answer = ASKED[question](session)
        except OfferUnavailableError:
            return
        except CoffreError as error:
            raise Broken(f"a stopped service: {told(error)}") from error
        finally:
            bench.harness.start()
    same(answer, TRUTH[question], f"what a session answers to {question} of a stopped service")


@check("error.stopped")
def what_is_absent_is_unknown_while_it_is_stopped(bench: Bench) -> None:
    """A new session is refused; nobody says *not found* of what nobody looked for."""
    with bench.session() as session:
        session.put("held")
        _stop(bench)
        try:
            with (
                raises(OfferUnavailableError, "a new session with a stopped service"),
                bench.session() as new,
            ):
                new.names()
        finally:
            bench.harness.start()


@check("error.stopped")
def a_put_fails_or_stores_it_truly(bench: Bench) -> None:
    """Put to a stopped service, then looked for once it runs again."""
    with bench.session() as session:
        session.put("held")
        _stop(bench)
        try:
            stored = _put_or_unavailable(session)
        finally:
            bench.harness.start()
    found = bench.at_rest("it")
    expect(found in (None, DATA), "a part of an object is held")
    expect(found == DATA or not stored, "a put succeeded, and the offer does not hold it")


@check("error.stopped")
def a_deletion_fails_or_is_done(bench: Bench) -> None:
    """An object is deleted of a stopped service: *there was none* is said of what nobody saw."""
    with bench.session() as session:
        session.put("held")
        _stop(bench)
        try:
            existed = session.delete("held").existed
        except OfferUnavailableError:
            return
        finally:
            bench.harness.start()
    expect(existed, "a deletion says that there was nothing to delete, of a stopped service")
    same(bench.at_rest("held"), None, "the bytes held after a deletion that succeeded")


@check("error.stopped", needs=[Capability.QUARANTINE])
def what_is_set_aside_of_a_stopped_service_is_not_said_to_be_absent(bench: Bench) -> None:
    """It is set aside, or the service is unavailable."""
    with bench.session() as session:
        session.put("held")
        _stop(bench)
        try:
            session.set_aside("held")
        except OfferUnavailableError:
            return
        except CoffreError as error:
            raise Broken(f"a stopped service: {told(error)}") from error
        finally:
            bench.harness.start()
    same(bench.at_rest("held"), None, "the bytes held after they were set aside")


@check("error.stopped", needs=[Capability.CONTAINERS])
def containers_of_a_stopped_service_are_told_truly_or_not_at_all(bench: Bench) -> None:
    """The container that holds an object is named, or the service is unavailable."""
    with bench.session() as session:
        session.put("held")
        _stop(bench)
        try:
            service = cast(SupportsContainers, session.connection)
            found = list(service.containers(ContainersRequest()))
        except OfferUnavailableError:
            return
        finally:
            bench.harness.start()
    ref = bench.ref("held")
    ours = ContainerEntry(tenant=ref.tenant, container=ref.container)
    expect(ours in found, "a container that holds an object is not named of a stopped service")


def _put_or_unavailable(session: Session) -> bool:
    try:
        session.put("it")
    except OfferUnavailableError:
        return False
    return True


def _stop(bench: Bench) -> None:
    bench.harness.stop()
    bench.did("stop the service")


@check("error.recovers")
def everything_is_there_once_it_runs_again(bench: Bench) -> None:
    """Stopped, looked for while it is away, and started; a new session reads, lists and stores."""
    with bench.session() as session:
        session.put("held")
    _stop(bench)
    try:
        # A pool may lend a session that still knows the truth; what a new one says, others try.
        with suppress(OfferUnavailableError), bench.session() as session:
            session.names()
    finally:
        bench.harness.start()
    bench.did("start the service")
    with bench.session() as session:
        same(session.read("held"), DATA, "the bytes read afterwards")
        session.put("more")
        same(session.names(), ["held", "more"], "the container afterwards")
