"""One launch: install what is missing, start every server, tell the addresses, stop them all."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.launching.place import Place
from tests.servers.launching.processes import INTERRUPTED, NotStartedError
from tests.servers.launching.server import Server
from tests.servers.launching.tools import Tools, install_packages, missing_packages

AT_ONCE = 6
"""Servers that are installed and started at the same time: most of it is waiting."""


class Launch:
    """Servers of one run of the tests; a context manager that stops them."""

    def __init__(self, servers: Sequence[Server], tools: Tools) -> None:
        """Take note of what to start; nothing is started yet."""
        self._servers = servers
        self._tools = tools
        self._root = Path(tempfile.mkdtemp(prefix="coffre-servers-"))
        self._root.chmod(0o755)  # some servers run as users of their own
        self._places: list[Place] = []
        self._lock = threading.Lock()
        """Protects the places: a server that starts while others are stopped is stopped, too."""
        self._stopping = False
        self.addresses: dict[str, Path] = {}
        """Name of each server that answers, and the file that tells its address."""
        self.left_out: dict[str, str] = {}
        """Name of each server that cannot be had, and why."""

    def __enter__(self) -> Self:
        """Nothing yet: ``start`` may be interrupted, and what it began must be stopped."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Stop everything, whatever happened."""
        self.stop()

    def start(self) -> None:
        """Install and start, as much at the same time as the machine allows."""
        packages = _Packages(self._servers, self._tools)
        threads = ThreadPoolExecutor(AT_ONCE + 1, "launch")
        try:
            installed = threads.submit(packages.install)
            jobs = {one: threads.submit(self._begin, one, installed) for one in self._servers}
            for server, job in jobs.items():
                self._note(server, job)
        except BaseException:
            self._stop_all()  # those who wait for their server need not wait any longer
            raise
        finally:
            threads.shutdown(cancel_futures=True)

    def _begin(self, server: Server, packages: Future[str]) -> float:
        server.install(self._tools)
        reason = packages.result()
        if missing := missing_packages(server.programs):
            raise NotStartedError(reason or f"packages are missing: {' '.join(missing)}")
        begun = time.monotonic()
        with self._lock:
            if self._stopping:
                raise NotStartedError(INTERRUPTED)
            place = Place(self._root / server.name.lower(), self._tools)
            self._places.append(place)
        address = server.start(place)
        lines = "".join(f"{key}={value}\n" for key, value in address.items())
        self.addresses[server.name] = place.write("env", lines)
        return time.monotonic() - begun

    def _note(self, server: Server, job: Future[float]) -> None:
        try:
            seconds = job.result()
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            self.left_out[server.name] = f"{server.what}: {str(error) or type(error).__name__}"
            tell(f"left out: {server.name} ({self.left_out[server.name]})")
        else:
            tell(f"{server.name}: {server.what} answers after {seconds:.1f} s")

    def environment(self) -> Mapping[str, str]:
        """What tests are told, as variables of the environment."""
        told = {f"COFFRE_TEST_{name}": str(path) for name, path in self.addresses.items()}
        reasons = "\n".join(f"{name}: {reason}" for name, reason in self.left_out.items())
        return {**told, "COFFRE_SERVERS_LEFT_OUT": reasons}

    def stop(self) -> None:
        """Stop what was started, and remove its files."""
        self._stop_all()
        shutil.rmtree(self._root, ignore_errors=True)

    def _stop_all(self) -> None:
        with self._lock:
            self._stopping = True
            places, self._places = self._places, []
        if places:
            with ThreadPoolExecutor(len(places), "stop") as threads:
                list(threads.map(lambda place: place.processes.stop(), places))


class _Packages:
    def __init__(self, servers: Sequence[Server], tools: Tools) -> None:
        self._programs = {name: of for one in servers for name, of in one.programs.items()}
        self._tools = tools

    def install(self) -> str:
        """Why not all of them are there; empty when they are."""
        begun = time.monotonic()
        try:
            install_packages(self._programs, self._tools)
        except NotStartedError as error:
            return str(error)
        if (seconds := time.monotonic() - begun) > 1:
            tell(f"packages of the system installed in {seconds:.0f} s")
        return ""


def tell(line: str) -> None:
    """Say a line to whoever launched."""
    print(f"servers: {line}", file=sys.stderr, flush=True)


def default_tools() -> Tools:
    """Where programs are kept between runs: ``COFFRE_TOOLS``."""
    usual = Path.home() / ".cache" / "coffre-servers"
    return Tools(Path(os.environ.get("COFFRE_TOOLS", usual)))
