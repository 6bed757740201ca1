"""A small S3 service in memory, on a real socket, that misbehaves as it is told.

It checks no signature. What it honours can be chosen, and each request can be refused, answered
wrongly, or done without an answer.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from coffre.contract import ConnectionParameters, Secret
from coffre.drivers.s3.settings import PARAMETERS

MIB = 1024 * 1024
BUCKET = "archive"
WHEN = "Tue, 24 Nov 2026 12:00:00 GMT"


@dataclass(frozen=True)
class Asked:
    """One request, as the service got it."""

    method: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """What it does, in a word: ``PUT``, ``PUT part``, ``POST complete``."""
        if self.method == "POST" and "uploads" in self.query:
            return "POST begin"
        if self.method == "POST" and "uploadId" in self.query:
            return "POST complete"
        if "partNumber" in self.query:
            return "PUT part"
        if self.method == "DELETE" and "uploadId" in self.query:
            return "DELETE upload"
        return self.method if self.key else f"{self.method} bucket"


@dataclass(frozen=True)
class Answer:
    """One answer; ``lost`` ones are done and never said."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False


def error(status: int, code: str, more: str = "", **headers: str) -> Answer:
    """A refusal, as S3 writes it."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code>{more}</Error>".encode()
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


Fault = Callable[[Asked], Answer | None]
"""Answers in the service's place; with ``None`` the service answers itself."""


@dataclass
class Held:
    body: bytes
    headers: dict[str, str]


class Bucket:
    """What the service holds, what it was asked, and how it misbehaves."""

    def __init__(self, *, puts: bool = True, completes: bool = True, checks: bool = True) -> None:
        """Say what it honours.

        Args:
            puts: the condition of a put.
            completes: the condition of a completion.
            checks: the SHA-256 that was signed.
        """
        self.puts, self.completes, self.checks = puts, completes, checks
        self.objects: dict[str, Held] = {}
        self.uploads: dict[str, tuple[str, dict[str, str], dict[int, bytes]]] = {}
        self.asked: list[Asked] = []
        self.faults: list[tuple[str, Fault]] = []
        self.lock = Lock()

    def fail(self, kind: str, fault: Fault) -> None:
        """Let the next request of a kind that is not a trial meet a fault."""
        self.faults.append((kind, fault))

    def kinds(self) -> list[str]:
        """What was asked, trials apart."""
        return [one.kind for one in self.asked if "/trials/" not in one.key]

    def visible(self) -> dict[str, bytes]:
        """Objects that are not the driver's own."""
        return {key: one.body for key, one in self.objects.items() if ".coffre/" not in key}

    def own(self) -> list[str]:
        """Keys of the driver's own, trials apart."""
        return [key for key in self.objects if ".coffre/" in key and "/trials/" not in key]

    def answer(self, asked: Asked) -> Answer:
        with self.lock:
            self.asked.append(asked)
            planned = self._planned(asked)
            if planned is not None and not planned.lost:
                return planned
            answer = self._done(asked)
        return answer if planned is None else Answer(lost=True)

    def _planned(self, asked: Asked) -> Answer | None:
        if "/trials/" in asked.key:
            return None
        for one in self.faults:
            if one[0] == asked.kind:
                self.faults.remove(one)
                return one[1](asked)
        return None

    def _done(self, asked: Asked) -> Answer:
        digest = asked.headers["x-amz-content-sha256"]
        if self.checks and hashlib.sha256(asked.body).hexdigest() != digest:
            return error(400, "XAmzContentSHA256Mismatch")
        acts: dict[str, Callable[[Asked], Answer]] = {
            "PUT": self._put, "GET": self._get, "HEAD": self._get, "DELETE": self._delete,
            "POST begin": self._begin, "PUT part": self._part, "POST complete": self._complete,
            "DELETE upload": self._abort, "GET bucket": self._list,
        }  # fmt: skip
        act = acts.get(asked.kind)
        return Answer() if act is None else act(asked)

    def _taken(self, asked: Asked, honoured: bool) -> bool:
        return honoured and "if-none-match" in asked.headers and asked.key in self.objects

    def _put(self, asked: Asked) -> Answer:
        if self._taken(asked, self.puts):
            return error(412, "PreconditionFailed")
        self.objects[asked.key] = Held(asked.body, _kept(asked.headers))
        return Answer(headers={"etag": '"an-etag"'})

    def _get(self, asked: Asked) -> Answer:
        held = self.objects.get(asked.key)
        if held is None:
            return error(404, "NoSuchKey")
        headers = {**held.headers, "last-modified": WHEN, "etag": '"an-etag"'}
        if asked.method == "HEAD":
            return Answer(200, held.body, headers)
        wanted = asked.headers.get("range")
        if wanted is None:
            return Answer(200, held.body, headers)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        if int(first) >= len(held.body):
            return error(416, "InvalidRange")
        end = min(int(last) + 1 if last else len(held.body), len(held.body))
        headers["content-range"] = f"bytes {first}-{end - 1}/{len(held.body)}"
        return Answer(206, held.body[int(first) : end], headers)

    def _delete(self, asked: Asked) -> Answer:
        self.objects.pop(asked.key, None)
        return Answer(204)

    def _begin(self, asked: Asked) -> Answer:
        upload = f"upload-{len(self.asked)}"
        self.uploads[upload] = (asked.key, _kept(asked.headers), {})
        return _document("InitiateMultipartUploadResult", f"<UploadId>{upload}</UploadId>")

    def _part(self, asked: Asked) -> Answer:
        upload = self.uploads.get(asked.query["uploadId"])
        if upload is None:
            return error(404, "NoSuchUpload")
        upload[2][int(asked.query["partNumber"])] = asked.body
        return Answer(headers={"etag": f'"part-{asked.query["partNumber"]}"'})

    def _complete(self, asked: Asked) -> Answer:
        upload = self.uploads.get(asked.query["uploadId"])
        if upload is None:
            return error(404, "NoSuchUpload")
        if self._taken(asked, self.completes):
            return error(412, "PreconditionFailed")
        del self.uploads[asked.query["uploadId"]]
        key, headers, parts = upload
        self.objects[key] = Held(b"".join(parts[number] for number in sorted(parts)), headers)
        return _document("CompleteMultipartUploadResult", "<ETag>composite-2</ETag>")

    def _abort(self, asked: Asked) -> Answer:
        self.uploads.pop(asked.query["uploadId"], None)
        return Answer(204)

    def _list(self, asked: Asked) -> Answer:
        if "uploads" in asked.query:
            inside = (
                f"<Upload><Key>{key}</Key><UploadId>{name}</UploadId>"
                "<Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>"
                for name, (key, _, _) in self.uploads.items()
            )
            return _document("ListMultipartUploadsResult", *inside)
        prefix, after = asked.query.get("prefix", ""), asked.query.get("start-after", "")
        found = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        most = int(asked.query.get("max-keys", "1000"))
        inside = (
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key].body)}</Size>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in found[:most]
        )
        more = f"<IsTruncated>{'true' if len(found) > most else 'false'}</IsTruncated>"
        return _document("ListBucketResult", more, *inside)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("x-amz-meta-")}


def _document(name: str, *inside: str) -> Answer:
    return Answer(body=f"<{name} xmlns='urn:s3'>{''.join(inside)}</{name}>".encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        key = unquote(parts.path).removeprefix(f"/{BUCKET}").removeprefix("/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        answer = self.bucket.answer(Asked(self.command, key, query, headers, body))
        if answer.lost:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(bucket: Bucket, **values: object) -> Iterator[ConnectionParameters]:
    """Serve it; the parameters that reach it."""
    handler = type("Handler", (_Handler,), {"bucket": bucket})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield ConnectionParameters.checked(
            PARAMETERS,
            url=f"http://127.0.0.1:{server.server_port}/{BUCKET}",
            values={
                "access_key": "AKIDEXAMPLE",
                "secret_key": Secret("a-secret-of-the-test"),
                "part_size": 5 * MIB,
                "timeout": 10.0,
                **values,
            },
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
