"""A small account on a real socket: what no emulator has, as the service's pages describe it.

Blobs are kept in memory with the headers they were put with. A test may script the next answers.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote

from coffre.contract import ConnectionParameters, Secret
from coffre.drivers.azure import AzureDriver

KEPT = ("x-ms-meta-", "x-ms-immutability-policy-", "x-ms-legal-hold", "x-ms-access-tier")
DATE = "Tue, 24 Nov 2026 19:00:00 GMT"


@dataclass
class Asked:
    """One request, as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Said:
    """One answer."""

    status: int
    code: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Rule = Callable[[Asked], Said | None]


@dataclass
class Blob:
    body: bytes
    headers: dict[str, str]


class Account:
    """State of the account, and what was asked of it."""

    def __init__(self, *, immutable: bool = False) -> None:
        self.immutable = immutable
        self.blobs: dict[str, Blob] = {}
        self.blocks: dict[tuple[str, str], bytes] = {}
        self.asked: list[Asked] = []
        self.rules: list[Rule] = []
        self.url = ""

    def parameters(self, **values: object) -> ConnectionParameters:
        given: dict[str, object] = {
            "container": "archive",
            "account": "acme",
            "account_key": Secret("a2V5"),
        }
        return ConnectionParameters.checked(
            AzureDriver.parameters, url=self.url, values=given | values
        )

    def once(self, method: str, beginning: str, said: Said) -> None:
        """Answer the next such request so."""

        def rule(asked: Asked) -> Said | None:
            if asked.method != method or not asked.path.startswith(beginning):
                return None
            self.rules.remove(rule)
            return said

        self.rules.append(rule)

    def answer(self, asked: Asked) -> Said:
        self.asked.append(asked)
        for rule in list(self.rules):
            said = rule(asked)
            if said is not None:
                return said
        if asked.query.get("comp") == "list":
            return Said(200, body=self._listed(asked.query.get("prefix", "")).encode())
        if asked.query.get("restype") == "container":
            return Said(200, headers={_IMMUTABLE: str(self.immutable).lower()})
        return getattr(self, f"_{asked.method.lower()}")(asked)  # type: ignore[no-any-return]

    def _put(self, asked: Asked) -> Said:
        if asked.query.get("comp") == "tier":
            self.blobs[asked.path].headers["x-ms-archive-status"] = "rehydrate-pending-to-hot"
            return Said(202)
        if asked.query.get("comp") == "lease":
            return Said(201 if asked.path in self.blobs else 404, "BlobNotFound")
        if asked.query.get("comp") == "block":
            self.blocks[asked.path, asked.query["blockid"]] = asked.body
            return Said(201)
        kept = {name: value for name, value in asked.headers.items() if name.startswith(KEPT)}
        if asked.query.get("comp") in ("immutabilityPolicies", "legalhold"):
            self.blobs[asked.path].headers |= kept
            return Said(200)
        if asked.headers.get("if-none-match") == "*" and asked.path in self.blobs:
            return Said(409, "BlobAlreadyExists")
        listed = asked.query.get("comp") == "blocklist"
        body = self._joined(asked) if listed else asked.body
        self.blobs[asked.path] = Blob(body, kept)
        return Said(201)

    def _joined(self, asked: Asked) -> bytes:
        names = re.findall(b"<Uncommitted>(.*?)</Uncommitted>", asked.body)
        return b"".join(self.blocks[asked.path, name.decode()] for name in names)

    def _listed(self, prefix: str) -> str:
        names = sorted(path.split("/", 2)[2] for path in self.blobs)
        blobs = "".join(
            f"<Blob><Name>{name}</Name><Properties><Content-Length>1</Content-Length></Properties>"
            "</Blob>"
            for name in names
            if name.startswith(prefix)
        )
        return f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker/></EnumerationResults>"

    def _get(self, asked: Asked) -> Said:
        said = self._head(asked)
        archived = said.headers.get("x-ms-access-tier") == "Archive"
        return Said(409, "BlobArchived") if archived else said

    def _head(self, asked: Asked) -> Said:
        blob = self.blobs.get(asked.path)
        if blob is None:
            return Said(404, "BlobNotFound")
        return Said(200, headers={**blob.headers, "ETag": '"1"'}, body=blob.body)

    def _delete(self, asked: Asked) -> Said:
        return Said(202) if self.blobs.pop(asked.path, None) else Said(404, "BlobNotFound")


_IMMUTABLE = "x-ms-immutable-storage-with-versioning-enabled"


@contextmanager
def serving(account: Account) -> Iterator[Account]:
    """Have the account answer on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            path, _, query = self.path.partition("?")
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            asked = Asked(self.command, unquote(path), dict(parse_qsl(query)), headers, body)
            self._say(account.answer(asked))

        do_GET = do_HEAD = do_PUT = do_DELETE = handle_any  # noqa: N815 - names of the library

        def _say(self, said: Said) -> None:
            self.send_response_only(said.status)
            named = {"x-ms-error-code": said.code} if said.code else {}
            told = {"Date": DATE, "Content-Length": str(len(said.body))}
            for name, value in (told | named | said.headers).items():
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
