"""Writers: which process of which machine a put belongs to, and whether it still lives.

Swift has no locks, so the name of a put says who makes it. Whoever sweeps on the same machine
knows whether that process lives; anyone else goes by how long nothing was written.
"""

from __future__ import annotations

import os
import uuid
from functools import cache, lru_cache
from hashlib import sha256

_under_way: set[str] = set()
"""Puts that this process is making."""


def begin_put() -> str:
    """A name for a put, that nobody else ever uses; under way until :func:`end_put`."""
    process = os.getpid()
    put = f"{_named(process)}-{uuid.uuid4().hex[:16]}"
    _under_way.add(put)
    return put


def end_put(put: str) -> None:
    """The put is done, or was given up."""
    _under_way.discard(put)


def is_alive(put: str) -> bool | None:
    """Whether a put may still be under way; ``None`` when that cannot be known from here."""
    try:
        machine, process, started, _token = put.split("-")
        number, since = int(process), int(started)
    except ValueError:
        return None
    if machine != _machine():
        return None
    if number == os.getpid():
        return put in _under_way
    # Another process of this machine: dead for certain, or perhaps long done with this put.
    return None if not since or _started(number) == since else False


@lru_cache(maxsize=1)
def _named(process: int) -> str:
    """This process, for as long as it is this one: a child has another number."""
    return f"{_machine()}-{process}-{_started(process) or 0}"


@cache
def _machine() -> str:
    """This machine since it was started, and the space in which process numbers count."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            told = file.read() + os.readlink("/proc/self/ns/pid")
    except OSError:
        # Not Linux: a name for this process alone, so that no other is ever taken for dead.
        told = uuid.uuid4().hex
    return sha256(told.encode()).hexdigest()[:12]


def _started(process: int) -> int | None:
    """When a process was started, in ticks of the kernel; ``None`` when there is none."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
