"""Checks of secrets: in nothing that is printed, raised or logged."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from coffre.conformance.bench import Bench
from coffre.conformance.broken import NotTried, expect
from coffre.conformance.check import check
from coffre.conformance.session import Session
from coffre.contract import ConnectionParameters, ParameterError, Secret
from coffre.streams import BytesContent

SHORTEST = 4
"""Characters of a secret that can be looked for without finding it everywhere."""


def secrets_of(bench: Bench, parameters: ConnectionParameters | None = None) -> list[str]:
    """The secrets that must not show.

    Raises:
        NotTried: there is none, or none that is long enough to be looked for.
    """
    values = (parameters or bench.parameters).values
    revealed = [value.reveal() for _, value in values if isinstance(value, Secret)]
    found = [text for text in (*revealed, *bench.harness.secrets) if len(text) >= SHORTEST]
    if not found:
        raise NotTried("the parameters hold no secret")
    return found


def hidden(text: str, secrets: list[str], where: str) -> None:
    """Hold that no secret is in a text; the finding does not quote it either."""
    for number, secret in enumerate(secrets, start=1):
        expect(secret not in text, f"secret {number} of {len(secrets)} shows in {where}")


@check("secret.shown")
def nothing_that_prints_itself_shows_it(bench: Bench) -> None:
    """``repr`` and ``str`` of the driver, a session, its parameters, and what it returns."""
    secrets = secrets_of(bench)
    with bench.session() as session:
        result = session.put("it")
        with session.get("it") as opened, session.listing() as listing:
            shown = (
                bench.driver,
                session.connection,
                session.connection.parameters,
                opened,
                opened.stream,
                listing,
                result,
                session.stat("it"),
                session.capacity(),
            )
            for thing in shown:
                text = f"{thing!r} {thing}"
                hidden(text, secrets, f"what {type(thing).__name__} prints of itself")


@check("secret.shown")
def nothing_that_is_pickled_holds_it(bench: Bench) -> None:
    """The driver, a session and its parameters, as far as they can be sent to another process."""
    secrets = secrets_of(bench)
    with bench.session() as session:
        session.put("it")
        for thing in (bench.driver, session.connection, session.connection.parameters):
            hidden(_pickled(thing), secrets, f"a pickle of {type(thing).__name__}")


def _pickled(thing: object) -> str:
    try:
        return pickle.dumps(thing).decode("utf-8", "replace")
    except Exception:  # noqa: BLE001 - what cannot be pickled gives nothing away
        return ""


@check("secret.errors")
def no_refusal_shows_it(bench: Bench) -> None:
    """Things that are refused, on an open session and on a closed one."""
    secrets = secrets_of(bench)
    with bench.session() as session:
        session.put("held")
        for refused in _refusals(session):
            error = raised_by(refused)
            hidden(everything_of(error), secrets, f"a {type(error).__name__}")
        session.close()
        error = raised_by(lambda: session.put("late"))
        hidden(everything_of(error), secrets, f"a {type(error).__name__} of a closed session")


@check("secret.errors")
def no_failure_to_connect_shows_it(bench: Bench) -> None:
    """The offer that cannot be reached is asked under the same secrets."""
    parameters = bench.harness.unreachable()
    secrets = secrets_of(bench, parameters)
    error = raised_by(lambda: bench.connect(parameters))
    hidden(everything_of(error), secrets, f"a {type(error).__name__}")


@check("secret.errors")
def no_refusal_of_a_user_shows_it(bench: Bench) -> None:
    """A user whom the service refuses; what was tried is a secret as well."""
    parameters = bench.harness.refused_user()
    secrets = secrets_of(bench, parameters)

    def use() -> None:
        with bench.session(parameters) as session:
            session.put("it")

    error = raised_by(use)
    hidden(everything_of(error), secrets, f"a {type(error).__name__}")


@check("secret.logs")
def no_log_line_shows_it(bench: Bench) -> None:
    """Every logger is listened to, at its most talkative, while a session lives."""
    secrets = secrets_of(bench)
    with listening() as lines:
        bench.driver.is_available(bench.parameters)
        with bench.session() as session:
            session.put("held")
            session.read("held")
            session.names()
            for refused in _refusals(session):
                raised_by(refused)
            session.delete("held")
    hidden("\n".join(lines), secrets, "a log line")


def _refusals(session: Session) -> tuple[Callable[[], object], ...]:
    return (
        lambda: session.read("nothing"),
        lambda: session.stat("nothing"),
        lambda: session.put("held", b"others"),
        lambda: session.pull("short", BytesContent(b"x"), 2),
    )


def raised_by(call: Callable[[], object]) -> BaseException:
    """The error that a call ends in; something that raises none is none of ours to judge here."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - what it is, other checks judge
        return error
    return ParameterError("nothing was raised")


def everything_of(error: BaseException) -> str:
    """All that an error would show somebody: message, arguments, attributes, notes, causes."""
    texts = ["".join(traceback.format_exception(error))]
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and id(current) not in seen:  # a cause may be its own
        seen.add(id(current))
        texts += [repr(current), repr(current.args), repr(vars(current))]
        current = current.__cause__ or current.__context__
    return "\n".join(texts)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Every line that is logged meanwhile, formatted, errors included."""
    lines: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    root, listener = logging.getLogger(), Listener(level=1)
    level = root.level
    root.addHandler(listener)
    root.setLevel(1)
    try:
        yield lines
    finally:
        root.setLevel(level)
        root.removeHandler(listener)
