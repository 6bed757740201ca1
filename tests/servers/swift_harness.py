"""How the kit reaches a Swift, and looks at what it holds with a client of its own."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from urllib.parse import quote, urlsplit
from uuid import uuid4

from coffre.conformance import Harness
from coffre.contract import ConnectionParameters, Driver, ObjectRef, Secret

MIB = 1024 * 1024


class Client:
    """Requests to one account, by another hand than the driver's."""

    def __init__(self, address: Mapping[str, str]) -> None:
        self.auth = urlsplit(address["SWIFT_AUTH_URL"])
        headers = {"X-Auth-User": address["SWIFT_USER"], "X-Auth-Key": address["SWIFT_KEY"]}
        status, told, _ = self._ask("GET", self.auth.path, headers)
        assert status == 200, status
        self.storage_url = told["x-storage-url"]
        self.account = urlsplit(self.storage_url).path
        self.token = told["x-auth-token"]

    def _ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.auth.netloc, timeout=60)
        try:
            connection.request(method, target, body=body, headers=dict(headers))
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, told, answer.read()
        finally:
            connection.close()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """One request; ``path`` follows the account, escaped, with its query."""
        told = {**(headers or {}), "X-Auth-Token": self.token}
        return self._ask(method, f"{self.account}{path}", told, body)

    def names(self, container: str) -> list[str]:
        """Names of the objects of a container; none when it is not there."""
        status, _, body = self.ask("GET", f"/{quote(container, safe='')}?format=json")
        return [entry["name"] for entry in json.loads(body)] if status == 200 else []


class SwiftHarness(Harness):
    """An offer of its own in one account, for one check."""

    exclusive = True
    containers = ("object", "report", "a.b")
    large_object = 32 * MIB
    answer_within = 30.0

    def __init__(self, driver: Driver, address: Mapping[str, str], **values: object) -> None:
        """Make an offer of a new prefix.

        Args:
            driver: bare or wrapped.
            address: of the service, with its user and key.
            values: parameters beside the address.
        """
        self.client = Client(address)
        self.address_told = address
        self.prefix = uuid4().hex[:12]
        self._values = values
        super().__init__(driver, self._parameters(driver))

    def _parameters(self, driver: Driver, **values: object) -> ConnectionParameters:
        told = self.address_told
        return ConnectionParameters.checked(
            driver.parameters,
            url=told["SWIFT_AUTH_URL"],
            values={
                "user": told["SWIFT_USER"],
                "password": Secret(told["SWIFT_KEY"]),
                "prefix": self.prefix,
                "timeout": 8.0,
                **self._values,
                **values,
            },
        )

    # --- a look at what is held -----------------------------------------------------------

    def path_of(self, ref: ObjectRef) -> str:
        return self._path(f"{self.prefix}+{ref.tenant}+{ref.container}", ref.identifier)

    def _path(self, container: str, name: str) -> str:
        return f"/{quote(container, safe='')}/{quote(name)}"

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        return self._bytes(self.path_of(ref))

    def bytes_set_aside(self, place: str) -> bytes | None:
        container, _, name = place.partition("/")
        return self._bytes(self._path(container, name))

    def _bytes(self, path: str) -> bytes | None:
        status, _, body = self.client.ask("GET", path)
        assert status in (200, 404), (status, body)
        return body if status == 200 else None

    def segments(self) -> list[str]:
        """Names of all that lies beside objects."""
        return self.client.names(f"{self.prefix}+segments")

    def damage(self, ref: ObjectRef) -> None:
        """Store other bytes with all else as it was; of a large object, a segment of them."""
        path = self.path_of(ref)
        _, told, _ = self.client.ask("HEAD", path)
        if "x-static-large-object" in told:
            _, _, manifest = self.client.ask("GET", f"{path}?multipart-manifest=get")
            path = quote(json.loads(manifest)[0]["name"])
        status, told, data = self.client.ask("GET", path)
        assert status == 200, status
        kept = {name: value for name, value in told.items() if name.startswith("x-object-meta-")}
        spoilt = bytes([data[0] ^ 1]) + data[1:]
        kept["Content-Type"] = told["content-type"]
        assert self.client.ask("PUT", path, spoilt, kept)[0] == 201

    # --- other parameters -----------------------------------------------------------------

    def other_user(self) -> ConnectionParameters:
        """One who may do anything in any account, and looks at this one."""
        return self._parameters(
            self.driver,
            user="admin:admin",
            password=Secret("admin"),
            storage_url=self.client.storage_url,
        )

    def refused_user(self) -> ConnectionParameters:
        return self._parameters(self.driver, password=Secret("a-guess-that-is-wrong"))
