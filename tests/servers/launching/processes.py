"""Processes of one server: started in sessions of their own, and ended with all they started.

Nothing is ever ended by its name. What is signalled is a process group that was made here, and
only as long as the process that leads it has not been waited for, so that its number is still ours.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FAREWELL = 5.0
"""Seconds that a process has to end by itself before it is killed."""

INTERRUPTED = "stopped before it answered"


class NotStartedError(Exception):
    """A server cannot be had here; the message tells why, and what would help."""


@dataclass
class _Running:
    name: str
    process: subprocess.Popen[bytes]
    log: Path
    farewell: signal.Signals


class Processes:
    """The processes of one server, and where they write what they have to say."""

    def __init__(self, logs: Path) -> None:
        """Processes write ``<logs>/<name>.log``."""
        self._logs = logs
        self._running: list[_Running] = []
        self._over = False
        self._lock = threading.Lock()
        """Protects both: a server may still be starting while it is being stopped."""
        logs.mkdir(parents=True, exist_ok=True)

    def spawn(
        self,
        command: Sequence[str | Path],
        *,
        name: str | None = None,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        farewell: signal.Signals = signal.SIGTERM,
    ) -> None:
        """Start a process that goes on until ``stop``, which tells it ``farewell`` first."""
        name = name or Path(command[0]).name
        log = self._logs / f"{name}.log"
        with self._lock, log.open("ab") as output:
            if self._over:
                raise NotStartedError(INTERRUPTED)
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                cwd=directory,
                start_new_session=True,  # a Ctrl-C is for the launcher, which ends them in order
            )
            self._running.append(_Running(name, process, log, farewell))

    def run(self, command: Sequence[str | Path], *, directory: Path | None = None) -> None:
        """Run a process to its end.

        Raises:
            NotStartedError: it failed.
        """
        log = self._logs / f"{Path(command[0]).name}.log"
        with log.open("ab") as output:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=directory,
                check=False,
                timeout=120,
            )
        if done.returncode:
            words = " ".join(str(word) for word in command[:3])
            raise NotStartedError(f"{words} ended with {done.returncode}: {last_words(log)}")

    def check(self) -> None:
        """Raise ``NotStartedError`` when one of them is no longer there, or they were stopped."""
        if self._over:
            raise NotStartedError(INTERRUPTED)
        for one in list(self._running):
            if one.process.poll() is not None:
                raise NotStartedError(
                    f"{one.name} ended with {one.process.returncode}: {last_words(one.log)}"
                )

    def stop(self) -> None:
        """End all of them, the newest first; returns when none is left, and none can come."""
        with self._lock:
            self._over = True
            running, self._running = self._running, []
        for one in reversed(running):
            _end(one.process, one.farewell)


def _end(process: subprocess.Popen[bytes], farewell: signal.Signals) -> None:
    if process.returncode is None:
        _tell(process.pid, farewell)
        _wait_for_end(process.pid, FAREWELL)
        # It is not waited for yet, so the number of its group is still ours: end the orphans.
        _tell(process.pid, signal.SIGKILL)
    process.wait()


def _tell(group: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, what)


def _wait_for_end(pid: int, seconds: float) -> None:
    """Wait until a child has ended, or the time is over; it must still be waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None:
            return
        time.sleep(0.02)


def last_words(log: Path, *, lines: int = 5) -> str:
    """The end of a log, in one line."""
    text = log.read_text(encoding="utf-8", errors="replace").strip()
    return " | ".join(text.splitlines()[-lines:]) or f"nothing in {log.name}"
