"""The machine: what a figure must be read with."""

from __future__ import annotations

import os
import platform
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import coffre

GIB = 1024**3
QUIET = 0.3
"""Load, over the last minute, up to which a machine is called quiet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where and with what the measurement was made."""

    processor: str
    cores: int
    """Those that this process may use."""
    memory: int
    """Bytes."""
    kernel: str
    file_system: str
    """Of the scratch directory, its device left out."""
    python: str
    openssl: str
    """Where SHA-512 comes from."""
    coffre: str
    load: float
    """Load average of the minute before."""

    @property
    def is_quiet(self) -> bool:
        """Whether nobody else was at work when the measurement began."""
        return self.load <= QUIET

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.processor}, {self.cores} cores, {self.memory / GIB:.0f} GiB, "
            f"Linux {self.kernel}, {self.file_system}, Python {self.python}, {self.openssl}, "
            f"coffre {self.coffre}; load {self.load:.1f} at the start"
        )


def this_machine(scratch: Path) -> Machine:
    """Look at the machine that this runs on."""
    return Machine(
        processor=_line("/proc/cpuinfo", "model name"),
        cores=len(os.sched_getaffinity(0)),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        kernel=platform.release(),
        file_system=file_system(scratch),
        python=platform.python_version(),
        openssl=ssl.OPENSSL_VERSION,
        coffre=f"{coffre.__version__}{_commit()}",
        load=os.getloadavg()[0],
    )


def file_system(path: Path) -> str:
    """Type of the file system that a path is on."""
    device = path.stat().st_dev
    name = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        if line.split()[2] == name:
            kind = line.split(" - ")[1].split()[0]
            return kind + (" without a journal" if kind == "ext4" and not _journal(name) else "")
    return "unknown file system"


def _journal(device: str) -> bool:
    """Whether the kernel runs a journal for an ext4; without one, its flushes cost less."""
    name = os.path.basename(os.path.realpath(f"/sys/dev/block/{device}"))
    return any(Path("/proc/fs/jbd2").glob(f"{name}-*"))


def _line(path: str, name: str) -> str:
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _commit() -> str:
    """The commit at work, with a star when files differ from it; nothing outside a checkout."""
    here = Path(__file__).parent
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=*"],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    return f" ({told.stdout.strip()})" if told.returncode == 0 else ""
