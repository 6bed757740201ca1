"""A second way to the blobs of an account, which shares no line with the driver."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from email.utils import formatdate
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

Headers = Mapping[str, str]


class Answer(NamedTuple):
    status: int
    headers: Headers
    body: bytes


class AzureClient:
    """Asks with the account's key, one connection for each question."""

    def __init__(self, endpoint: str, account: str, key: str) -> None:
        self._parts = urlsplit(endpoint)
        self._account = account
        self._key = base64.b64decode(key)

    def ask(
        self, method: str, path: str, headers: Headers | None = None, body: bytes = b""
    ) -> Answer:
        """Ask for a path below the account's, with its query."""
        target = self._parts.path + path
        sent = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
        sent |= headers or {}
        if method == "PUT":
            sent["Content-Length"] = str(len(body))
        sent["Authorization"] = f"SharedKey {self._account}:{self._signed(method, target, sent)}"
        connection = HTTPConnection(self._parts.hostname or "", self._parts.port, timeout=20)
        try:
            connection.request(method, target, body or None, sent)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def _signed(self, method: str, target: str, headers: Headers) -> str:
        path, _, query = target.partition("?")
        length = "" if headers.get("Content-Length") in (None, "0") else headers["Content-Length"]
        lines = [method, "", "", length, "", headers.get("Content-Type", ""), *[""] * 6]
        ours = {name.lower(): value for name, value in headers.items()}
        lines += [f"{name}:{ours[name]}" for name in sorted(ours) if name.startswith("x-ms-")]
        lines.append(f"/{self._account}{path}")
        lines += [f"{name}:{value}" for name, value in sorted(parse_qsl(query))]
        made = hmac.new(self._key, "\n".join(lines).encode(), hashlib.sha256).digest()
        return base64.b64encode(made).decode()

    def bytes_of(self, container: str, blob: str) -> bytes | None:
        answer = self.ask("GET", f"/{container}/{quote(blob)}")
        return None if answer.status == 404 else answer.body

    def damage(self, container: str, blob: str) -> None:
        """Other bytes, and all that is kept beside them unchanged."""
        path = f"/{container}/{quote(blob)}"
        before = self.ask("GET", path)
        beside = {k: v for k, v in before.headers.items() if k.startswith("x-ms-meta-")}
        spoilt = bytes([before.body[0] ^ 1]) + before.body[1:]
        answer = self.ask("PUT", path, beside | {"x-ms-blob-type": "BlockBlob"}, spoilt)
        assert answer.status == 201, answer
