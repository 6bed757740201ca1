"""Certificates for tests: an authority, a service of its, a client of its; as files."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(frozen=True)
class Authority:
    """Signs what is asked of it."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def bundle(self) -> str:
        """File that makes others believe it."""
        return str(self.folder / "authority.pem")

    @classmethod
    def made(cls, folder: Path) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("authority of a test")
        certificate = _signed(name, key, name, key, authority=True)
        folder.mkdir(exist_ok=True)
        (folder / "authority.pem").write_bytes(_pem(certificate))
        return cls(folder, key, certificate)

    def issue(self, name: str, alternative: x509.GeneralName) -> str:
        """File with a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _signed(
            _name(name), key, self.certificate.subject, self.key, alternative=alternative
        )
        path = self.folder / f"{name}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.write_bytes(_pem(certificate) + private)
        return str(path)

    def serving(self, alternative: x509.GeneralName | None = None) -> ssl.SSLContext:
        """How a service speaks TLS with a certificate of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        address = x509.IPAddress(ip_address("127.0.0.1"))
        context.load_cert_chain(self.issue("service", alternative or address))
        return context


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _signed(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
    alternative: x509.GeneralName | None = None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if alternative is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
