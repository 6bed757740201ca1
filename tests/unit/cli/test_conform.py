"""``coffre conform``: what is refused before anything is tried, and what a run tells."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import pytest

from coffre.cli.main import main
from coffre.contract import (
    ConnectionParameters,
    Driver,
    DriverError,
    ListRequest,
    OfferUnavailableError,
    Parameter,
    PutRequest,
    PutResult,
    Secret,
)
from coffre.testing import MemoryDriver, MemoryOffer
from coffre.testing.memory import MemoryConnection
from tests.unit.cli.conftest import Bench, Ran

URL = "memory://conform/here"
FEW = ("--only", "put.conflict")
PASSWORD = "correct horse battery staple"

Conform = Callable[..., Ran]


@pytest.fixture
def conform(coffre: Bench) -> Conform:
    """Runs the command on an offer in memory of its own."""
    MemoryOffer.discard(URL)

    def run(*words: str, driver: str = "memory") -> Ran:
        return coffre("conform", driver, "--url", URL, *words)

    return run


def use(monkeypatch: pytest.MonkeyPatch, driver: Driver) -> None:
    """Install a driver under the name ``memory``."""
    monkeypatch.setattr("coffre.manager.load_driver", lambda name: driver)


class OneByteMore(MemoryDriver):
    """A driver that lies: it acknowledges one byte more than it stored."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        connection = super().connect(parameters)
        honest = connection.put

        def put(request: PutRequest) -> PutResult:
            result = honest(request)
            return replace(result, size=result.size + 1)

        connection.put = put  # type: ignore[method-assign]
        return connection


class Locked(MemoryDriver):
    """A driver that needs a password, and is careless with it."""

    parameters: tuple[Parameter, ...] = (  # type: ignore[assignment]
        *MemoryDriver.parameters,
        Parameter(name="key", type=Secret, required=True, help="What opens it."),
        Parameter(name="fast", type=bool, default=False, help="Whether."),
        Parameter(name="pace", type=float, default=1.0, help="How fast."),
    )
    seen: ClassVar[list[ConnectionParameters]] = []

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        self.seen.append(parameters)
        if parameters.text("key") != PASSWORD:
            raise OfferUnavailableError("no such key")
        return super().connect(parameters)


# --- a run -----------------------------------------------------------------------------------


def test_an_honest_driver_passes_and_each_profile_is_told(conform: Conform) -> None:
    ran = conform("--profile", "create-only", "--profile", "bulk-put", "--seed", "7")

    assert ran.status == 0
    rows = [line.split() for line in ran.lines[:3]]
    assert rows[0] == ["PROFILE", "OUTCOME", "PASSED", "FAILED", "NOT", "TRIED"]
    assert [row[:2] for row in rows[1:]] == [["create-only", "passed"], ["bulk-put", "passed"]]
    assert ran.lines[-1].startswith("memory 1.0, contract 1.1: ")
    assert ran.lines[-1].endswith("seed 7")
    assert ", 0 failed, " in ran.lines[-1]


def test_a_lying_driver_is_found_out_and_each_finding_can_be_seen_again(
    conform: Conform, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, OneByteMore())

    ran = conform("--only", "put.whole", "--seed", "7")

    assert ran.status == 1
    failed = [line for line in ran.lines if line.startswith("failed  put.whole/")]
    assert failed
    assert "duty put.whole: The bytes held are exactly the bytes sent" in ran.out
    assert "seen:   the size in the result: 1, and not 0" in ran.out
    trial = failed[0].split()[1]
    again = f"coffre conform memory --url {URL} --only {trial} --seed 7"
    assert f"again:  {again}" in ran.out
    assert f"the same again: coffre conform memory --url {URL} --only put.whole --seed 7" in ran.err
    assert main(again.split()[1:]) == 1


def test_the_report_is_one_json_document(conform: Conform, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, OneByteMore())

    ran = conform("--only", "put.whole", "--seed", "7", "--json")

    (report,) = ran.told
    assert ran.status == 1
    assert (report["seed"], report["passed"], report["service"]) == (7, False, URL)
    tally = report["tally"]
    assert isinstance(tally, dict)
    assert ran.err.count("failed  put.whole/") == tally["failed"] > 0


def test_what_could_not_be_tried_is_told_with_its_reason(conform: Conform) -> None:
    ran = conform("--only", "get.corrupt*", "--only", FEW[1])

    assert ran.status == 0
    assert "not tried" in ran.out
    told = json.loads(conform("--profile", "faults", "--json").out)
    assert told["tally"]["passed"] == told["tally"]["failed"] == 0


def test_a_run_in_which_nothing_could_be_tried_is_not_done(conform: Conform) -> None:
    ran = conform("--profile", "faults")

    assert ran.status == 1
    assert "not tried" in ran.lines[1]


def test_a_budget_leaves_the_rest_untried(conform: Conform) -> None:
    ran = conform("--profile", "core", "--budget", "0.001s", "--json")

    verdicts: Any = ran.told[0]["verdicts"]
    assert "out of time" in {one["reason"] for one in verdicts}


def test_nothing_of_a_run_is_left_on_the_offer(conform: Conform) -> None:
    assert conform("--profile", "core").status == 0

    with MemoryDriver().connect(ConnectionParameters(url=URL)) as connection:
        assert MemoryOffer.at(URL) is not None
        left = [
            entry
            for tenant in range(3)
            for entry in connection.list(ListRequest(tenant=tenant, container="object"))
        ]
    assert left == []


def test_a_tenant_that_is_given_is_the_one_that_is_used(conform: Conform) -> None:
    ran = conform("--only", "put.conflict", "--tenant", "41", "--json")
    assert ran.status == 0

    with MemoryDriver().connect(ConnectionParameters(url=URL)) as connection:
        assert list(connection.list(ListRequest(tenant=41, container="object"))) == []


def test_the_trials_can_be_listed_without_an_offer(coffre: Bench) -> None:
    ran = coffre("conform", "--list", "--only", "put.conflict", "--json")

    assert ran.status == 0
    assert {line["duty"] for line in ran.told} == {"put.conflict"}
    assert all(line["check"] for line in ran.told)
    assert len(coffre("conform", "--list", "--only", "put.conflict").lines) == len(ran.told)


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "step"),
    [
        (("conform",), "usage", "coffre drivers lists"),
        (("conform", "memory"), "usage", "--url URL"),
        (("conform", "memry", "--url", URL), "driver-not-found", "Did you mean 'memory'?"),
        (("conform", "memory", "--url", URL, "--param", "x"), "usage", "NAME=VALUE"),
        (("conform", "memory", "--url", URL, "--param", "=x"), "usage", "NAME=VALUE"),
        (("conform", "memory", "--url", URL, "--param", "x=1"), "invalid-parameter", "known:"),
        (
            ("conform", "memory", "--url", URL, "--param", "capacity=x"),
            "invalid-parameter",
            "a whole number",
        ),
        (
            ("conform", "memory", "--url", URL, *("--param", "capacity=1") * 2),
            "usage",
            "given twice",
        ),
        (("conform", "memory", "--url", "memory://u:p@h"), "invalid-parameter", "password"),
        (("conform", "memory", "--url", URL, "--profile", "cor"), "usage", "--list"),
        (("conform", "memory", "--url", URL, "--only", "nothing"), "usage", "--list"),
        (("conform", "memory", "--url", URL, "--budget", "soon"), "usage", "5m"),
        (("conform", "memory", "--url", URL, "--budget", "0"), "usage", "5m"),
        (("conform", "memory", "--url", URL, "--seed", "-1"), "usage", "0 or more"),
        (("conform", "memory", "--url", URL, "--prepare"), "usage", "leave it out"),
        (("conform", "memory", "--url", URL, "--report", "no/x"), "usage", "no directory"),
        (("conform", "memory", "--url", URL, "--report", "."), "usage", "name a file"),
        (("conform", "memory", "--url", URL, "--certificate", "c"), "usage", "--new-key"),
        (("conform", "memory", "--url", URL, "--key", "k"), "usage", "--certificate FILE"),
        (
            ("conform", "memory", "--url", URL, "--certificate", "c", "--key", "none"),
            "key-unusable",
            "cannot be read",
        ),
        (("conform", "memory", "--url", URL, "--badge", "b", *FEW), "usage", "whole profiles"),
        (("conform", "memory", "--new-key", "k"), "usage", "goes alone"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_tried(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: str, step: str
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was tried")

    monkeypatch.setattr("coffre.conformance.run", never)
    monkeypatch.setattr(MemoryDriver, "connect", never)

    ran = coffre(*words, "--json")

    assert (ran.status, ran.codes) == (2, [code])
    assert step in ran.err
    assert ":p@" not in ran.err
    assert not Path("k").exists()


def test_a_driver_that_is_broken_is_refused(
    conform: Conform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> None:
        raise DriverError("its library is missing: pip install tapes")

    monkeypatch.setattr("coffre.manager.load_driver", broken)

    ran = conform("--json")
    assert (ran.status, ran.codes) == (2, ["driver-unusable"])
    assert "pip install tapes" in ran.err


@pytest.mark.parametrize("lazily", [False, True])
def test_an_offer_that_cannot_be_reached_is_no_finding(
    conform: Conform, monkeypatch: pytest.MonkeyPatch, lazily: bool
) -> None:
    class Away(MemoryDriver):
        def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
            if not lazily:
                raise OfferUnavailableError("nobody answers")
            connection = super().connect(parameters)

            def listing(request: ListRequest) -> NoReturn:
                raise OfferUnavailableError("nobody answers")

            connection.list = listing  # type: ignore[method-assign]
            return connection

    use(monkeypatch, Away())

    ran = conform("--report", "page.html", "--json")

    assert (ran.status, ran.codes) == (6, ["offer-unavailable"])
    assert not Path("page.html").exists()


def test_a_driver_that_raises_what_no_driver_may_is_a_finding_and_no_bug_of_ours(
    conform: Conform, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Careless(MemoryDriver):
        def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
            raise KeyError("session")

    use(monkeypatch, Careless())

    ran = conform("--only", "put.conflict")
    assert ran.status == 1
    assert "KeyError" in ran.out


# --- parameters and secrets ------------------------------------------------------------------


def test_parameters_are_read_in_their_declared_types(
    conform: Conform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPE_KEY", PASSWORD)
    use(monkeypatch, Locked())
    Locked.seen.clear()

    words = ["key=env:TAPE_KEY", "fast=True", "pace=2", "capacity=1000000000"]
    ran = conform(*FEW, *(word for text in words for word in ("--param", text)))

    assert ran.status == 0, ran.err
    (given,) = set(Locked.seen)
    assert given["fast"] is True
    assert given["pace"] == 2.0
    assert given["capacity"] == 1_000_000_000
    assert given["key"] == Secret.from_environment("TAPE_KEY")


def test_a_secret_can_be_in_a_file(conform: Conform, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secret").write_text(f"{PASSWORD}\n")
    use(monkeypatch, Locked())

    assert conform(*FEW, "--param", "key=file:secret").status == 0


@pytest.mark.parametrize("value", [PASSWORD, f"text:{PASSWORD}", "env:", "file:", ""])
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(
    conform: Conform, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    use(monkeypatch, Locked())

    ran = conform(*FEW, "--param", f"key={value}", "--json")

    assert (ran.status, ran.codes) == (2, ["usage"])
    assert "key=env:VARIABLE or key=file:PATH" in ran.err
    assert PASSWORD not in ran.err + ran.out


def test_a_secret_that_is_not_there_is_told(
    conform: Conform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TAPE_KEY", raising=False)
    use(monkeypatch, Locked())

    ran = conform(*FEW, "--param", "key=env:TAPE_KEY", "--json")

    assert (ran.status, ran.codes) == (2, ["invalid-parameter"])
    assert "TAPE_KEY is not set" in ran.err


def test_no_secret_gets_into_anything_that_is_kept_or_told(
    conform: Conform, coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Careless(Locked):
        def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
            connection = super().connect(parameters)

            def put(request: PutRequest) -> PutResult:
                raise RuntimeError(f"could not sign with {parameters.text('key')}")

            connection.put = put  # type: ignore[method-assign]
            return connection

    monkeypatch.setenv("TAPE_KEY", PASSWORD)
    use(monkeypatch, Careless())
    conform_key = ("--param", "key=env:TAPE_KEY")
    assert coffre("conform", "--new-key", "me").status == 0

    ran = conform(
        *("--profile", "create-only", "--report", "page.html", "--badge", "b.svg"),
        *("--certificate", "c.json", "--key", "me", *conform_key),
    )
    told = conform("--profile", "create-only", "--json", *conform_key)

    assert ran.status == told.status == 1
    kept = [Path(name).read_text() for name in ("page.html", "b.svg")]
    verified = coffre("verify", "c.json", "--json")
    assert verified.status == 1
    for text in (ran.out, ran.err, told.out, told.err, verified.out, *kept):
        assert PASSWORD not in text
    assert "key=env:TAPE_KEY" in kept[0]  # how to do it again


# --- what is kept ----------------------------------------------------------------------------


def test_the_page_is_kept_whole_and_replaces_an_older_one(conform: Conform) -> None:
    Path("page.html").write_text("older")

    ran = conform(*FEW, "--report", "page.html")

    assert ran.status == 0
    assert "report: page.html" in ran.err
    text = Path("page.html").read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert text.endswith("</html>\n")
    assert "Only these trials were asked for: put.conflict." in text
    assert stat.S_IMODE(Path("page.html").stat().st_mode) & 0o044  # the usual mode, to be shown
    assert not list(Path().glob(".page.html*"))


def test_a_new_key_is_made_when_it_is_asked_for_and_tells_its_public_half(coffre: Bench) -> None:
    ran = coffre("conform", "--new-key", "me", "--json")

    assert ran.status == 0
    assert stat.S_IMODE(Path("me").stat().st_mode) == 0o600
    assert str(ran.told[0]["public_key"]).startswith("ed25519:")
    again = coffre("conform", "--new-key", "me", "--json")
    assert (again.status, again.codes) == (2, ["key-exists"])
    assert "PRIVATE" not in ran.out + ran.err + again.err


def test_a_certificate_with_failures_is_written_and_says_failed(
    conform: Conform, coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    coffre("conform", "--new-key", "me")
    use(monkeypatch, OneByteMore())

    ran = conform(
        *("--profile", "core", "--certificate", "c.json", "--key", "me"),
        *("--badge", "b.svg"),
    )

    assert ran.status == 1
    assert "certificate: c.json, which says failed" in ran.err
    verified = coffre("verify", "c.json", "--json")
    assert verified.status == 1
    assert verified.told[0]["genuine"] is True
    document = verified.told[0]["document"]
    assert isinstance(document, dict)
    assert document["outcome"] == "failed"
    assert document["driver"]["distribution"].startswith("coffre ")
    assert "failed" in Path("b.svg").read_text()


# --- interrupts and terminals ----------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_only(
    conform: Conform, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = conform(*FEW)
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    shown = conform(*FEW)

    assert "trying" not in quiet.err
    assert "trials" in screen.getvalue()
    assert shown.lines[:2] == quiet.lines[:2]


def test_findings_appear_above_the_bar(conform: Conform, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, OneByteMore())
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr("sys.stdout", screen)

    assert conform("--only", "put.whole").status == 1
    assert screen.getvalue().count("failed  put.whole/") > 3


class Stopping(OneByteMore):
    """A driver under which a person presses Ctrl-C: once, or as often as it is used."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times
        self.puts = 0

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        connection = super().connect(parameters)
        lying = connection.put

        def put(request: PutRequest) -> PutResult:
            self.puts += 1
            while self.puts > 3 and self.times:
                self.times -= 1
                interrupt_main()
            return lying(request)

        connection.put = put  # type: ignore[method-assign]
        return connection


def interrupt_main() -> None:
    """Ctrl-C, delivered to the main thread, which waits for the check, and heard there."""
    job: Any = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
    os.kill(os.getpid(), signal.SIGINT)
    while job is not None and not job.asked:
        os.sched_yield()  # two signals that nobody heard in between would be one


def test_a_stopped_run_tells_what_is_known_and_is_not_certified(
    conform: Conform, coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    coffre("conform", "--new-key", "me")
    use(monkeypatch, Stopping(1))

    ran = conform(
        *("--profile", "core", "--report", "page.html", "--badge", "b.svg"),
        *("--certificate", "c.json", "--key", "me"),
    )

    assert ran.status == 1
    assert "somebody stopped the run" in ran.out
    assert "neither certificate nor badge" in ran.err
    assert "somebody stopped the run" in Path("page.html").read_text()
    assert not Path("c.json").exists()
    assert not Path("b.svg").exists()


def test_a_stopped_run_in_which_all_else_passed_is_not_done(
    conform: Conform, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Honest(Stopping):
        def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
            connection = MemoryDriver.connect(self, parameters)
            honest = connection.put

            def put(request: PutRequest) -> PutResult:
                self.puts += 1
                if self.puts == 4:
                    interrupt_main()
                return honest(request)

            connection.put = put  # type: ignore[method-assign]
            return connection

    use(monkeypatch, Honest(1))

    ran = conform("--profile", "core", "--json")

    tally: Any = ran.told[0]["tally"]
    assert ran.status == 1
    assert tally["failed"] == 0
    assert tally["passed"] > 0
    assert tally["not_tried"] > 100


def test_whoever_insists_is_not_kept_waiting(
    conform: Conform, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Stopping(2))

    ran = conform("--only", "put.whole", "--json")

    assert (ran.status, ran.codes) == (1, ["interrupted"])
    assert "stopped at once, after " in ran.err
