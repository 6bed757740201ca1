"""Small, full and read-only file systems: what a put says on each, and what it leaves.

Run in a mount namespace of its own (see ``test_limits.py``):

    python -m tests.faults.filesystem.limited CASE

Prints one JSON object: what was answered, in order, and what was seen.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from coffre.contract import (
    BulkPutRequest,
    CoffreError,
    ConnectionParameters,
    DeleteRequest,
    GetRequest,
    ObjectRef,
    PutRequest,
)
from coffre.drivers.filesystem import FilesystemConnection, FilesystemDriver
from coffre.streams import BytesContent

MIB = 1 << 20


def ref_of(name: str) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=name)


def request_of(name: str, size: int) -> PutRequest:
    return PutRequest(ref=ref_of(name), content=BytesContent(name[:1].encode() * size), size=size)


def connect(root: Path, **values: object) -> FilesystemConnection:
    return FilesystemDriver().connect(
        ConnectionParameters.checked(
            FilesystemDriver.parameters, url=str(root), values={"create": True, **values}
        )
    )


def said(connection: FilesystemConnection, name: str, size: int) -> str:
    try:
        return f"stored {connection.put(request_of(name, size)).size}"
    except CoffreError as error:
        return error.code


def mount(point: Path, options: str, kind: str = "tmpfs", source: str = "none") -> None:
    subprocess.run(["mount", "-t", kind, "-o", options, source, point], check=True)


def files_in(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob("0/object/*/*"))


def no_space(point: Path) -> dict[str, object]:
    """A put that does not fit, by a short write and then ENOSPC; then one that does."""
    mount(point, "size=4m")
    with connect(point / "offer") as connection:
        answers = [
            said(connection, "fits", 2 * MIB),
            said(connection, "too-large", 3 * MIB),
            said(connection, "small", MIB // 2),
        ]
        connection.delete(DeleteRequest(ref=ref_of("fits")))
        answers.append(said(connection, "too-large", 3 * MIB))
    return {"answers": answers, "files": files_in(point / "offer")}


def no_space_in_bulk(point: Path) -> dict[str, object]:
    """One of many does not fit; the others are stored."""
    mount(point, "size=4m")
    puts = (request_of("a", 1000), request_of("b", 8 * MIB), request_of("c", 1000))
    with connect(point / "offer") as connection:
        outcomes = connection.bulk_put(BulkPutRequest(puts=puts))
    answers = [each.code if isinstance(each, CoffreError) else "stored" for each in outcomes]
    return {"answers": answers, "files": files_in(point / "offer")}


def no_inodes(point: Path) -> dict[str, object]:
    """No more files, though there is room."""
    mount(point, "size=4m,nr_inodes=40")
    with connect(point / "offer") as connection:
        answers = [said(connection, f"o{number}", 10) for number in range(40)]
    return {"answers": sorted(set(answers)), "last": answers[-1]}


def read_only(point: Path) -> dict[str, object]:
    """What is there is read; nothing can be stored or deleted, even by root."""
    mount(point, "size=4m")
    with connect(point / "offer") as connection:
        answers = [said(connection, "before", 10)]
    subprocess.run(["mount", "-o", "remount,ro", point], check=True)
    with connect(point / "offer") as connection:
        answers.append(said(connection, "after", 10))
        try:
            connection.delete(DeleteRequest(ref=ref_of("before")))
        except CoffreError as error:
            answers.append(error.code)
        with connection.get(GetRequest(ref=ref_of("before"))) as found:
            answers.append(found.stream.read().decode())
        available = FilesystemDriver().is_available(connection.parameters)
    return {"answers": answers, "available": available}


def unmounted(point: Path) -> dict[str, object]:
    """The disk goes away under a root that was an offer: nothing is said to be absent."""
    mount(point, "size=4m")
    answers = []
    with connect(point) as connection:
        answers.append(said(connection, "object", 10))
    subprocess.run(["umount", point], check=True)
    for values in ({"create": True}, {"create": False}):
        try:
            connect(point, **values)
        except CoffreError as error:
            answers.append(error.code)
    return {"answers": answers, "left": os.listdir(point)}


def no_attributes(point: Path) -> dict[str, object]:
    """A file system without extended attributes: the record goes to a file of its own."""
    mount(point, "size=4m", "ramfs")
    request = PutRequest(
        ref=ref_of("a"), content=BytesContent(b"bytes"), size=5, metadata={"name": "A"}
    )
    with connect(point) as connection:
        connection.put(request)
        with connection.get(GetRequest(ref=ref_of("a"))) as found:
            seen: dict[str, object] = {
                "metadata": dict(found.metadata),
                "recorded": str(found.recorded)[:6],
            }
    subprocess.run(["umount", point], check=True)
    return seen


def soft_limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, hard))


def next_descriptor() -> int:
    """The number that the next file opened will have."""
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    return descriptor


def file_size_limit(point: Path) -> dict[str, object]:
    """The process may not write files of that size: a short write, then EFBIG."""
    soft_limit(resource.RLIMIT_FSIZE, MIB)
    with connect(point / "offer") as connection:
        answers = [said(connection, "large", 3 * MIB), said(connection, "small", 10)]
    soft_limit(resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)
    return {"answers": answers, "files": files_in(point / "offer")}


def open_files_limit(point: Path) -> dict[str, object]:
    """The process may open very few files: it stores in smaller groups, or says it cannot now."""
    puts = tuple(request_of(f"o{number}", 10) for number in range(100))
    with connect(point / "offer") as connection:
        connection.put(request_of("first", 10))
        soft_limit(resource.RLIMIT_NOFILE, next_descriptor() + 20)
        outcomes = connection.bulk_put(BulkPutRequest(puts=puts))
        soft_limit(resource.RLIMIT_NOFILE, next_descriptor())
        answers = [said(connection, "none-left", 10)]
    soft_limit(resource.RLIMIT_NOFILE, 1024)
    stored = sum(not isinstance(each, CoffreError) for each in outcomes)
    return {"answers": answers, "stored": stored, "files": len(files_in(point / "offer"))}


CASES = {
    case.__name__: case
    for case in (
        no_space,
        no_space_in_bulk,
        no_inodes,
        read_only,
        unmounted,
        no_attributes,
        file_size_limit,
        open_files_limit,
    )
}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        disk = Path(scratch, "disk")
        disk.mkdir()
        print(json.dumps(CASES[sys.argv[1]](disk)))
        subprocess.run(["umount", "-q", disk], check=False)
