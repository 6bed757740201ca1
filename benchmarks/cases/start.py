"""Start: a fresh interpreter each time, its own start included."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.claims import claim
from benchmarks.measuring import Figure, NotMeasuredError, Work, compare
from benchmarks.options import Case, Options

STARTS = 20
"""A start is short and noisy: more of them than of the rest."""
COFFRE = Path(sysconfig.get_path("scripts")) / "coffre"


def _start(options: Options, name: str, command: Sequence[str]) -> Figure:
    return compare(
        claim(name),
        partial(_running, command=(sys.executable, "-c", "pass")),
        partial(_running, command=command),
        place=options.on_disk(),
        runs=max(STARTS, options.runs),
        setting="fresh interpreter, files in the page cache",
    )


@contextmanager
def _running(place: Path, *, command: Sequence[str]) -> Iterator[Work]:
    ended: list[subprocess.CompletedProcess[bytes]] = []
    # Through descriptors of the null device: no thread of ours reads along.
    yield lambda: ended.append(
        subprocess.run(
            command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
    )
    if ended[0].returncode != 0:
        raise NotMeasuredError(f"`{' '.join(command)}` ended with {ended[0].returncode}")


CASES: dict[str, Case] = {
    "start-import": partial(
        _start, name="start-import", command=(sys.executable, "-c", "import coffre")
    ),
    "start-help": partial(_start, name="start-help", command=(str(COFFRE), "--help")),
}
