"""Counting what one lease and its return make the interpreter do: calls, and instructions.

``python -m benchmarks.counting NAME`` counts in this process and prints one JSON object; tests
start one for each, so that nothing they loaded changes the numbers. Neither depends on how busy
the machine is. Instructions differ from one version of Python to the next; calls hardly do.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

from benchmarks.cases.pool.fakes import SIZE, warm_pool
from coffre.pool import ThreadLimiter

TIMES = 100
"""How often each is done while it is counted."""


def lease() -> Callable[[], object]:
    """A lease and its return."""
    borrow = warm_pool().lease

    def once() -> None:
        borrow().close()

    return once


def lease_with() -> Callable[[], object]:
    """The same, in a block."""
    borrow = warm_pool().lease

    def once() -> None:
        with borrow():
            pass

    return once


def limiter() -> Callable[[], object]:
    """Entering a limit of threads, and leaving it."""
    limit = ThreadLimiter(SIZE)

    def once() -> None:
        with limit:
            pass

    return once


COUNTED = {"pool-lease": lease, "pool-lease-with": lease_with, "pool-limiter": limiter}


def calls_of(once: Callable[[], object]) -> float:
    """Calls of functions, those written in C included, of one time."""
    seen = 0

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal seen
        seen += event in ("call", "c_call")

    once()
    sys.setprofile(profile)
    try:
        for _ in range(TIMES):
            once()
    finally:
        sys.setprofile(None)
    # Its own call, and the one that ends the counting.
    return (seen - 1) / TIMES - 1


def instructions_of(once: Callable[[], object]) -> float:
    """Instructions of the interpreter's machine, of one time."""
    seen = 0

    def trace(frame: FrameType, event: str, _argument: object) -> object:
        nonlocal seen
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        seen += event == "opcode"
        return trace

    once()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        for _ in range(TIMES):
            once()
    finally:
        sys.settrace(None)
    return seen / TIMES


def counted(name: str) -> dict[str, float]:
    """Count in an interpreter of its own."""
    command = [sys.executable, "-m", __name__, name]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ended.stdout)
    return found


if __name__ == "__main__":
    made = COUNTED[sys.argv[1]]
    print(json.dumps({"calls": calls_of(made()), "instructions": instructions_of(made())}))
