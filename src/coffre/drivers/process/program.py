"""The other side: a program that is started for one session, or one that listens on a socket.

A program is started without a shell, with next to no environment, in a session of its own, so
that an interrupt from the keyboard reaches only us. It ends with its session: asked to first,
killed with all it has started when it does not go in time, and always waited for.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from coffre.contract import OfferUnavailableError, ParameterError
from coffre.drivers.process.log import ProgramLog

PIPE = 256 * 1024
"""Bytes a pipe should hold. More than the usual 64 KiB spares switches between processes; much more
would use up, with some dozens of connections, what a user may have in pipes altogether."""
LAST_WORDS = 2.0
"""Seconds that a program which closed its side is given to end by itself, so that we learn how."""


class Peer(Protocol):
    """What a session talks to."""

    incoming: int
    outgoing: int
    log: ProgramLog | None

    def end(self, grace: float) -> None:
        """Wait that many seconds for it to go, then make it; never raises."""
        ...

    def fate(self) -> str:
        """How it ended, for a person, as far as it is known; empty when it is not."""
        ...


class Program:
    """One child process, and the three pipes to it."""

    def __init__(self, command: Sequence[str], environment: Sequence[str]) -> None:
        """Start it.

        Args:
            command: absolute path of the program, and its arguments.
            environment: names of the variables to hand on, beside the few that every program gets.

        Raises:
            ParameterError: there is no such program, or it may not be run.
            OfferUnavailableError: this machine has no room for another process now.
        """
        try:
            # In a session of its own, at the root of the file system: it holds no disk busy, and
            # a key pressed in our terminal is not for it. No descriptor but the three is inherited.
            self._process = subprocess.Popen(  # noqa: S603 - that program is what was asked for
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd="/",
                env=_environment(environment),
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError, NotADirectoryError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ParameterError(f"{command[0]} cannot be started: {reason}") from error
        except OSError as error:
            raise OfferUnavailableError(f"{command[0]}: {error.strerror}") from error
        self._owner = os.getpid()
        self._pipes = [self._process.stdin, self._process.stdout, self._process.stderr]
        self.outgoing, self.incoming, errors = (
            _prepared(pipe.fileno()) for pipe in self._pipes if pipe
        )
        self.log: ProgramLog | None = ProgramLog(errors)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def fate(self) -> str:
        """How it ended; waits a moment for a program that is just about to."""
        with suppress(subprocess.TimeoutExpired):
            status = self._process.wait(LAST_WORDS)
            return _fate(status)
        return ""

    def end(self, grace: float) -> None:
        """Close the pipes, wait, kill what is left; nothing stays, neither process nor descriptor.

        In a process that was forked since, only the descriptors are closed: the program is not
        its child.
        """
        for pipe in self._pipes:
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        if os.getpid() != self._owner:
            self._process.returncode = 0  # not ours to wait for
            return
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._kill()
        except BaseException:
            self._kill()
            raise

    def _kill(self) -> None:
        # Not reaped yet, so the number is still its own, and that of its group.
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        # One that hangs in the kernel cannot be waited for: the next program started reaps it.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)


class Listener:
    """A program that runs already, reached over a Unix socket: one connection, one session."""

    def __init__(self, path: str, timeout: float) -> None:
        """Connect.

        Raises:
            OfferUnavailableError: nothing listens there, or it does not answer in time.
        """
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.settimeout(timeout)
            self._socket.connect(path)
            self._socket.setblocking(False)
            self.incoming = self._socket.fileno()
            self.outgoing = os.dup(self.incoming)
        except OSError as error:
            self._socket.close()
            raise OfferUnavailableError(f"socket {path}: {error.strerror or error}") from error
        self.log: ProgramLog | None = None

    def fate(self) -> str:
        """Nothing is known of it."""
        return ""

    def end(self, grace: float) -> None:
        """Hang up."""
        self._socket.close()
        with suppress(OSError):
            os.close(self.outgoing)
        self.outgoing = -1


def _environment(names: Sequence[str]) -> dict[str, str]:
    """What a program gets to see: where programs are, how text is written, and what was named."""
    handed = {name: os.environ[name] for name in (*names, "TZ", "TMPDIR") if name in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8"} | handed


def _prepared(descriptor: int) -> int:
    os.set_blocking(descriptor, False)
    # Refused when the user has many large pipes already: then it stays as it is.
    with suppress(OSError, AttributeError):
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE)
    return descriptor


def _fate(status: int) -> str:
    if status >= 0:
        return f"it ended with status {status}"
    try:
        return f"it was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"it was ended by signal {-status}"
