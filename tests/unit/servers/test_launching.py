"""The launcher starts what it can, says what it cannot, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.servers import addresses
from tests.servers.launching.launch import Launch
from tests.servers.launching.place import HOST, Place, ask, free_port
from tests.servers.launching.processes import NotStartedError, Processes
from tests.servers.launching.server import Server
from tests.servers.launching.tools import Tools, missing_packages

PYTHON = sys.executable
FOR_EVER = [PYTHON, "-c", "import time; print('here', flush=True); time.sleep(1000)"]
WITH_A_CHILD = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
print(child.pid, flush=True)
time.sleep(1000)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("here", flush=True)
time.sleep(1000)
"""


def wait_until(reached: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.005)


def said(logs: Path, name: str) -> str:
    path = logs / f"{name}.log"
    wait_until(lambda: path.exists() and path.read_text())
    return path.read_text()


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_what_a_process_has_started_ends_with_it(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.spawn([PYTHON, "-c", WITH_A_CHILD], name="parent")
    child = int(said(tmp_path, "parent"))

    processes.stop()

    wait_until(lambda: not is_alive(child))


def test_who_does_not_hear_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.servers.launching.processes.FAREWELL", 0.05)
    processes = Processes(tmp_path)
    processes.spawn([PYTHON, "-c", DEAF], name="deaf")
    said(tmp_path, "deaf")

    processes.stop()  # returns


def test_nothing_starts_once_they_were_stopped(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.stop()

    with pytest.raises(NotStartedError):
        processes.spawn(FOR_EVER)
    with pytest.raises(NotStartedError):
        processes.check()


def test_a_process_that_ended_is_told_with_its_last_words(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.spawn([PYTHON, "-c", "import sys; sys.exit('no such disk')"], name="mon")

    def ended() -> bool:
        try:
            processes.check()
        except NotStartedError as error:
            return "no such disk" in str(error)
        return False

    wait_until(ended)
    processes.stop()


def test_a_step_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(NotStartedError, match=r"ended with 1: .*no such key"):
        Processes(tmp_path).run([PYTHON, "-c", "import sys; sys.exit('no such key')"])


def test_a_port_is_given_once() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == len(ports)


def test_packages_are_missing_when_their_programs_are() -> None:
    assert missing_packages({"sh": "dash", "no-such-program": "package"}) == ["package"]


class Page(Server):
    name = "PAGE"
    what = "a page"

    def start(self, place: Place) -> Mapping[str, str]:
        port = free_port()
        command = [PYTHON, "-m", "http.server", "--bind", HOST, str(port)]
        place.processes.spawn(command, directory=place.data)
        place.wait_for_page(f"http://{HOST}:{port}/")
        return {"PAGE_URL": f"http://{HOST}:{port}/"}


class Broken(Server):
    name = "BROKEN"
    what = "a server that ends"

    def start(self, place: Place) -> Mapping[str, str]:
        place.processes.spawn([PYTHON, "-c", "import sys; sys.exit('out of luck')"])
        place.wait_for("it", lambda: False)
        raise AssertionError


class NotPackaged(Server):
    name = "NOT_PACKAGED"
    what = "a server nobody has"
    programs = {"no-such-program": "no-such-package"}  # noqa: RUF012

    def start(self, place: Place) -> Mapping[str, str]:
        raise AssertionError


class Slow(Server):
    name = "SLOW"
    what = "a server that never answers"
    pid = 0

    def start(self, place: Place) -> Mapping[str, str]:
        place.processes.spawn([PYTHON, "-c", WITH_A_CHILD], name="slow")
        Slow.pid = int(said(place.directory / "log", "slow"))
        place.wait_for("it", lambda: False)
        raise AssertionError


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    monkeypatch.setattr("os.geteuid", lambda: 1000)  # nothing is installed here
    return Tools(tmp_path / "tools")


def test_servers_that_start_have_an_address_and_the_others_a_reason(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Launch([Page(), Broken(), NotPackaged()], tools) as launch:
        launch.start()
        for name, value in launch.environment().items():
            monkeypatch.setenv(name, value)
        url = addresses.address("PAGE")["PAGE_URL"]

        assert ask(url) == 200
        assert set(launch.left_out) == {"BROKEN", "NOT_PACKAGED"}
        with pytest.raises(pytest.skip.Exception, match="out of luck"):
            addresses.address("BROKEN")
        with pytest.raises(pytest.skip.Exception, match="no-such-package"):
            addresses.address("NOT_PACKAGED")
        monkeypatch.setenv(addresses.REQUIRED, "1")
        with pytest.raises(pytest.fail.Exception, match="out of luck"):
            addresses.address("BROKEN")
        root = addresses.place("PAGE").parent

    assert ask(url) == 0, "it was stopped"
    assert not root.exists()


def test_an_interrupted_start_leaves_nothing(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        wait_until(lambda: Slow.pid)
        os.kill(os.getpid(), signal.SIGINT)

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    with pytest.raises(KeyboardInterrupt), Launch([Slow()], tools) as launch:
        launch.start()
    interrupting.join()

    wait_until(lambda: not is_alive(Slow.pid))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_and_then_the_launcher(tmp_path: Path, sign: int) -> None:
    # `SFTP_PLAIN` need not be there: what is left out is no reason not to run the command.
    words = ["-m", "tests.servers.launching", "--only", "SFTP_PLAIN", "--", *FOR_EVER]
    environment = {**os.environ, "COFFRE_TOOLS": str(tmp_path), "PATH": "/nowhere"}
    with subprocess.Popen(
        [PYTHON, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdout.readline() == b"here\n"
        launcher.send_signal(sign)

        assert launcher.wait(timeout=20) == 130
        assert launcher.stdout.read() == b"", "the command has ended, too"
