"""Keys are those of other programs, are private from their first byte, and are never shown."""

from __future__ import annotations

import base64
import os
import pickle
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from coffre.seal import (
    KeyExistsError,
    PrivateKey,
    PublicKey,
    SealingKeyError,
    SigningMissingError,
)

# RFC 8032, 7.1: secret key, public key, message and signature of the second test.
SECRET = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")
SPKI = bytes.fromhex("302a300506032b6570032100")

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")


def pem(label: str, der: bytes) -> bytes:
    text = base64.b64encode(der).decode()
    return f"-----BEGIN {label}-----\n{text}\n-----END {label}-----\n".encode()


def written(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


def the_rfc_key(path: Path) -> Path:
    return written(path, pem("PRIVATE KEY", PKCS8 + bytes.fromhex(SECRET)))


def test_signatures_are_those_of_rfc_8032(tmp_path: Path) -> None:
    key = PrivateKey.read(the_rfc_key(tmp_path / "key"))

    assert key.public.raw.hex() == PUBLIC
    assert key.sign(b"\x72").hex() == SIGNATURE
    assert key.public.has_signed(b"\x72", bytes.fromhex(SIGNATURE))
    assert not key.public.has_signed(b"\x73", bytes.fromhex(SIGNATURE))
    assert not key.public.has_signed(b"\x72", b"")


def test_a_new_key_is_private_and_can_be_read_again(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = PrivateKey.make(tmp_path / "key")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert PrivateKey.read(tmp_path / "key").public == made.public


def test_a_new_key_never_takes_the_place_of_anything(tmp_path: Path) -> None:
    PrivateKey.make(tmp_path / "key")
    before = (tmp_path / "key").read_bytes()
    (tmp_path / "nowhere").symlink_to(tmp_path / "victim")

    for name in ("key", "nowhere"):
        with pytest.raises(KeyExistsError, match="stays as it is"):
            PrivateKey.make(tmp_path / name)
    assert (tmp_path / "key").read_bytes() == before
    assert not (tmp_path / "victim").exists()


def test_a_key_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SealingKeyError, match="No such file"):
        PrivateKey.make(tmp_path / "no" / "key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_private_key_that_others_can_open_is_refused(tmp_path: Path, mode: int) -> None:
    path = the_rfc_key(tmp_path / "key")
    path.chmod(mode)

    with pytest.raises(SealingKeyError, match="chmod 600"):
        PrivateKey.read(path)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no private key"),
        (b"hello", "no private key"),
        (pem("PRIVATE KEY", PKCS8 + b"short"), "no private key"),
        (pem("PUBLIC KEY", SPKI + bytes.fromhex(PUBLIC)), "no private key"),
    ],
)
def test_what_is_no_private_key_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(SealingKeyError, match=why):
        PrivateKey.read(written(tmp_path / "key", data))


def test_keys_of_other_kinds_and_with_passphrases_are_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    other = ec.generate_private_key(ec.SECP256R1())
    data = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(SealingKeyError, match="not one of Ed25519"):
        PrivateKey.read(written(tmp_path / "other", data))
    data = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(SealingKeyError, match="not one of Ed25519"):
        PublicKey.named(str(written(tmp_path / "public", data)))
    locked = ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2")
    )
    with pytest.raises(SealingKeyError, match="passphrase"):
        PrivateKey.read(written(tmp_path / "locked", locked))


def test_a_public_key_is_a_word_or_a_file(tmp_path: Path) -> None:
    key = PublicKey(bytes.fromhex(PUBLIC))
    word = written(tmp_path / "word", f"{key}\n".encode(), 0o644)
    file = written(tmp_path / "pem", pem("PUBLIC KEY", SPKI + key.raw), 0o644)

    assert PublicKey.named(str(key)) == key
    assert PublicKey.named(str(word)) == key
    assert PublicKey.named(str(file)) == key


def test_one_public_key_has_one_spelling() -> None:
    word = str(PublicKey(bytes.fromhex(PUBLIC)))
    assert word.endswith("=")
    other = word[:-2] + chr(ord(word[-2]) + 1) + "="  # the bits that are left over

    for wrong in (other, word.rstrip("="), f"{word}=", word.upper(), "ed25519:", "", "é"):
        with pytest.raises(SealingKeyError, match="is written"):
            PublicKey.parse(wrong)


def test_a_private_key_given_as_a_public_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SealingKeyError, match="holds a private key") as caught:
        PublicKey.named(str(the_rfc_key(tmp_path / "key")))
    assert base64.b64encode(bytes.fromhex(SECRET)).decode()[4:40] not in str(caught.value)


def test_a_public_key_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SealingKeyError, match="cannot be read"):
        PublicKey.named(str(tmp_path / "none"))


def test_a_private_key_neither_shows_nor_travels(tmp_path: Path) -> None:
    key = PrivateKey.read(the_rfc_key(tmp_path / "key"))

    assert repr(key) == f"PrivateKey({key.public})"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(key)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)

    with pytest.raises(SigningMissingError, match=r"pip install 'coffre\[certificate\]'"):
        PrivateKey.make(Path("never"))
    with pytest.raises(SigningMissingError):
        PublicKey(bytes(32)).has_signed(b"", b"")
    assert not Path("never").exists()


def test_the_library_is_not_imported_before_a_key_is_used() -> None:
    code = "import sys, coffre.seal, coffre.cli.main; print('cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@needs_openssl
def test_openssl_reads_our_keys_and_we_read_its_own(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    made = PrivateKey.make(ours)
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", theirs], check=True)
    theirs.chmod(0o600)
    for path, key in ((ours, made), (theirs, PrivateKey.read(theirs))):
        public = tmp_path / f"{path.name}.pub"
        subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-out", public], check=True)
        assert PublicKey.named(str(public)) == key.public
