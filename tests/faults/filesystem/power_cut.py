"""A file system of its own, writers at work, the power cut under them, and what is left of it.

Run in a mount namespace of its own (see ``test_power_cut.py``):

    python -m tests.faults.filesystem.power_cut FILE_SYSTEM JOB SEED ROUNDS [OPTION=VALUE ...]

Prints one JSON line: what was acknowledged, and every promise found broken.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from itertools import chain
from pathlib import Path

from coffre.contract import (
    BulkPutRequest,
    ConnectionParameters,
    DigestAlgorithm,
    GetRequest,
    ListRequest,
    ObjectNotFoundError,
    ObjectRef,
    PutRequest,
    PutResult,
    SweepRequest,
)
from coffre.drivers.filesystem import FilesystemConnection, FilesystemDriver
from coffre.streams import CHUNK, BytesContent, OnceContent
from tests.faults.filesystem.victim import Aligned

GOING_DOWN = 0x8004587D  # the same number on ext4 and xfs
WITHOUT_FLUSHING_THE_LOG = struct.pack("I", 2)
IMAGE_MIB = {"ext4": 192, "xfs": 320}
SIZES = (0, 1, 5_000, 16_384, 70_000, 300_000, 9_000_000)
WEIGHTS = (2, 2, 10, 10, 5, 3, 1)
REPLACED = 8
"""Objects that the replacing job writes again and again."""

Broken = list[str]


def parameters_of(root: Path, options: Mapping[str, object]) -> ConnectionParameters:
    return ConnectionParameters.checked(FilesystemDriver.parameters, url=str(root), values=options)


def data_of(identifier: str, version: int) -> bytes:
    """The bytes of one version of an object, known to whoever knows its name."""
    chance = random.Random(f"{identifier}/{version}")
    (size,) = chance.choices(SIZES, WEIGHTS)
    seed = sha256(f"{identifier}/{version}".encode()).digest()
    head = f"{version:08d}".encode()
    return (head + seed * (size // len(seed) + 1))[:size] if size >= len(head) else b"x" * size


def request_of(identifier: str, version: int) -> PutRequest:
    data = data_of(identifier, version)
    # Half of the large ones bypass the page cache, the others are written back as they come.
    aligned = len(data) > CHUNK and data[-1] % 2
    return PutRequest(
        ref=ObjectRef(tenant=0, container="object", identifier=identifier),
        content=OnceContent(Aligned(data)) if aligned else BytesContent(data),
        size=len(data),
        metadata={"name": identifier, "version": str(version)},
        replace=version > 0,
    )


# --- the writer: a process that says what was acknowledged, as soon as it was ----------------


def work(root: Path, job: str, who: str, options: Mapping[str, object]) -> None:
    with FilesystemDriver().connect(parameters_of(root, options)) as connection:
        for number in range(1_000_000):
            for request in _next(job, who, number, connection):
                version = request.metadata["version"]
                os.write(1, f"{request.ref.identifier} {version}\n".encode())


def _next(
    job: str, who: str, number: int, connection: FilesystemConnection
) -> Iterator[PutRequest]:
    """Store one object, or a group; give what was acknowledged."""
    if job == "bulk":
        puts = tuple(request_of(f"{who}-{number}-{each}", 0) for each in range(150))
        outcomes = connection.bulk_put(BulkPutRequest(puts=puts))
        stored = [isinstance(outcome, PutResult) for outcome in outcomes]
    elif job == "replace":
        puts = (request_of(f"{who}-{number % REPLACED}", number // REPLACED),)
        stored = [bool(connection.put(puts[0]))]
    else:
        puts = (request_of(f"{who}-{number}", 0),)
        stored = [bool(connection.put(puts[0]))]
    yield from (put for put, done in zip(puts, stored, strict=True) if done)


# --- the cut ---------------------------------------------------------------------------------


@contextmanager
def mounted(image: Path, point: Path) -> Iterator[None]:
    subprocess.run(["mount", "-o", "loop", image, point], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", point], check=True)


def round_of(
    kind: str, job: str, chance: random.Random, options: Mapping[str, object]
) -> tuple[int, Broken]:
    """How many objects were acknowledged before the cut, and what was broken by it."""
    with tempfile.TemporaryDirectory() as scratch:
        image, point = Path(scratch, "image"), Path(scratch, "disk")
        point.mkdir()
        with image.open("wb") as file:
            file.truncate(IMAGE_MIB[kind] << 20)
        subprocess.run([f"mkfs.{kind}", "-q", image], check=True)
        with mounted(image, point):
            acknowledged = cut_while_working(point, job, chance, options)
        with mounted(image, point):
            return len(acknowledged), check(point, job, acknowledged, options)


def cut_while_working(
    point: Path, job: str, chance: random.Random, options: Mapping[str, object]
) -> dict[str, int]:
    """Let two writers work, cut the power in the middle; the last version each had acknowledged."""
    root = point / "offer"
    FilesystemDriver().prepare(parameters_of(root, {}))  # durable, whatever the options say
    values = [f"{name}={json.dumps(value)}" for name, value in options.items()]
    command = [sys.executable, "-m", __spec__.name, "work", str(root), job]
    writers = [
        subprocess.Popen(
            [*command, who, *values], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for who in ("a", "b")
    ]
    said: list[str] = []
    for writer in writers:
        assert writer.stdout is not None
        said += [writer.stdout.readline() for _ in range(chance.randrange(2, 40))]
    disk = os.open(point, os.O_RDONLY)
    fcntl.ioctl(disk, GOING_DOWN, WITHOUT_FLUSHING_THE_LOG)
    os.close(disk)
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate()
        said += rest.splitlines(keepends=True)
    acknowledged: dict[str, int] = {}
    for identifier, version in (line.split() for line in said if line.endswith("\n")):
        acknowledged[identifier] = max(int(version), acknowledged.get(identifier, 0))
    return acknowledged


# --- what is left ----------------------------------------------------------------------------


def check(
    point: Path, job: str, acknowledged: Mapping[str, int], options: Mapping[str, object]
) -> Broken:
    """Hold what survived against what was promised."""
    with FilesystemDriver().connect(parameters_of(point / "offer", options)) as connection:
        broken = [
            f"{name} was acknowledged and is gone"
            for name in acknowledged
            if not _is_held(connection, name)
        ]
        with connection.list(ListRequest(tenant=0, container="object")) as listing:
            held = [entry.identifier for entry in listing]
        for name in held:
            broken += _check_object(connection, name, acknowledged.get(name), job)
        connection.sweep(SweepRequest(older_than=0))
        again = connection.put(request_of("after-the-cut", 0))
        if again.already_there:
            broken.append("an object that was never put is there")
    leftovers = list((point / "offer" / ".coffre" / "parts").iterdir())
    return broken + [f"{left.name} was not swept" for left in leftovers]


def _is_held(connection: FilesystemConnection, name: str) -> bool:
    try:
        _open(connection, name)
    except ObjectNotFoundError:
        return False
    return True


def _open(connection: FilesystemConnection, name: str) -> tuple[bytes, str | None, str | None]:
    ref = ObjectRef(tenant=0, container="object", identifier=name)
    with connection.get(GetRequest(ref=ref)) as found:
        recorded = None if found.recorded is None else str(found.recorded)
        return found.stream.read(), recorded, found.metadata.get("version")


def _check_object(
    connection: FilesystemConnection, name: str, promised: int | None, job: str
) -> Broken:
    data, recorded, version = _open(connection, name)
    broken = []
    candidates = range(promised or 0, (promised or 0) + 3) if job == "replace" else (0,)
    if not any(data == data_of(name, each) for each in candidates):
        broken.append(f"{name} has {len(data)} bytes that nobody acknowledged last")
    if recorded is not None and recorded != str(DigestAlgorithm.SHA512.of(data)):
        broken.append(f"{name} has the record of other bytes (version {version})")
    if recorded is None and promised is not None and job != "replace":
        broken.append(f"{name} was acknowledged and has no record")
    return broken


def main(arguments: list[str]) -> None:
    if arguments[0] == "work":
        _, root, job, who, *options = arguments
        work(Path(root), job, who, _options(options))
        return
    kind, job, seed, rounds, *options = arguments
    chance = random.Random(f"{kind}/{job}/{seed}")
    found = [round_of(kind, job, chance, _options(options)) for _ in range(int(rounds))]
    summary = {
        "rounds": len(found),
        "acknowledged": sum(count for count, _ in found),
        "broken": list(chain.from_iterable(broken for _, broken in found)),
    }
    print(json.dumps(summary))


def _options(pairs: list[str]) -> dict[str, object]:
    return {name: json.loads(value) for name, value in (pair.split("=", 1) for pair in pairs)}


if __name__ == "__main__":
    main(sys.argv[1:])
