"""Options of a run: how often, how much, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from benchmarks.archives import GIB, MIB
from benchmarks.measuring import Figure, NotMeasuredError

TMPFS = Path("/dev/shm")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line asked for. The defaults are the claims' own sizes."""

    scratch: Path
    """On the file system to be measured; removed by whoever made it, when all is measured."""
    runs: int = 5
    size: int = GIB
    """Bytes of a large object."""
    objects: int = 5000
    """Number of small objects."""
    quick: bool = False
    """Less of what takes long: memory, listings and pools."""

    @property
    def is_trial(self) -> bool:
        """Whether less is measured than is claimed: the figures say nothing, then."""
        return (
            self.runs < Options.runs
            or self.size < Options.size
            or self.objects < Options.objects
            or self.quick
        )

    @property
    def huge(self) -> int:
        """Bytes of an object that must not be held in memory."""
        return 512 * MIB if self.quick else 4 * GIB

    @property
    def listed(self) -> int:
        """Number of objects in a listing."""
        return 20_000 if self.quick else 200_000

    @property
    def seconds(self) -> float:
        """How long threads compete for connections in one run."""
        return 0.4 if self.quick else 2.0

    @property
    def leases(self) -> int:
        """Leases taken one after the other in one run."""
        return 20_000 if self.quick else 200_000

    @property
    def forks(self) -> int:
        """Processes forked under load."""
        return 100 if self.quick else 1000

    def on_disk(self) -> Path:
        """A fresh directory on the file system to be measured, which stays to the end."""
        return Path(mkdtemp(dir=self.scratch))

    @contextmanager
    def on_disk_for_now(self) -> Iterator[Path]:
        """The same for few and large files, which go as soon as they are not needed."""
        with TemporaryDirectory(dir=self.scratch) as place:
            yield Path(place)

    @contextmanager
    def in_memory(self) -> Iterator[Path]:
        """A fresh directory on tmpfs.

        Raises:
            NotMeasuredError: this machine has none where Linux usually has it.
        """
        if not TMPFS.is_dir():
            raise NotMeasuredError(f"there is no {TMPFS}")
        with TemporaryDirectory(prefix="coffre-bench-", dir=TMPFS) as place:
            yield Path(place)


Case = Callable[[Options], Figure]
"""Measures one claim. Raises ``NotMeasuredError`` where that is impossible."""
