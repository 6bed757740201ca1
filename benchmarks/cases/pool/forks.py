"""Forks: whether a child can lease, and leaves its parent's connections alone."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache, partial

from benchmarks import forking
from benchmarks.claims import claim
from benchmarks.measuring import Figure, NotMeasuredError
from benchmarks.options import Case, Options


@cache
def forked(count: int) -> dict[str, int]:
    """Fork so often, in a process of its own.

    Raises:
        NotMeasuredError: it failed as a whole, or its own threads did.
    """
    command = [sys.executable, "-m", forking.__name__, str(count)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise NotMeasuredError(f"the process failed: {ended.stderr.strip()[-500:]}")
    found: dict[str, int] = json.loads(ended.stdout)
    if found["parent"]:
        raise NotMeasuredError("the parent's own threads failed")
    return found


def _figure(options: Options, name: str, what: str) -> Figure:
    return Figure(
        claim=claim(name),
        values=(forked(options.forks)[what],),
        setting=f"{options.forks} forks, {forking.LOAD} threads that lease all the time",
    )


CASES: dict[str, Case] = {
    "pool-forks-hung": partial(_figure, name="pool-forks-hung", what="hung"),
    "pool-forks-bytes": partial(_figure, name="pool-forks-bytes", what="bytes"),
}
