"""An S3 service in memory, that checks nothing: so that the client is what takes the time.

It runs in a process of its own, prints its port and serves until it is killed. It knows
objects, their metadata, ranges, conditions, multipart uploads and deletions; no signature, no
digest, and every listing is empty. Of large objects it keeps the last few only.
"""

from __future__ import annotations

import io
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qs

from benchmarks.archives import GIB, MIB
from benchmarks.measuring import NotMeasuredError

_KEPT = GIB
"""Bytes of objects, after which the oldest go."""
_XML = '<?xml version="1.0" encoding="UTF-8"?>'


@contextmanager
def running() -> Iterator[str]:
    """The URL of one that serves in a process of its own."""
    # Not with -m, which would load a second copy of what its package has loaded.
    command = [sys.executable, "-c", f"from {__name__} import main; main()"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.strip().isdigit():
                raise NotMeasuredError("the stub of S3 did not start")
            yield f"http://127.0.0.1:{line.strip()}"
        finally:
            process.kill()


@dataclass
class _Object:
    body: bytes | bytearray
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    method: str
    key: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes | bytearray


@dataclass(frozen=True)
class _Answer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | bytearray | memoryview = b""
    length: int | None = None


class _Store:
    """What is held; one lock is enough for a stub."""

    def __init__(self) -> None:
        self._objects: dict[str, _Object] = {}
        self._uploads: dict[str, dict[int, bytes | bytearray]] = {}
        self._started: dict[str, dict[str, str]] = {}
        self._numbers = count(1)
        self._lock = threading.Lock()

    def answer(self, asked: _Asked) -> _Answer:
        """One request, all of it."""
        ways: dict[str, Callable[[_Asked], _Answer]] = {
            "PUT": self._put,
            "GET": self._get,
            "HEAD": self._get,
            "POST": self._post,
            "DELETE": self._delete,
        }
        with self._lock:
            return ways[asked.method](asked)

    def _put(self, asked: _Asked) -> _Answer:
        if "uploadId" in asked.query:
            part = int(asked.query["partNumber"][0])
            self._uploads[asked.query["uploadId"][0]][part] = asked.body
            return _Answer(headers={"ETag": f'"{part}"'})
        return self._keep(asked, asked.body, _kept_headers(asked))

    def _keep(self, asked: _Asked, body: bytes | bytearray, headers: dict[str, str]) -> _Answer:
        if asked.headers.get("if-none-match") == "*" and asked.key in self._objects:
            return _refusal(412, "PreconditionFailed")
        headers["ETag"] = f'"{next(self._numbers):032x}"'
        self._objects[asked.key] = _Object(body, headers)
        self._forget()
        return _Answer(headers={"ETag": headers["ETag"]})

    def _forget(self) -> None:
        held = sum(len(one.body) for one in self._objects.values() if len(one.body) >= MIB)
        for key in [key for key, one in self._objects.items() if len(one.body) >= MIB]:
            if held <= _KEPT:
                return
            held -= len(self._objects.pop(key).body)

    def _get(self, asked: _Asked) -> _Answer:
        if asked.key.count("/") < 2:
            return _document(
                "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
            )
        found = self._objects.get(asked.key)
        if found is None:
            return _refusal(404, "NoSuchKey")
        headers = {"Last-Modified": "Tue, 24 Nov 2026 12:00:00 GMT", **found.headers}
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.headers.get("range", ""))
        if part is None or asked.method == "HEAD":
            return _Answer(200, headers, found.body, len(found.body))
        first, size = int(part[1]), len(found.body)
        last = min(int(part[2] or size - 1), size - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        return _Answer(206, headers, memoryview(found.body)[first : last + 1])

    def _post(self, asked: _Asked) -> _Answer:
        if "uploads" in asked.query:
            upload = f"upload-{next(self._numbers)}"
            self._uploads[upload] = {}
            self._started[upload] = _kept_headers(asked)
            return _document(
                f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId>"
                "</InitiateMultipartUploadResult>"
            )
        upload = asked.query["uploadId"][0]
        body = bytearray().join(part for _, part in sorted(self._uploads.pop(upload).items()))
        kept = self._keep(asked, body, self._started.pop(upload))
        if kept.status != 200:
            return kept
        return _document(
            f"<CompleteMultipartUploadResult><ETag>{kept.headers['ETag']}</ETag>"
            "</CompleteMultipartUploadResult>"
        )

    def _delete(self, asked: _Asked) -> _Answer:
        if "uploadId" in asked.query:
            self._uploads.pop(asked.query["uploadId"][0], None)
        self._objects.pop(asked.key, None)
        return _Answer(204)


def _kept_headers(asked: _Asked) -> dict[str, str]:
    return {name: value for name, value in asked.headers.items() if name.startswith("x-amz-meta-")}


def _document(text: str) -> _Answer:
    return _Answer(200, {"Content-Type": "application/xml"}, (_XML + text).encode())


def _refusal(status: int, code: str) -> _Answer:
    text = f"{_XML}<Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return _Answer(status, {"Content-Type": "application/xml"}, text.encode())


def _serve(store: _Store, connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with (
        connection,
        suppress(OSError),
        io.BufferedReader(socket.SocketIO(connection, "rb"), MIB) as reader,
    ):
        while line := reader.readline():
            method, target, _ = line.decode("ascii").split(" ", 2)
            headers = dict(iter(lambda: _header(reader.readline()), ("", "")))
            if headers.get("expect", "").lower() == "100-continue":
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = bytearray(int(headers.get("content-length", "0")))
            reader.readinto(body)
            path, _, query = target.partition("?")
            asked = _Asked(method, path, parse_qs(query, keep_blank_values=True), headers, body)
            _say(connection, method, store.answer(asked))


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").partition(":")
    return name.strip().lower(), value.strip()


def _say(connection: socket.socket, method: str, answer: _Answer) -> None:
    length = len(answer.body) if answer.length is None else answer.length
    lines = [f"HTTP/1.1 {answer.status} As asked", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    if method == "HEAD" or answer.status == 204:
        connection.sendall(head)
    elif len(answer.body) < MIB:
        connection.sendall(head + bytes(answer.body))
    else:
        connection.sendall(head)
        connection.sendall(answer.body)


def main() -> None:
    """Serve until killed."""
    store = _Store()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(store, connection), daemon=True).start()
