"""FTP over TLS: a certificate that nobody vouches for ends it before a password is sent."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import create_server, socket
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from coffre.contract import OfferUnavailableError
from coffre.drivers.fsspec import FsspecDriver
from tests.unit.drivers.fsspec.test_parameters import parameters


class Impostor:
    """A service with a certificate of its own making, which keeps what it is told."""

    def __init__(self, certificate: Path) -> None:
        self.told: list[str] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listener = create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        peer, _ = self._listener.accept()
        peer.settimeout(2)
        with peer:
            peer.sendall(b"220 welcome\r\n")
            self._hear(peer)
            peer.sendall(b"234 go on\r\n")
            try:
                with self._context.wrap_socket(peer, server_side=True) as secured:
                    while self._hear(secured):
                        secured.sendall(b"331 and the password?\r\n")
            except (ssl.SSLError, OSError):
                return

    def _hear(self, peer: socket) -> bool:
        line = peer.recv(1024).decode()
        self.told.append(line.strip())
        return bool(line)

    def close(self) -> None:
        self._thread.join()
        self._listener.close()


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[Impostor]:
    service = Impostor(certificate_in(tmp_path))
    yield service
    service.close()


def certificate_in(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "impostor.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_service_that_cannot_be_who_it_says_is_not_told_the_password(impostor: Impostor) -> None:
    given = parameters(f"ftps://127.0.0.1:{impostor.port}/", user="coffre", password="hunter2")
    with pytest.raises(OfferUnavailableError):
        FsspecDriver().connect(given)
    assert impostor.told == ["AUTH TLS"]
