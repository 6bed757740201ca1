"""Work that is measured from outside: each in a process of its own.

``python -m benchmarks.children NAME PLACE COUNT`` does it and prints one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path

from benchmarks.archives import MIB, archive, check_stored, items, objects_of, ref
from benchmarks.measuring import NotMeasuredError
from coffre.contract import ListRequest, ObjectRef
from coffre.engine import PutItem
from coffre.tree import place_of

SOURCE = "source"
BEGIN, END = "/coffre-benchmark-begins", "/coffre-benchmark-ends"
"""Paths that a child looks for, so that its trace shows where the counting begins and ends."""
Numbers = Mapping[str, float]


def run(name: str, place: Path, count: int, *, under: Iterable[str] = ()) -> dict[str, float]:
    """Run one of these in a process of its own.

    Args:
        name: which.
        place: directory to work in.
        count: objects, or bytes, as that one takes it.
        under: a command that runs it, such as a tracer.

    Raises:
        NotMeasuredError: it failed; its own words follow.
    """
    command = [*under, sys.executable, "-m", __name__, name, str(place), str(count)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise NotMeasuredError(f"the process failed: {ended.stderr.strip()[-500:]}")
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def memory(field: str) -> float:
    """Memory of this process, in MiB: ``VmRSS`` now, or ``VmHWM`` at the most.

    Not ``ru_maxrss``: a process inherits that one from whoever started it.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / MIB
    raise NotMeasuredError(f"/proc/self/status does not tell {field}")


# --- memory --------------------------------------------------------------------------------


def memory_put(place: Path, size: int) -> Numbers:
    """Put a file to two offers."""
    with archive(place, offers=2) as engine:
        idle = memory("VmRSS")
        receipt = engine.put(place / SOURCE, ref(1))
        check_stored([receipt], objects=1, copies=2, durable=True)
        return {"idle": idle, "peak": memory("VmHWM"), "bytes": size}


def memory_get(place: Path, size: int) -> Numbers:
    """Read an object, verified before its first byte."""
    with archive(place, offers=2) as engine:
        idle = memory("VmRSS")
        read = 0
        with engine.get(ref(1)) as reader:
            while data := reader.read(MIB):
                read += len(data)
        if read != size:
            raise NotMeasuredError(f"{read} bytes were read of {size}")
        return {"idle": idle, "peak": memory("VmHWM"), "bytes": read}


def list_offer(place: Path, count: int) -> Numbers:
    """List a container of one offer."""
    with archive(place, offers=1, flush=False) as engine:
        idle = memory("VmRSS")
        with engine.offers["offer-1"].list(ListRequest(tenant=0, container="object")) as found:
            return _went_through(found, count, idle)


def list_engine(place: Path, count: int) -> Numbers:
    """List a container as the ledger knows it."""
    with archive(place, offers=1, flush=False) as engine:
        idle = memory("VmRSS")
        return _went_through(engine.list(0, "object"), count, idle)


def _went_through(entries: Iterable[object], count: int, idle: float) -> Numbers:
    walk = iter(entries)
    seen = sum(1 for _ in islice(walk, count // 2))
    half = memory("VmHWM")
    seen += sum(1 for _ in walk)
    if seen != count:
        raise NotMeasuredError(f"{seen} objects were listed of {count}")
    return {"idle": idle, "half": half, "peak": memory("VmHWM"), "objects": seen}


# --- system calls --------------------------------------------------------------------------

WARM = 4
"""Objects stored before the counting begins: folders are made, statements are prepared."""


def calls_durable(place: Path, count: int) -> Numbers:
    """Put objects one by one, each durable."""
    refs, data = _in_one_folder(WARM + count), objects_of(WARM + count)
    with archive(place, offers=1) as engine:
        for each, its_bytes in zip(refs[:WARM], data, strict=False):
            engine.put(its_bytes, each)
        os.access(BEGIN, os.F_OK)
        receipts = [
            engine.put(its_bytes, each)
            for each, its_bytes in zip(refs[WARM:], data[WARM:], strict=True)
        ]
        os.access(END, os.F_OK)
    check_stored(receipts, objects=count, copies=1, durable=True)
    return {"objects": count}


def calls_bulk(place: Path, count: int) -> Numbers:
    """Put objects as one durable job."""
    refs, data = _in_one_folder(WARM + count), objects_of(WARM + count)
    jobs = [PutItem(ref=each, source=its_bytes) for each, its_bytes in zip(refs, data, strict=True)]
    with archive(place, offers=1) as engine:
        check_stored(engine.put_many(jobs[:WARM]), objects=WARM, copies=1, durable=True)
        os.access(BEGIN, os.F_OK)
        answers = list(engine.put_many(jobs[WARM:]))
        os.access(END, os.F_OK)
    check_stored(answers, objects=count, copies=1, durable=True)
    return {"objects": count}


def _in_one_folder(count: int) -> list[ObjectRef]:
    """References whose objects lie in one folder, so that making folders is not counted."""
    folder, number = place_of(ref(0)).folder, 0
    found: list[ObjectRef] = []
    while len(found) < count:
        if place_of(ref(number)).folder == folder:
            found.append(ref(number))
        number += 1
    return found


# --- preparing -----------------------------------------------------------------------------


def fill(place: Path, count: int) -> Numbers:
    """Store empty objects, for a listing."""
    with archive(place, offers=1, flush=False) as engine:
        answers = engine.put_many(items(b"" for _ in range(count)))
        check_stored(answers, objects=count, copies=1, durable=False)
    return {"objects": count}


CHILDREN: Mapping[str, Callable[[Path, int], Numbers]] = {
    "memory-put": memory_put,
    "memory-get": memory_get,
    "memory-list-offer": list_offer,
    "memory-list-engine": list_engine,
    "calls-durable": calls_durable,
    "calls-bulk": calls_bulk,
    "fill": fill,
}

if __name__ == "__main__":
    print(json.dumps(dict(CHILDREN[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3])))))
