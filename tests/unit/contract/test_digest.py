"""Digests are read as they are written, and compared only with their like."""

from __future__ import annotations

import hashlib
import pickle
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import Digest, DigestAlgorithm, InvalidDigestError

ALGORITHMS = list(DigestAlgorithm)
DIGESTS = st.builds(
    lambda algorithm, data: algorithm.of(data), st.sampled_from(ALGORITHMS), st.binary()
)


@given(DIGESTS)
def test_what_is_written_is_read_back(digest: Digest) -> None:
    assert Digest.parse(str(digest)) == digest
    assert Digest.parse(f"  {digest.algorithm.upper()}:{digest.hex.upper()}\n") == digest
    assert pickle.loads(pickle.dumps(digest)) == digest


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [("sha512", "sha512"), ("sha384", "sha384"), ("sha256", "sha256"), ("sha3-512", "sha3_512"),
     ("blake2b", "blake2b"), ("md5", "md5")],
)  # fmt: skip
def test_a_digest_is_the_one_that_everyone_computes(algorithm: str, name: str) -> None:
    found = DigestAlgorithm(algorithm).of(b"abc")

    assert found.hex == hashlib.new(name, b"abc").hexdigest()
    assert found.algorithm.length == len(found.value)


@given(st.sampled_from(ALGORITHMS), st.lists(st.binary()))
def test_a_digest_in_pieces_is_the_digest_of_the_whole(
    algorithm: DigestAlgorithm, pieces: list[bytes]
) -> None:
    hasher = algorithm.new()
    for piece in pieces:
        hasher.update(memoryview(piece))

    assert hasher.digest() == algorithm.of(b"".join(pieces)).value


@pytest.mark.parametrize(
    "text",
    ["", "sha512", "sha512:", ":00", "sha512:xyz", "sha1:" + "00" * 20, "md5:" + "00" * 15,
     "md5:" + "00" * 17, "sha512:" + "00" * 32, "md5:" + "0" * 31, "md5 " + "00" * 16],
)  # fmt: skip
def test_text_that_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(InvalidDigestError):
        Digest.parse(text)


@given(st.text())
def test_no_text_at_all_raises_anything_else(text: str) -> None:
    with suppress(InvalidDigestError):
        Digest.parse(text)


@pytest.mark.parametrize("spelling", ["SHA-512", "sha_512", "Sha512", " sha512 "])
def test_spellings_in_use_are_understood(spelling: str) -> None:
    assert DigestAlgorithm.parse(spelling) is DigestAlgorithm.SHA512


@pytest.mark.parametrize("spelling", ["SHA3-512", "sha3_512", "SHA-3-512"])
def test_spellings_of_sha3_are_understood(spelling: str) -> None:
    assert DigestAlgorithm.parse(spelling) is DigestAlgorithm.SHA3_512


def test_digests_of_two_algorithms_never_match() -> None:
    zeros = bytes(64)
    one, other = Digest(DigestAlgorithm.SHA512, zeros), Digest(DigestAlgorithm.BLAKE2B, zeros)

    assert not one.matches(other)
    assert one != other
    assert one.matches(Digest(DigestAlgorithm.SHA512, zeros))
    assert not one.matches(Digest(DigestAlgorithm.SHA512, b"\1" + zeros[1:]))


def test_only_md5_is_weak() -> None:
    assert [algorithm for algorithm in ALGORITHMS if algorithm.weak] == [DigestAlgorithm.MD5]
