"""Their side: the clients that a user would pick, as their own documentation uses them.

Nothing is switched on that costs more than the default. Libraries are imported when they are
measured: they come from ``requirements/peers.lock`` (``make peers``), and coffre needs none.
"""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast
from uuid import uuid4

from benchmarks.archives import MIB
from benchmarks.cases.drivers.ours import BUCKET
from benchmarks.cases.drivers.stores import BLOCK, Source, Store, address_of, checked, peer_module
from benchmarks.measuring import NotMeasuredError


class _Count(io.RawIOBase):
    """A file that only counts what is written to it."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        length = memoryview(data).nbytes  # type: ignore[arg-type]
        self.size += length
        return length


@contextmanager
def boto3(address: Mapping[str, str]) -> Iterator[Store]:
    """boto3 and its transfer manager."""
    config = peer_module("botocore.config").Config(
        request_checksum_calculation="when_required", s3={"addressing_style": "path"}
    )
    client = peer_module("boto3").client(
        "s3",
        endpoint_url=address["S3_ENDPOINT"],
        aws_access_key_id=address["S3_ACCESS_KEY"],
        aws_secret_access_key=address["S3_SECRET_KEY"],
        region_name=address["S3_REGION"],
        config=config,
    )
    prefix = uuid4().hex
    with suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=BUCKET)

    class Boto3:
        def put_large(self, name: str, size: int) -> None:
            client.upload_fileobj(Source(size), BUCKET, f"{prefix}/{name}")

        def get_large(self, name: str, size: int) -> None:
            body = client.get_object(Bucket=BUCKET, Key=f"{prefix}/{name}")["Body"]
            checked(sum(map(len, body.iter_chunks(MIB))), size)

        def put(self, name: str, data: bytes) -> None:
            client.put_object(Bucket=BUCKET, Key=f"{prefix}/{name}", Body=data)

        def get(self, name: str, size: int) -> None:
            body = client.get_object(Bucket=BUCKET, Key=f"{prefix}/{name}")["Body"]
            checked(len(body.read()), size)

    yield Boto3()
    client.close()


@contextmanager
def obstore(address: Mapping[str, str]) -> Iterator[Store]:
    """obstore, the fastest of the study."""
    library = peer_module("obstore")
    store = peer_module("obstore.store").S3Store(
        BUCKET,
        endpoint=address["S3_ENDPOINT"],
        access_key_id=address["S3_ACCESS_KEY"],
        secret_access_key=address["S3_SECRET_KEY"],
        region=address["S3_REGION"],
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    prefix = uuid4().hex

    class Obstore:
        def put_large(self, name: str, size: int) -> None:
            library.put(store, f"{prefix}/{name}", Source(size).chunks())

        def get_large(self, name: str, size: int) -> None:
            stream = library.get(store, f"{prefix}/{name}").stream()
            checked(sum(map(len, stream)), size)

        def put(self, name: str, data: bytes) -> None:
            library.put(store, f"{prefix}/{name}", data)

        def get(self, name: str, size: int) -> None:
            checked(len(library.get(store, f"{prefix}/{name}").bytes()), size)

    yield Obstore()


@contextmanager
def swiftclient(_: Path) -> Iterator[Store]:
    """python-swiftclient's connection."""
    at = address_of("SWIFT")
    library = peer_module("swiftclient.client")
    client = library.Connection(at["SWIFT_AUTH_URL"], at["SWIFT_USER"], at["SWIFT_KEY"], retries=0)
    container = f"bench-{uuid4().hex[:8]}"
    client.put_container(container)

    class Swiftclient:
        def put_large(self, name: str, size: int) -> None:
            client.put_object(container, name, Source(size), content_length=size, chunk_size=MIB)

        def get_large(self, name: str, size: int) -> None:
            _, body = client.get_object(container, name, resp_chunk_size=MIB)
            checked(sum(map(len, body)), size)

        def put(self, name: str, data: bytes) -> None:
            client.put_object(container, name, data)

        def get(self, name: str, size: int) -> None:
            checked(len(client.get_object(container, name)[1]), size)

    yield Swiftclient()
    client.close()


@contextmanager
def azure_blob(_: Path) -> Iterator[Store]:
    """azure-storage-blob."""
    at = address_of("AZURE")
    library = peer_module("azure.storage.blob")
    service = library.BlobServiceClient(at["AZURE_ENDPOINT"], credential=at["AZURE_KEY"])
    client = service.create_container(f"bench{uuid4().hex[:8]}")

    class AzureBlob:
        def put_large(self, name: str, size: int) -> None:
            client.upload_blob(name, Source(size), length=size)

        def get_large(self, name: str, size: int) -> None:
            checked(sum(map(len, client.download_blob(name).chunks())), size)

        def put(self, name: str, data: bytes) -> None:
            client.upload_blob(name, data)

        def get(self, name: str, size: int) -> None:
            checked(len(client.download_blob(name).readall()), size)

    yield AzureBlob()
    service.close()


@contextmanager
def paramiko(_: Path) -> Iterator[Store]:
    """paramiko as it comes; a temporary name, then a rename, as everybody writes it."""
    at = address_of("SFTP")
    library = peer_module("paramiko")
    client = library.SSHClient()
    client.load_host_keys(at["SFTP_KNOWN_HOSTS"])
    client.connect(
        at["SFTP_HOST"], int(at["SFTP_PORT"]), at["SFTP_USER"], key_filename=at["SFTP_KEY"]
    )
    sftp = client.open_sftp()
    place = f"{at['SFTP_ROOT']}/bench-{uuid4().hex[:8]}"
    sftp.mkdir(place)

    class Paramiko:
        def put_large(self, name: str, size: int) -> None:
            sftp.putfo(cast(BinaryIO, Source(size)), f"{place}/{name}.part", size)
            sftp.rename(f"{place}/{name}.part", f"{place}/{name}")

        def get_large(self, name: str, size: int) -> None:
            sink = _Count()
            sftp.getfo(f"{place}/{name}", cast(BinaryIO, sink))
            checked(sink.size, size)

        def put(self, name: str, data: bytes) -> None:
            with sftp.open(f"{place}/{name}.part", "wb") as file:
                file.write(data)
            sftp.rename(f"{place}/{name}.part", f"{place}/{name}")

        def get(self, name: str, size: int) -> None:
            with sftp.open(f"{place}/{name}", "rb") as file:
                checked(len(file.read()), size)

    yield Paramiko()
    client.close()


class OpenSsh:
    """The ``sftp`` program. It moves files, and many small ones in one batch."""

    def __init__(self, place: Path) -> None:
        """Log in anew for each batch, which is how the program is used.

        Args:
            place: on tmpfs; what is sent and received lies there.
        """
        self._at = address_of("SFTP")
        self._place = place
        self._remote = f"{self._at['SFTP_ROOT']}/bench-{uuid4().hex[:8]}"
        self.batch([f"mkdir {self._remote}"])

    def batch(self, lines: list[str]) -> None:
        """Carry out some lines in one session.

        Raises:
            NotMeasuredError: one of them failed, or there is no such program.
        """
        command = ["sftp", "-q", "-b", "-", "-P", self._at["SFTP_PORT"]]
        command += ["-i", self._at["SFTP_KEY"], "-o", "IdentitiesOnly=yes"]
        command += ["-o", f"UserKnownHostsFile={self._at['SFTP_KNOWN_HOSTS']}"]
        command.append(f"{self._at['SFTP_USER']}@{self._at['SFTP_HOST']}")
        text = "\n".join([*lines, ""])
        try:
            ended = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        except FileNotFoundError:
            raise NotMeasuredError("there is no program sftp") from None
        if ended.returncode != 0:
            raise NotMeasuredError(f"sftp failed: {ended.stderr.strip()[-300:]}")

    def prepare(self, name: str, size: int) -> None:
        """A file to send."""
        with (self._place / name).open("wb") as file:
            for chunk in Source(size).chunks():
                file.write(chunk)

    def put_line(self, name: str) -> list[str]:
        """Send a file that was prepared, under another name until it is whole."""
        remote = f"{self._remote}/{name}"
        return [f"put {self._place / name} {remote}.part", f"rename {remote}.part {remote}"]

    def get_line(self, name: str) -> list[str]:
        """Fetch what was sent."""
        return [f"get {self._remote}/{name} {self._place / name}.got"]

    def received(self, name: str, size: int) -> None:
        """Look whether it is there, and let it go."""
        path = self._place / f"{name}.got"
        checked(path.stat().st_size, size)
        path.unlink()


SMALL = BLOCK[: 16 * 1024]
"""A small object."""
