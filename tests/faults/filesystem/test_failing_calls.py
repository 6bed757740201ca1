"""Each call that an operation makes to the system fails, one after the other, in turn.

Whatever fails, and whenever: the answer is an error of the contract or the truth, an object is
there whole or not at all, what was there before is there still, and the next try works.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest

from coffre.contract import DigestAlgorithm, GetRequest, ListRequest, SweepRequest
from coffre.drivers.filesystem import FilesystemConnection, FilesystemDriver
from tests.faults.filesystem.victim import (
    BETWEEN,
    LARGE,
    MANY,
    NAMES,
    NEW,
    OLD,
    parameters_of,
    ref_of,
    request_of,
)

STRACE = shutil.which("strace")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(STRACE is None, reason="strace is not installed"),
]

CALLS = (
    "openat",
    "mkdirat",
    "write",
    "fcntl",
    "fadvise64",
    "fsetxattr",
    "fgetxattr",
    "fsync",
    "sync_file_range",
    "syncfs",
    "linkat",
    "renameat",
    "unlinkat",
    "newfstatat",
    "preadv2",
    "pread64",
    "getdents64",
    "flock",
    "close",
)
STORED = {
    "put": ("one",),
    "large": ("one",),
    "bulk": NAMES,
    "many": MANY,
    "groups": MANY,
    "replace": ("old",),
    "again": ("old",),
}
REMOVED = {"delete", "quarantine"}


@dataclass(frozen=True)
class Told:
    """What a victim said, and what was done to it."""

    first: str
    """Under fire: ``done`` or a code."""
    second: str
    """In peace, in the same process."""
    calls: list[str]
    """Every call on files that it made, in order, as strace wrote them."""
    injected: int


@pytest.fixture(scope="module")
def victim() -> Iterator[socket.socket]:
    """A conversation with a process whose children are shot at."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-m", "tests.faults.filesystem.victim", str(theirs.fileno())]
        with subprocess.Popen(command, pass_fds=[theirs.fileno()]):
            theirs.close()
            ours.settimeout(60)
            yield ours
            ours.shutdown(socket.SHUT_RDWR)


def run(
    victim: socket.socket, root: Path, job: str, options: dict[str, object], inject: str | None
) -> Told:
    """Have one job done, with one of its calls failing."""
    log = root.with_name("trace")
    victim.send(json.dumps({"where": str(root), "job": job, "options": options}).encode())
    tracer = attach(int(victim.recv(16)), log, inject)
    victim.send(b"go")
    first, second = json.loads(victim.recv(4096))
    tracer.communicate(timeout=60)
    lines = log.read_text(errors="replace").splitlines()
    return Told(first, second, lines, sum("(INJECTED)" in line for line in lines))


def attach(pid: int, log: Path, inject: str | None) -> subprocess.Popen[str]:
    fault = ["-e", f"inject={inject}"] if inject else []
    tracer = subprocess.Popen(
        [
            str(STRACE),
            "-f",
            "-o",
            str(log),
            "-e",
            f"trace={','.join(CALLS)}",
            *fault,
            "-p",
            str(pid),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert tracer.stderr is not None
    first = tracer.stderr.readline()
    if "attached" not in first:
        tracer.communicate(timeout=10)
        pytest.skip(f"strace cannot attach here: {first.strip()}")
    return tracer


def prepared(where: Path, options: dict[str, object], *, new: bool) -> Path:
    """A root that holds one object; or none yet, when even the folders are to be made."""
    where.mkdir()
    root = where / "offer"
    if not new:
        values = {name: value for name, value in options.items() if name != "ordered"}
        with FilesystemDriver().connect(parameters_of(root, values)) as connection:
            connection.put(request_of("old", OLD))
    return root


def calls_of(told: Told) -> dict[str, int]:
    """How often each call was made by the first of two attempts."""
    found: dict[str, int] = {}
    for line in takewhile(lambda line: BETWEEN not in line, told.calls):
        if match := re.match(r"\d+ +(\w+)\(", line):
            found[match[1]] = found.get(match[1], 0) + 1
    return {name: count for name, count in found.items() if name in CALLS}


ATTRIBUTES: dict[str, object] = {}
ORDERED: dict[str, object] = {"ordered": True}
SIDECAR: dict[str, object] = {"records": "sidecar"}


@pytest.mark.parametrize(
    ("job", "options", "new"),
    [
        ("put", ATTRIBUTES, True),
        ("put", ORDERED, False),
        ("put", SIDECAR, False),
        ("large", ATTRIBUTES, False),
        ("large", ORDERED, False),
        ("replace", ATTRIBUTES, False),
        ("replace", SIDECAR, False),
        ("again", ATTRIBUTES, False),
        ("bulk", ATTRIBUTES, False),
        ("bulk", ORDERED, False),
        ("many", ATTRIBUTES, False),
        ("groups", ATTRIBUTES, False),
        ("groups", ORDERED, False),
        ("get", ATTRIBUTES, False),
        ("get", SIDECAR, False),
        ("stat", ATTRIBUTES, False),
        ("list", ATTRIBUTES, False),
        ("delete", ATTRIBUTES, False),
        ("delete", SIDECAR, False),
        ("quarantine", ATTRIBUTES, False),
        ("quarantine", SIDECAR, False),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else str(value),
)
def test_whichever_call_fails_the_answer_is_an_error_or_the_truth(
    tmp_path: Path, victim: socket.socket, job: str, options: dict[str, object], new: bool
) -> None:
    calm = run(victim, prepared(tmp_path / "calm", options, new=new), job, options, None)
    assert (calm.first, calm.injected) == ("done", 0)
    fired = 0

    for call, count in calls_of(calm).items():
        for k in chosen(count):
            where = tmp_path / f"{call}-{k}"
            root = prepared(where, options, new=new)
            told = run(victim, root, job, options, f"{call}:error={error_for(call)}:when={k}")
            fired += told.injected
            problems = [*broken_answers(told, job), *broken_objects(root, told, job, new)]
            assert not problems, f"{call} number {k} failed: {problems}"
            shutil.rmtree(where)

    assert fired, "no fault was injected: nothing was shown"


def chosen(count: int) -> list[int]:
    """Every call, or a fair number of them when there are very many of the same kind."""
    if count <= 30:
        return list(range(1, count + 1))
    return sorted({1 + each * (count - 1) // 9 for each in range(10)})


def error_for(call: str) -> str:
    return "ENOSPC" if call in {"mkdirat", "linkat"} else "EIO"


def broken_answers(told: Told, job: str) -> list[str]:
    """What the answers should not have been."""
    # What is absent after a first try that half worked is no failure of the second.
    fine = {"done", "object-not-found"} if job in REMOVED else {"done"}
    found = []
    if told.injected and told.first not in CODES | {"done"}:
        found.append(f"the answer is {told.first}")
    # A fault that comes late hits the second try: then it is that one that may fail. Calls are
    # counted for each thread: one that the second try starts may be hit again.
    hit_again = told.first == "done" or told.injected > 1
    if told.second not in (fine | CODES if hit_again else fine):
        found.append(f"the next try says {told.second}, the first said {told.first}")
    return found


CODES = {"offer-failed", "offer-full", "offer-unavailable", "object-corrupt"}


def broken_objects(root: Path, told: Told, job: str, new: bool) -> list[str]:
    """What should not be in the offer now, seen by a fresh connection."""
    with FilesystemDriver().connect(parameters_of(root, {})) as connection:
        with connection.list(ListRequest(tenant=3, container="object")) as listing:
            there = {entry.identifier for entry in listing}
        held = {name: read(connection, name) for name in there}
        connection.sweep(SweepRequest(older_than=0))
    found = [f"{name} is not whole" for name, data in held.items() if data not in (OLD, NEW, LARGE)]
    wanted = set(STORED.get(job, ())) | (set() if new or job in REMOVED else {"old"})
    if told.second == "done" and there != wanted:
        found.append(f"the offer holds {sorted(there)}, not {sorted(wanted)}")
    if told.second == "done" and job in {"put", "replace", "bulk", "many", "groups"}:
        found += [f"{name} is not the new one" for name in STORED[job] if held[name] != NEW]
    found += [f"{left.name} was not swept" for left in (root / ".coffre/parts").iterdir()]
    return found


def read(connection: FilesystemConnection, name: str) -> bytes:
    """Bytes of one object; its record, where there is one, must be of these bytes."""
    with connection.get(GetRequest(ref=ref_of(name))) as found:
        data = found.stream.read()
    assert found.recorded in (None, DigestAlgorithm.SHA512.of(data))
    return data
