"""Writers: names that say which process of which machine writes something, and whether it lives.

For services without locks. Whoever sweeps on the writer's machine knows whether it lives; anyone
else has to go by how long nothing was written.
"""

from __future__ import annotations

import os
import uuid
from enum import Enum, auto
from functools import cache
from hashlib import sha256
from itertools import count


class Whose(Enum):
    """What a name says of its writer, asked here and now."""

    OURS = auto()
    """This process writes it."""
    GONE = auto()
    """Nobody writes it any more: its process is dead, or is this one and has ended it."""
    LIVING = auto()
    """Its process lives on this machine, and writes it, or has ended it."""
    UNKNOWN = auto()
    """Of another machine, or no name of ours: nothing is known."""


class Writers:
    """One kind of work of this process, piece by piece. Safe between threads, and after a fork."""

    # One step each for the interpreter: no lock, which a fork could leave locked in the child.

    def __init__(self) -> None:
        """Nothing is under way."""
        self._under_way: set[str] = set()
        self._numbers = count()

    def begin(self) -> str:
        """A name that nobody else ever uses, with three hyphens; under way until :meth:`end`."""
        name = f"{_process_named(os.getpid())}{next(self._numbers)}"
        self._under_way.add(name)
        return name

    def end(self, name: str) -> None:
        """It is written, or was given up; ending twice is harmless."""
        self._under_way.discard(name)

    def whose(self, name: str) -> Whose:
        """Whether what has this name may still be being written."""
        try:
            machine, process, started, _token = name.split("-")
            number, since = int(process), int(started)
        except ValueError:
            return Whose.UNKNOWN
        if machine != this_machine():
            return Whose.UNKNOWN
        if number == os.getpid():
            return Whose.OURS if name in self._under_way else Whose.GONE
        if not since:  # when it was started was not to be learnt
            return Whose.UNKNOWN
        return Whose.LIVING if _started(number) == since else Whose.GONE


@cache
def _process_named(process: int) -> str:
    """Beginning of the names of a process; the child of a fork has another number."""
    return f"{this_machine()}-{process}-{_started(process) or 0}-{uuid.uuid4().hex[:12]}x"


@cache
def this_machine() -> str:
    """This machine since it was started, and the space in which process numbers count."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            told = file.read() + os.readlink("/proc/self/ns/pid")
    except OSError:
        # Not Linux: a name for this process alone, so that no other is ever taken for dead.
        told = uuid.uuid4().hex
    return sha256(told.encode()).hexdigest()[:12]


def _started(process: int) -> int | None:
    """When a process was started, in ticks of the kernel; ``None`` when there is none.

    Source: proc(5), ``/proc/pid/stat``, field 22.
    """
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
