"""A program that speaks the process protocol, and misbehaves on demand; it knows nothing of coffre.

It keeps objects in memory, one request at a time. The option ``fault`` says what it does wrong.
Run by the tests as ``python -I toy.py``.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import struct
import sys
from collections.abc import Callable
from typing import Any

HELLO, OPEN, READY, REQUEST, RESULT, ERROR, DATA = range(1, 8)
PAGE, END, COMMIT, CREDIT, CANCEL, WORKING, CLOSE = range(8, 15)
MIB = 1024 * 1024

objects: dict[str, bytes] = {}
fault = ""
held = b""


class RefusedError(Exception):
    """The answer is an error."""

    def __init__(self, code: str, message: str = "no", **more: object) -> None:
        self.fields = {"code": code, "message": message, **more}


def take(size: int) -> bytes:
    data = b""
    step = 1000 if fault == "read-slowly" else size
    while len(data) < size:
        piece = os.read(0, min(step, size - len(data)))
        if not piece:
            sys.exit(0)
        data += piece
    return data


def receive() -> tuple[int, int, Any]:
    kind, zero, number, size = struct.unpack(">B3sII", take(12))
    assert zero == b"\0\0\0"
    payload = take(size)
    return kind, number, payload if kind in (DATA, CREDIT) else json.loads(payload or b"{}")


def send(kind: int, number: int, payload: object = b"") -> None:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    frame = struct.pack(">B3xII", kind, number, len(data)) + data
    while frame:
        frame = frame[os.write(1, frame) :]


def misbehave(when: str, number: int) -> None:
    """Whatever the fault is, if its moment is now."""
    if fault.endswith(f"-{when}"):
        FAULTS[fault.removesuffix(f"-{when}")](number)


def end(number: int) -> None:
    sys.stderr.write(f"the last words, {held.decode()}\n")
    sys.stderr.flush()
    sys.exit(3)


def half(number: int) -> None:
    os.write(1, b"\5\0\0\0\0\0")
    sys.exit(0)


def busy(number: int) -> None:
    for _ in range(100):
        send(WORKING, number)


def much_credit(number: int) -> None:
    for _ in range(2):
        send(CREDIT, number, b"\0\0\4\0")


FAULTS: dict[str, Callable[[int], object]] = {
    "die": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "exit": end,
    "silent": lambda _: signal.pause(),
    "garbage": lambda _: os.write(1, b"Traceback (most recent call last):\n"),
    "half": half,
    "wrong-number": lambda number: send(RESULT, number + 7, {}),
    "oversized": lambda number: os.write(1, struct.pack(">B3xII", RESULT, number, 1 << 30)),
    "no-json": lambda number: send(RESULT, number, b"{"),
    "result": lambda number: send(RESULT, number, {}),
    "page": lambda number: send(PAGE, number, {}),
    "credit": lambda number: send(CREDIT, number, b"\0\0\0\0"),
    "wrong-credit": lambda number: send(CREDIT, number, b"\0\0\0\1"),
    "much-credit": much_credit,
    "working": busy,
    "chatty": lambda _: os.write(2, b"x" * 99 + b"\n" + b"y" * 300_000),
}


def put(number: int, asked: dict[str, Any]) -> None:
    misbehave("at-put", number)
    if fault == "refuse-at-once":
        raise RefusedError("offer-full", "the tape is at its end")
    send(CREDIT, number, struct.pack(">I", 2))
    data = b""
    while True:
        kind, belongs, payload = receive()
        assert belongs == number
        if kind == CANCEL:
            misbehave("at-cancel", number)
            if fault == "published":
                send(RESULT, number, {"size": 0})
                return
            raise RefusedError("cancelled")
        if kind == COMMIT:
            break
        data += payload
        misbehave("in-data", number)
        if fault == "tape-ends":
            raise RefusedError("offer-full", "the tape is at its end")
        if fault != "no-more-credit":
            send(CREDIT, number, struct.pack(">I", 1))
    store(number, asked["ref"], data)


def store(number: int, ref: str, data: bytes) -> None:
    misbehave("before-publishing", number)
    already = objects.get(ref) == data
    objects[ref] = data
    misbehave("at-commit", number)
    received = data + b"!" if fault == "other-digest" else data
    digest = f"sha512:{hashlib.sha512(received).hexdigest()}"
    result = {"size": len(data), "digest": digest, "already_there": already, "durable": False}
    if fault == "too-much-evidence":
        result["evidence"] = "challenged"
    if fault == "other-size":
        result["size"] = len(data) + 1
    if fault == "no-digest":
        del result["digest"]
    send(RESULT, number, result)


def get(number: int, asked: dict[str, Any]) -> None:
    if asked["ref"] not in objects:
        raise RefusedError("object-not-found")
    data = objects[asked["ref"]]
    misbehave("at-get", number)
    send(RESULT, number, {"size": len(data)})
    granted, sent = 0, 0
    while sent < len(data):
        while not granted:
            kind, _, payload = receive()
            if kind == CANCEL:
                raise RefusedError("cancelled")
            (granted,) = struct.unpack(">I", payload)
        piece = data[sent : sent + MIB]
        if fault == "empty-data":
            piece = b""
        send(DATA, number, piece)
        misbehave("in-get", number)
        sent, granted = sent + len(piece), granted - 1
        if fault == "short-get":
            break
        if fault == "more-than-granted":
            granted += 1
    if fault == "long-get":
        send(DATA, number, b"x")
    if fault == "bad-disk":
        raise RefusedError("object-corrupt", "the disk is \x1b[31mbad\n")
    send(END, number)


def listing(number: int, asked: dict[str, Any]) -> None:
    prefix = f"{asked['tenant']}/{asked['container']}/"
    names = sorted(ref[len(prefix) :] for ref in objects if ref.startswith(prefix))
    misbehave("at-list", number)
    if fault == "unsorted":
        names.reverse()
    for name in names:  # a page for each, and never more than were granted
        kind, _, _ = receive()
        if kind == CANCEL:
            raise RefusedError("cancelled")
        if fault != "lost-page" or name != names[-1]:
            send(PAGE, number, {"entries": [[name, len(objects[prefix + name])]]})
        misbehave("in-list", number)
    if fault == "bad-entry":
        send(PAGE, number, {"entries": [["a", -1]]})
    send(END, number, {} if fault == "no-count" else {"count": len(names)})


def stat(number: int, asked: dict[str, Any]) -> None:
    misbehave("at-stat", number)
    if fault == "tell":
        what = {"argv": sys.argv, "environ": dict(os.environ), "cwd": os.getcwd()}
        metadata = {"told": json.dumps(what)}
        send(RESULT, number, {"size": 0, "metadata": metadata})
        return
    if fault == "leak":
        sys.stderr.write(f"opened with {held.decode()}\n")
        sys.stderr.flush()
        raise RefusedError("forbidden", f"{held.decode()} was not accepted")
    if fault.startswith("answer="):
        send(ERROR, number, fault.removeprefix("answer=").encode())
        return
    if asked["ref"] not in objects:
        raise RefusedError("object-not-found")
    send(RESULT, number, {"size": len(objects[asked["ref"]])})


def delete(number: int, asked: dict[str, Any]) -> None:
    misbehave("at-delete", number)
    send(RESULT, number, {"existed": objects.pop(asked["ref"], None) is not None})


def capacity(number: int, asked: dict[str, Any]) -> None:
    send(RESULT, number, {"used": sum(map(len, objects.values()))})


HELLO_FIELDS = {
    "protocol": "1.0",
    "contract": "1.0",
    "name": "toy",
    "version": "0.1",
    "algorithms": ["sha512", "md6"],
    "parameters": [
        {"name": "fault", "help": "what goes wrong"},
        {"name": "number", "type": "whole", "help": "a number"},
        {"name": "password", "type": "secret", "help": "what nobody may see"},
    ],
}


def main() -> None:
    global fault, held
    at_start = sys.argv[1] if len(sys.argv) > 1 else ""
    fault = at_start
    misbehave("at-start", 0)
    receive()
    hello = dict(HELLO_FIELDS)
    if at_start.startswith("{"):
        hello |= json.loads(at_start)
    send(HELLO, 0, hello)
    _, _, opened = receive()
    values = opened["values"]
    fault, held = values.get("fault", ""), values.get("password", "").encode()
    misbehave("at-open", 0)
    if opened["url"] == "toy:closed":
        fields = {"code": "offer-unavailable", "message": "it is in its box", "retryable": True}
        send(ERROR, 0, fields)
        return
    if fault.startswith("helped "):
        os.set_inheritable(os.open(fault.split()[1], os.O_WRONLY), True)
        os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})
    more = ["range-read", "offer-digest"] if fault == "boasts" else []
    send(READY, 0, {"capabilities": ["metadata", "teleportation", "legal-hold", *more]})
    while serve():
        pass


def serve() -> bool:
    """One request; false at the end."""
    kind, number, asked = receive()
    if kind == CLOSE and fault.startswith(("never-end", "helped")):
        signal.pause()
    if kind == REQUEST:  # anything else belongs to a request that is over
        operations = {"put": put, "get": get, "list": listing, "stat": stat, "delete": delete}
        try:
            operations.get(asked["operation"], capacity)(number, asked)
        except RefusedError as refused:
            send(ERROR, number, refused.fields)
    return kind != CLOSE


main()
