"""A process that does one thing to an offer when it is told to, and says what came of it.

    python -m tests.faults.filesystem.victim SOCKET

Each order is obeyed twice by a new child, once under fire and once in peace.

It speaks over a socket, whose calls (``sendto``, ``recvfrom``) are those of no file: whoever
traces it can make any call on files fail without touching the conversation.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from coffre.contract import (
    BulkPutRequest,
    CoffreError,
    ConnectionParameters,
    DeleteRequest,
    GetRequest,
    ListRequest,
    ObjectRef,
    OfferError,
    PutRequest,
    QuarantineRequest,
    StatRequest,
)
from coffre.drivers.filesystem import FilesystemConnection, FilesystemDriver, bulk, root
from coffre.streams import CHUNK, BytesContent, OnceContent, ReadableStream

OLD = b"what was there before" * 100
NEW = b"what comes instead, and is longer" * 500
BETWEEN = "/between/the/two/attempts"
"""Asked for between the two attempts, so that a trace shows where the first ends."""
NAMES = ("one", "two", "three")
MANY = tuple(f"many-{number}" for number in range(17))
"""Enough for a flush of the whole file system."""


LARGE = NEW * 600
"""Enough to bypass the page cache."""


class Aligned(ReadableStream):
    """Bytes in page-aligned pieces, as they come from a large file on its way to several offers."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data

    def chunks(self) -> Iterator[memoryview]:
        with mmap.mmap(-1, CHUNK) as buffer, memoryview(buffer) as lent:
            for start in range(0, len(self._data), CHUNK):
                piece = self._data[start : start + CHUNK]
                lent[: len(piece)] = piece
                with lent[: len(piece)] as given:
                    yield given


def ref_of(name: str) -> ObjectRef:
    return ObjectRef(tenant=3, container="object", identifier=name)


def request_of(name: str, data: bytes = NEW, *, replace: bool = False) -> PutRequest:
    return PutRequest(
        ref=ref_of(name),
        content=BytesContent(data),
        size=len(data),
        metadata={"name": name},
        replace=replace,
    )


def _put(connection: FilesystemConnection) -> None:
    connection.put(request_of("one"))


def _large(connection: FilesystemConnection) -> None:
    content = OnceContent(Aligned(LARGE))
    connection.put(PutRequest(ref=ref_of("one"), content=content, size=len(LARGE)))


def _replace(connection: FilesystemConnection) -> None:
    connection.put(request_of("old", replace=True))


def _again(connection: FilesystemConnection) -> None:
    connection.put(request_of("old", OLD))


def _bulk(connection: FilesystemConnection, names: tuple[str, ...] = NAMES) -> None:
    outcomes = connection.bulk_put(BulkPutRequest(puts=tuple(map(request_of, names))))
    for outcome in outcomes:
        if isinstance(outcome, CoffreError):
            raise outcome


def _many(connection: FilesystemConnection) -> None:
    _bulk(connection, MANY)


def _groups(connection: FilesystemConnection) -> None:
    bulk.TOGETHER = 6  # each is flushed while the next is written
    _bulk(connection, MANY)


def _get(connection: FilesystemConnection) -> None:
    with connection.get(GetRequest(ref=ref_of("old"))) as found:
        if found.stream.read() != OLD or found.metadata.get("name") != "old":
            raise AssertionError("other bytes were read, without an error")


def _stat(connection: FilesystemConnection) -> None:
    if connection.stat(StatRequest(ref=ref_of("old"))).recorded is None:
        raise AssertionError("no record, and no error")


def _list(connection: FilesystemConnection) -> None:
    with connection.list(ListRequest(tenant=3, container="object")) as listing:
        if [entry.identifier for entry in listing] != ["old"]:
            raise AssertionError("another listing, without an error")


def _delete(connection: FilesystemConnection) -> None:
    connection.delete(DeleteRequest(ref=ref_of("old")))


def _quarantine(connection: FilesystemConnection) -> None:
    connection.quarantine(QuarantineRequest(ref=ref_of("old"), reason="test"))


JOBS: dict[str, Callable[[FilesystemConnection], None]] = {
    "put": _put,
    "large": _large,
    "replace": _replace,
    "again": _again,
    "bulk": _bulk,
    "many": _many,
    "groups": _groups,
    "get": _get,
    "stat": _stat,
    "list": _list,
    "delete": _delete,
    "quarantine": _quarantine,
}


def parameters_of(where: Path, options: Mapping[str, object]) -> ConnectionParameters:
    return ConnectionParameters.checked(
        FilesystemDriver.parameters, url=str(where), values={"create": True, **options}
    )


def attempt(where: Path, job: str, options: Mapping[str, object]) -> str:
    """Do it; ``done``, or the code of the error. Anything else that is raised is a defect."""
    try:
        with FilesystemDriver().connect(parameters_of(where, options)) as connection:
            JOBS[job](connection)
    except OfferError as error:
        return error.code
    except Exception as error:  # noqa: BLE001 - a driver raises one family only: say which other
        return f"{type(error).__name__}: {error}"
    return "done"


def serve(line: socket.socket) -> None:
    """For each order, a child of its own: it says who it is, waits for the word, and answers."""
    while order := line.recv(4096):
        child = os.fork()
        if not child:
            _obey(line, **json.loads(order))
            os._exit(0)
        os.waitpid(child, 0)


def _obey(line: socket.socket, where: str, job: str, options: dict[str, object]) -> None:
    if options.pop("ordered", False):
        vars(root)["keeps_order"] = lambda _: (
            True
        )  # as on ext4 with a journal, whatever is underneath
    line.send(str(os.getpid()).encode())
    line.recv(16)
    first = attempt(Path(where), job, options)
    with contextlib.suppress(OSError):
        os.stat(BETWEEN)
    second = attempt(Path(where), job, options)
    line.send(json.dumps([first, second]).encode())


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as conversation:
        serve(conversation)
