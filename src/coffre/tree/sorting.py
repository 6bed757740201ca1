"""Sorting: names that come shard by shard, put in bytewise order in bounded memory.

The shards spread identifiers by their digest, so whoever lists a container reads them all and
sorts: in memory up to 50,000 names, beyond that by runs of so many, kept in a temporary file of
this machine and merged. Ten million objects take the memory of one run. A short listing
(``limit``) keeps only the smallest names as they come.
"""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import IO

RUN = 50_000
"""Names sorted at a time; with the longest names allowed, some 16 MiB."""


def sorted_names(names: Iterator[str], limit: int | None, runs: ExitStack) -> Iterable[str]:
    """Put names in order.

    Args:
        names: in any order, each once.
        limit: how many the caller wants; one more is given, so that it knows whether that is all.
        runs: keeps the temporary files; whoever reads the result closes it afterwards.
    """
    if limit is not None and limit < RUN:
        return heapq.nsmallest(limit + 1, names)
    first = sorted(islice(names, RUN))
    if len(first) < RUN:
        return first
    spilled = [_spill(first, runs)]
    while more := sorted(islice(names, RUN)):
        spilled.append(_spill(more, runs))
    return heapq.merge(*spilled)


def _spill(run: list[str], runs: ExitStack) -> Iterator[str]:
    """Keep one sorted run in a file without a name, and read it back line by line."""
    # The file lives as long as the listing; the stack ends both.
    stream: IO[str] = runs.enter_context(
        tempfile.TemporaryFile("w+", encoding="ascii", prefix="coffre-list-")  # noqa: SIM115
    )
    stream.writelines(f"{name}\n" for name in run)
    stream.seek(0)
    return (line[:-1] for line in stream)
