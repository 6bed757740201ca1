"""Memory of one put or get, in a process of its own: MiB before, and at the most, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.archives import KIB
from benchmarks.cases.drivers.makers import maker_of
from benchmarks.children import memory


def main() -> None:
    """Told driver, put or get, URL of the stub, and size: once small, to load, then large."""
    driver, way, url, size = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    with maker_of(driver, url)(Path()) as store:
        store.put("first", bytes(16 * KIB))
        store.get("first", 16 * KIB)
        if way == "get":
            store.put_large("large", size)
            # Forget the most that was needed so far: what a put needs is not a get's.
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        idle = memory("VmRSS")
        if way == "put":
            store.put_large("large", size)
        else:
            store.get_large("large", size)
    print(json.dumps({"idle": idle, "peak": memory("VmHWM")}))
