"""A Keystone, as far as its documentation of the Identity API v3 says how tokens are asked for.

It is a real web server that holds a request against what is documented, and answers as is
documented: status 201, the token in ``X-Subject-Token``, a catalogue in the body. Tokens are those
of a Swift behind it when it is given one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USER, PASSWORD, PROJECT, DOMAIN = "archivist", "a pass phrase, long", "archives", "Chancery"
CREDENTIAL, CREDENTIAL_NAME, SECRET = "0a1b2c", "for-coffre", "a secret of the credential"


@dataclass
class Keystone:
    """What it knows, and what it was asked."""

    storage_url: str
    token: Callable[[], str] = lambda: "a-token"
    lifetime: float = 3600.0
    skew: float = 0.0
    """Seconds by which its clock is ahead."""
    url: str = ""
    asked: list[dict[str, object]] = field(default_factory=list)

    def accepts(self, auth: dict[str, object]) -> bool:
        """Whether somebody may have a token."""
        identity = auth["identity"]
        assert isinstance(identity, dict)
        if identity["methods"] == ["application_credential"]:
            given = identity["application_credential"]
            if "user" in given:
                known = given["name"] == CREDENTIAL_NAME and given["user"]["name"] == USER
            else:
                known = given["id"] == CREDENTIAL
            return known and given["secret"] == SECRET and "scope" not in auth
        user = identity["password"]["user"]
        domain = {"name": DOMAIN}
        known = (user["name"], user["domain"], user["password"]) == (USER, domain, PASSWORD)
        scope = auth["scope"]
        assert isinstance(scope, dict)
        named = {"name": PROJECT, "domain": domain}
        return known and scope["project"] in (named, {"id": "77"})

    def answer(self) -> dict[str, object]:
        """The body of a token."""
        now = datetime.now(UTC) + timedelta(seconds=self.skew)
        endpoints = [
            {"interface": "admin", "region_id": "north", "url": "http://127.0.0.1:1/admin"},
            {"interface": "public", "region_id": "south", "url": "http://127.0.0.1:1/south"},
            {"interface": "public", "region_id": "north", "url": self.storage_url},
        ]
        other = {"type": "image", "endpoints": [{"interface": "public", "url": "http://x"}]}
        return {
            "token": {
                "issued_at": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "expires_at": (now + timedelta(seconds=self.lifetime)).strftime(
                    "%Y-%m-%dT%H:%M:%S.%fZ"
                ),
                "catalog": [other, {"type": "object-store", "endpoints": endpoints}],
            }
        }


@contextmanager
def serving(keystone: Keystone) -> Iterator[Keystone]:
    """Answer on a port of this machine; ``url`` says where."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != "/identity/v3/auth/tokens":
                return self._say(404, {"error": {"code": 404}})
            keystone.asked.append(body["auth"])
            if not keystone.accepts(body["auth"]):
                return self._say(401, {"error": {"code": 401, "title": "Unauthorized"}})
            return self._say(201, keystone.answer(), keystone.token())

        def _say(self, status: int, told: object, token: str = "") -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if token:
                self.send_header("X-Subject-Token", token)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    keystone.url = f"http://127.0.0.1:{server.server_port}/identity/v3"
    try:
        yield keystone
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
