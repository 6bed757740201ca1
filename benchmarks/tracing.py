"""Tracing: the system calls that a child makes between two marks, counted by strace."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks import children
from benchmarks.measuring import NotMeasuredError

FLUSHES = frozenset({"fsync", "fdatasync", "syncfs", "sync", "sync_file_range", "msync"})
"""Calls that wait for the device."""
_MEMORY = {"brk", "mmap", "mremap", "munmap", "madvise", "mprotect"}
_THREADS = {"futex", "sched_yield", "clone", "clone3", "exit", "set_robust_list", "rseq", "gettid"}
_OTHERS = {"rt_sigprocmask", "rt_sigaction", "restart_syscall", "clock_gettime", "getrandom"}
NOT_COUNTED = frozenset(_MEMORY | _THREADS | _OTHERS)
"""How many of these there are depends on the day, not on what is stored."""
_CALL = re.compile(r"^\d+ +(\w+)\(")


@dataclass(frozen=True, slots=True)
class Calls:
    """System calls by name, those about memory and threads left out."""

    by_name: Counter[str]

    @property
    def total(self) -> int:
        """All of them."""
        return self.by_name.total()

    @property
    def flushes(self) -> dict[str, int]:
        """Those that wait for the device."""
        return {name: count for name, count in self.by_name.items() if name in FLUSHES}


def require_strace() -> str:
    """The tracer, when it may trace.

    Raises:
        NotMeasuredError: it is not installed, or not allowed here.
    """
    strace = shutil.which("strace")
    if strace is None:
        raise NotMeasuredError("strace is not installed")
    tried = subprocess.run([strace, "-f", "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise NotMeasuredError(f"strace may not trace here: {tried.stderr.strip()[-200:]}")
    return strace


def calls_of(name: str, place: Path, count: int) -> Calls:
    """Run a child and count what it calls between its marks.

    Raises:
        NotMeasuredError: no tracer, or the child failed.
    """
    trace = place / "trace"
    children.run(name, place, count, under=(require_strace(), "-f", "-o", str(trace)))
    return counted(trace.read_text(encoding="utf-8", errors="replace").splitlines())


def counted(lines: list[str]) -> Calls:
    """Count the lines of a trace between the marks; a call that was interrupted counts once."""
    begin = next(at for at, line in enumerate(lines) if children.BEGIN in line)
    end = next(at for at, line in enumerate(lines) if children.END in line)
    names = (_CALL.match(line) for line in lines[begin + 1 : end])
    return Calls(Counter(name[1] for name in names if name and name[1] not in NOT_COUNTED))
