"""System calls of a put: counted, so that they say the same on a busy machine."""

from __future__ import annotations

from functools import partial

from benchmarks.claims import claim
from benchmarks.measuring import Figure
from benchmarks.options import Case, Options
from benchmarks.tracing import calls_of

OBJECTS = {"calls-durable": 20, "calls-bulk": 256}
"""One batch of a bulk job; one by one, each is like the one before."""


def _calls(options: Options, name: str) -> Figure:
    count = OBJECTS[name]
    found = calls_of(name, options.on_disk(), count)
    flushes = {f"{call} an object": n / count for call, n in sorted(found.flushes.items())}
    return Figure(
        claim=claim(name),
        values=(found.total / count,),
        setting=f"{count} objects, strace",
        notes=flushes,
    )


CASES: dict[str, Case] = {name: partial(_calls, name=name) for name in OBJECTS}
