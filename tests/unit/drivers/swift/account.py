"""A small account on a real socket, in memory: for what a real cluster does once in a year.

A test may script answers, and say what happens to an object between two requests.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs, unquote

from coffre.contract import ConnectionParameters, Secret
from coffre.drivers.swift import SwiftDriver

KEPT = ("x-object-meta-", "x-delete-")
INFO = {"swift": {}, "slo": {"max_manifest_segments": 1000}}


@dataclass
class Asked:
    """One request, as it arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def of_manifest(self) -> bool:
        """Whether it is about a manifest rather than its object."""
        return "multipart-manifest" in self.query


@dataclass
class Said:
    """One answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Kept:
    """One object."""

    body: bytes
    headers: dict[str, str]
    segments: list[str] | None = None


Rule = Callable[[Asked], Said | None]


class Account:
    """State of the account, and what was asked of it."""

    def __init__(self) -> None:
        self.objects: dict[str, Kept] = {}
        self.asked: list[Asked] = []
        self.rules: list[Rule] = []
        self.info: dict[str, object] = dict(INFO)
        self.url = ""
        self._moments = count(1)

    def parameters(self, **values: object) -> ConnectionParameters:
        given = {"user": "a:u", "password": Secret("key"), "auth": "v1"} | values
        return ConnectionParameters.checked(
            SwiftDriver.parameters, url=f"{self.url}/auth", values=given
        )

    def once(self, method: str, ending: str, rule: Rule, *, after: int = 0) -> None:
        """Have the next such request answered so, or the one so many later."""
        left = after

        def matching(asked: Asked) -> Said | None:
            nonlocal left
            if asked.method != method or not asked.path.endswith(ending):
                return None
            left -= 1
            if left >= 0:
                return None
            self.rules.remove(matching)
            return rule(asked)

        self.rules.append(matching)

    def answer(self, asked: Asked) -> Said:
        self.asked.append(asked)
        for rule in list(self.rules):
            said = rule(asked)
            if said is not None:
                return said
        return self.usual(asked)

    def usual(self, asked: Asked) -> Said:
        """What a cluster says that is well."""
        if asked.path == "/auth":
            told = {"X-Storage-Url": f"{self.url}/v1/a", "X-Auth-Token": "t"}
            return Said(200, told)
        if asked.path == "/info":
            return Said(200, body=json.dumps(self.info).encode())
        if asked.path.count("/") < 4:
            return self._around(asked)
        return getattr(self, f"_{asked.method.lower()}")(asked)  # type: ignore[no-any-return]

    def _around(self, asked: Asked) -> Said:
        if asked.method != "GET":
            return Said(201 if asked.method == "PUT" else 204)
        prefix = f"{asked.path}/{asked.query.get('prefix', [''])[0]}"
        begin = f"{asked.path}/{asked.query.get('marker', [''])[0]}"
        names = sorted(path for path in self.objects if path.startswith(prefix) and path > begin)
        moment = "2026-11-24T19:00:00.000000"
        entries = [
            {"name": path[len(asked.path) + 1 :], "bytes": 1, "last_modified": moment}
            for path in names
        ]
        return Said(200, body=json.dumps(entries).encode())

    def _put(self, asked: Asked) -> Said:
        if asked.headers.get("if-none-match") == "*" and asked.path in self.objects:
            return Said(412)
        kept = {name: text for name, text in asked.headers.items() if name.startswith(KEPT)}
        body, segments = asked.body, None
        if asked.of_manifest:
            segments = [f"/v1/a{one['path']}" for one in json.loads(asked.body)]
            if not all(path in self.objects for path in segments):
                return Said(400)
            body = b""
        self.store(asked.path, Kept(body, kept, segments))
        return Said(201, {"Etag": hashlib.md5(body, usedforsecurity=False).hexdigest()})

    def store(self, path: str, kept: Kept) -> None:
        kept.headers["X-Timestamp"] = f"{1000 + next(self._moments)}.00000"
        self.objects[path] = kept

    def _copy(self, asked: Asked) -> Said:
        kept = self.objects.get(asked.path)
        if kept is None:
            return Said(404)
        added = {name: text for name, text in asked.headers.items() if name.startswith(KEPT)}
        target = f"/v1/a{unquote(asked.headers['destination'])}"
        self.store(target, Kept(kept.body, kept.headers | added, kept.segments))
        return Said(201)

    def _get(self, asked: Asked) -> Said:
        kept = self.objects.get(asked.path)
        if kept is None:
            return Said(404)
        if kept.segments is None:
            etag = hashlib.md5(kept.body, usedforsecurity=False).hexdigest()
            return Said(200, {**kept.headers, "Etag": etag}, kept.body)
        if not all(path in self.objects for path in kept.segments):
            return Said(409)
        body = b"".join(self.objects[path].body for path in kept.segments)
        return Said(200, {**kept.headers, "X-Static-Large-Object": "True", "Etag": "slo"}, body)

    _head = _get

    def _post(self, asked: Asked) -> Said:
        kept = {name: text for name, text in asked.headers.items() if name.startswith(KEPT)}
        self.objects[asked.path].headers = kept
        return Said(202)

    def _delete(self, asked: Asked) -> Said:
        return Said(204 if self.objects.pop(asked.path, None) else 404)


@contextmanager
def serving(account: Account) -> Iterator[Account]:
    """Have the account answer on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, unquote(path), parse_qs(query), headers, body)
            self._say(account.answer(asked))

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_COPY = handle_any  # noqa: N815

        def _say(self, said: Said) -> None:
            self.send_response_only(said.status)
            told = {"X-Trans-Id": "tx1", "Content-Length": str(len(said.body))}
            for name, value in (told | said.headers).items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said.body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    account.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield account
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
