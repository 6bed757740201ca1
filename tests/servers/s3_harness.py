"""How the kit reaches an S3 service, and looks at what it holds with a client of its own."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import http.client
from base64 import b32encode
from collections.abc import Mapping
from typing import cast
from urllib.parse import quote, urlsplit
from uuid import uuid4

from coffre.conformance import Harness
from coffre.conformance.broken import NotTried
from coffre.contract import ConnectionParameters, Driver, ObjectRef, Secret, SupportsPrepare

MIB = 1024 * 1024
ASIDE = "x-amz-meta-coffre-aside"


class Client:
    """Requests to S3, signed by another hand than the driver's."""

    def __init__(self, address: Mapping[str, str]) -> None:
        self.address = address
        self.url = urlsplit(address["S3_ENDPOINT"])

    def ask(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """One request; ``query`` is escaped and sorted."""
        now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest()
        path = quote(path, safe="/-_.~")
        signed = {
            **(headers or {}),
            "host": self.url.netloc,
            "x-amz-content-sha256": digest,
            "x-amz-date": now,
        }
        signed = dict(sorted(signed.items()))
        lines = "".join(f"{name}:{' '.join(value.split())}\n" for name, value in signed.items())
        names = ";".join(signed)
        region = self.address["S3_REGION"]
        scope = f"{now[:8]}/{region}/s3/aws4_request"
        canonical = "\n".join([method, path, query, lines, names, digest])
        to_sign = "\n".join(
            ["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()]
        )
        key = ("AWS4" + self.address["S3_SECRET_KEY"]).encode()
        for part in (now[:8], region, "s3", "aws4_request", to_sign):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signed["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.address['S3_ACCESS_KEY']}/{scope},"
            f"SignedHeaders={names},Signature={key.hex()}"
        )
        connection = http.client.HTTPConnection(self.url.netloc, timeout=60)
        try:
            target = f"{path}?{query}" if query else path
            connection.request(method, target, body=body, headers=signed)
            answer = connection.getresponse()
            return (
                answer.status,
                {name.lower(): value for name, value in answer.getheaders()},
                answer.read(),
            )
        finally:
            connection.close()


class S3Harness(Harness):
    """A new bucket of a service, or a new prefix of one, for one check."""

    exclusive = True
    containers = ("object", "report", "a.b")
    large_object = 64 * MIB
    answer_within = 20.0
    checks_signatures = True
    """Whether the service refuses a wrong key; an emulator does not."""

    def __init__(
        self, driver: Driver, address: Mapping[str, str], bucket: str, **values: object
    ) -> None:
        """Make an offer of a new prefix.

        Args:
            driver: bare or wrapped.
            address: of the service, with its keys.
            bucket: which is there.
            values: parameters beside the address.
        """
        self.client = Client(address)
        self.checks_signatures = address["S3_ACCESS_KEY"] != "test"  # an emulator's
        self.bucket = bucket
        self.prefix = f"{uuid4().hex}/"
        self._values = values
        super().__init__(driver, self._parameters(driver, address["S3_ENDPOINT"]))

    def _parameters(
        self, driver: Driver, endpoint: str, key: str = "", secret: str = "", **values: object
    ) -> ConnectionParameters:
        address = self.client.address
        return ConnectionParameters.checked(
            driver.parameters,
            url=f"{endpoint}/{self.bucket}/{self.prefix.rstrip('/')}",
            values={
                "region": address["S3_REGION"],
                "access_key": key or address["S3_ACCESS_KEY"],
                "secret_key": Secret(secret or address["S3_SECRET_KEY"]),
                "part_size": 5 * MIB,
                "timeout": 5.0,
                **values,
                **self._values,
            },
        )

    # --- a look at what is held -----------------------------------------------------------

    def key_of(self, ref: ObjectRef) -> str:
        return f"{self.prefix}{ref.tenant}/{ref.container}/{ref.identifier}"

    def _ask(
        self, method: str, key: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        return self.client.ask(method, f"/{self.bucket}/{key}", "", body, headers)

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        return self._bytes(self.holder(ref))

    def _bytes(self, key: str) -> bytes | None:
        status, _, body = self._ask("GET", key)
        assert status in (200, 404), body
        return body if status == 200 else None

    def holder(self, ref: ObjectRef) -> str:
        """Key of the bytes of an object, which may be kept aside."""
        _, headers, _ = self._ask("HEAD", self.key_of(ref))
        token = headers.get(ASIDE)
        if token is None:
            return self.key_of(ref)
        folder = f"{ref.tenant}/{ref.container}/{ref.identifier}"
        return f"{self.prefix}.coffre/large/{folder}/{token}"

    def damage(self, ref: ObjectRef) -> None:
        key = self.holder(ref)
        _, headers, data = self._ask("GET", key)
        kept = {name: value for name, value in headers.items() if name.startswith("x-amz-meta-")}
        status, _, body = self._ask("PUT", key, bytes([data[0] ^ 1]) + data[1:], kept)
        assert status == 200, body

    def bytes_set_aside(self, place: str) -> bytes | None:
        status, _, body = self.client.ask("GET", "/" + place.removeprefix("s3://"))
        assert status in (200, 404), body
        return body if status == 200 else None

    # --- other parameters -----------------------------------------------------------------

    def through(self, host: str, port: int) -> ConnectionParameters:
        # What the service honours is stated, so that a fault meets a put, and not a trial.
        stated: dict[str, object] = {"conditions": "put", "checksum": "none"}
        return self._parameters(self.driver, f"http://{host}:{port}", "", "", **stated)

    def refused_user(self) -> ConnectionParameters:
        if not self.checks_signatures:
            raise NotTried("the service checks no signature")
        return self._parameters(
            self.driver, self.client.address["S3_ENDPOINT"], secret="a-guess-that-is-wrong"
        )

    def other_user(self) -> ConnectionParameters:
        address = self.client.address
        if "S3_SECOND_ACCESS_KEY" not in address:
            return super().other_user()
        return self._parameters(
            self.driver,
            address["S3_ENDPOINT"],
            address["S3_SECOND_ACCESS_KEY"],
            address["S3_SECOND_SECRET_KEY"],
        )

    def new_place(self) -> ConnectionParameters:
        bucket = f"new-{uuid4().hex}"
        url = f"{self.client.address['S3_ENDPOINT']}/{bucket}"
        return ConnectionParameters(url=url, values=self.parameters.values)


class BucketsHarness(S3Harness):
    """Buckets for one check, one for each container."""

    def __init__(
        self, driver: Driver, address: Mapping[str, str], bucket: str, **values: object
    ) -> None:
        super().__init__(driver, address, bucket, **values)
        self.prefix = ""
        self.parameters = self._parameters(driver, address["S3_ENDPOINT"])

    def key_of(self, ref: ObjectRef) -> str:
        word = ref.container
        if "." in word:
            word = "-" + b32encode(word.encode()).decode().rstrip("=").lower()
        return f"../{self.bucket}-{ref.tenant}-{word}/{ref.identifier}"

    def _ask(
        self, method: str, key: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        place = key.removeprefix("../") if key.startswith("../") else f"{self.bucket}/{key}"
        return self.client.ask(method, f"/{place}", "", body, headers)


def new_bucket(
    driver: Driver, address: Mapping[str, str], bucket: str = "", **values: object
) -> str:
    """Make a bucket, by the driver; its name."""
    bucket = bucket or f"coffre-{uuid4().hex}"
    parameters = ConnectionParameters.checked(
        driver.parameters,
        url=f"{address['S3_ENDPOINT']}/{bucket}",
        values={
            "region": address["S3_REGION"],
            "access_key": address["S3_ACCESS_KEY"],
            "secret_key": Secret(address["S3_SECRET_KEY"]),
            **values,
        },
    )
    cast(SupportsPrepare, driver).prepare(parameters)
    return bucket
