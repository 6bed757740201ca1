"""Our side: an offer as a configuration makes it, with pool, limit, digest and verification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import cast
from uuid import uuid4

from benchmarks.cases.drivers.stores import Source, address_of, checked
from benchmarks.measuring import NotMeasuredError
from coffre.contract import (
    Buffer,
    Capability,
    ConnectionParameters,
    Digest,
    Driver,
    GetRequest,
    ObjectCorruptError,
    ObjectRef,
    PutRequest,
    Secret,
    SupportsPrepare,
)
from coffre.manager import load_driver
from coffre.offer import Offer
from coffre.pool import LimitedDriver, PooledDriver, PoolSettings
from coffre.streams import BytesContent, ReadableStream, VerifyingStream

BUCKET = "coffre-bench"
"""Made where it is not there."""


class _SourceStream(ReadableStream):
    """A source, lent by the mebibyte."""

    def __init__(self, size: int) -> None:
        self._given = Source(size)

    def chunks(self) -> Iterator[Buffer]:
        return self._given.chunks()


class _SourceContent:
    """As often as it is opened."""

    def __init__(self, size: int) -> None:
        self._size = size

    def open(self) -> _SourceStream:
        return _SourceStream(self._size)


class Ours:
    """A :class:`Store` over an offer."""

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._digests: dict[str, Digest] = {}

    def put_large(self, name: str, size: int) -> None:
        """With our digest over what was sent, held against what the service says it has."""
        request = PutRequest(ref=_ref(name), content=_SourceContent(size), size=size)
        self._digests[name] = self._offer.put(request).digest

    def get_large(self, name: str, size: int) -> None:
        """Verified, as the engine reads: the last piece comes after the verdict."""
        self._read(name, size)

    def put(self, name: str, data: bytes) -> None:
        request = PutRequest(ref=_ref(name), content=BytesContent(data), size=len(data))
        self._digests[name] = self._offer.put(request).digest

    def get(self, name: str, size: int) -> None:
        self._read(name, size)

    def _read(self, name: str, size: int) -> None:
        with self._offer.get(GetRequest(ref=_ref(name))) as found:
            stream = VerifyingStream(found.stream, size, self._digests[name], ObjectCorruptError)
            checked(sum(map(len, stream.chunks())), size)


def _ref(name: str) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=name)


@contextmanager
def _offer(driver: str, url: str, values: Mapping[str, object]) -> Iterator[Ours]:
    try:
        inner: Driver = load_driver(driver)
    except LookupError as error:
        raise NotMeasuredError(str(error)) from None
    parameters = ConnectionParameters.checked(inner.parameters, url=url, values=values)
    if Capability.PREPARE in inner.capabilities:
        cast(SupportsPrepare, inner).prepare(parameters)
    with PooledDriver(inner, PoolSettings(max_size=8)) as pooled:
        yield Ours(Offer("bench", LimitedDriver(pooled, max_concurrent=8), parameters))


def s3(address: Mapping[str, str], **values: object) -> AbstractContextManager[Ours]:
    """An S3 service, by its address."""
    keys = {"access_key": address["S3_ACCESS_KEY"], "secret_key": Secret(address["S3_SECRET_KEY"])}
    url = f"{address['S3_ENDPOINT']}/{BUCKET}/{uuid4().hex}"
    return _offer("s3", url, {**keys, "region": address["S3_REGION"], **values})


def swift(_: Path) -> AbstractContextManager[Ours]:
    """The Swift that was started."""
    at = address_of("SWIFT")
    key = Secret(at["SWIFT_KEY"])
    values = {"user": at["SWIFT_USER"], "password": key, "prefix": f"bench-{uuid4().hex[:8]}"}
    return _offer("swift", at["SWIFT_AUTH_URL"], values)


def azure(_: Path) -> AbstractContextManager[Ours]:
    """The Azure Blob Storage that was started."""
    at = address_of("AZURE")
    values = {"container": f"bench{uuid4().hex[:8]}", "account_key": Secret(at["AZURE_KEY"])}
    return _offer("azure", at["AZURE_ENDPOINT"], values)


def sftp(_: Path) -> AbstractContextManager[Ours]:
    """The OpenSSH server that was started."""
    at = address_of("SFTP")
    place = f"{at['SFTP_ROOT']}/bench-{uuid4().hex[:8]}"
    url = f"sftp://{at['SFTP_USER']}@{at['SFTP_HOST']}:{at['SFTP_PORT']}{place}"
    values = {"key_file": at["SFTP_KEY"], "known_hosts": at["SFTP_KNOWN_HOSTS"]}
    return _offer("sftp", url, values)
