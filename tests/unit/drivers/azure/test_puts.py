"""Puts: what the service is asked, and what is said when it fails at each step."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from random import Random

import pytest

from coffre.contract import (
    ConnectionLostError,
    Digest,
    DigestAlgorithm,
    Evidence,
    ForbiddenError,
    GetRequest,
    ObjectConflictError,
    ObjectCorruptError,
    OfferFailedError,
    OfferUnavailableError,
    PutRequest,
    Secret,
    StatRequest,
)
from coffre.drivers.azure import AzureDriver
from coffre.drivers.azure.blocks import block_size_for
from coffre.drivers.azure.writing import ATTEMPTS
from coffre.streams import BytesContent
from tests.unit.drivers.azure.account import Account, Asked, Said
from tests.unit.drivers.azure.asking import BLOCK, PATH, REF, put_request

LARGE = bytes(range(256)) * 640
"""Two and a half blocks."""
NOISE = {"noise": Random(3).randbytes(7500).hex()}


def md5(data: bytes) -> str:
    return b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def puts(account: Account, comp: str | None) -> list[Asked]:
    return [one for one in account.asked if one.method == "PUT" and one.query.get("comp") == comp]


def test_a_small_object_is_one_request_that_creates_only(account: Account) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        result = connection.put(put_request())

    (one,) = puts(account, None)
    assert one.headers["content-md5"] == md5(b"charter")
    assert one.headers["if-none-match"] == "*"
    assert one.headers["x-ms-blob-type"] == "BlockBlob"
    assert one.headers["x-ms-meta-coffre_digest"] == str(DigestAlgorithm.SHA512.of(b"charter"))
    assert result.evidence is Evidence.PRESENT


def test_a_large_object_is_blocks_each_with_its_digest_and_a_list_of_them_alone(
    account: Account,
) -> None:
    with AzureDriver().connect(account.parameters(block_size=BLOCK)) as connection:
        connection.put(put_request(LARGE))

    blocks = puts(account, "block")
    (committed,) = puts(account, "blocklist")
    assert b"".join(one.body for one in blocks) == LARGE
    assert all(one.headers["content-md5"] == md5(one.body) for one in blocks)
    names = [one.query["blockid"].encode() for one in blocks]
    listed = b"".join(b"<Uncommitted>%b</Uncommitted>" % name for name in names)
    assert b"<BlockList>%b</BlockList>" % listed in committed.body
    assert committed.headers["if-none-match"] == "*"
    assert committed.headers["content-md5"] == md5(committed.body)
    assert "x-ms-blob-content-md5" not in committed.headers


def test_a_replacement_has_no_condition(account: Account) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request())
        connection.put(put_request(b"another", replace=True))

    assert "if-none-match" not in puts(account, None)[-1].headers
    assert account.blobs[PATH].body == b"another"


def test_the_size_of_what_a_list_made_is_asked_for(account: Account) -> None:
    with AzureDriver().connect(account.parameters(block_size=BLOCK)) as connection:
        account.once("HEAD", PATH, Said(404, "BlobNotFound"))
        account.once("HEAD", PATH, Said(200, body=LARGE[1:]))
        with pytest.raises(OfferFailedError, match="the service holds 163839"):
            connection.put(put_request(LARGE))


@pytest.mark.parametrize(
    ("comp", "code", "doubt"),
    [
        ("block", "InternalError", False),
        ("blocklist", "InternalError", True),
        (None, "InternalError", True),
        (None, "ServerBusy", False),
    ],
)
def test_an_effect_is_in_doubt_only_once_the_object_may_be_seen(
    account: Account, comp: str | None, code: str, doubt: bool
) -> None:
    def failing(asked: Asked) -> Said | None:
        wanted = asked.method == "PUT" and asked.query.get("comp") == comp
        return Said(503 if code == "ServerBusy" else 500, code) if wanted else None

    account.rules.append(failing)
    data = b"charter" if comp is None else LARGE
    with (
        AzureDriver().connect(account.parameters(block_size=BLOCK)) as connection,
        pytest.raises(OfferUnavailableError) as caught,
    ):
        connection.put(put_request(data))
    assert caught.value.effect_unknown is doubt
    assert caught.value.ref == REF


def test_bytes_that_were_changed_on_their_way_are_not_stored_and_may_be_sent_again(
    account: Account,
) -> None:
    account.once("PUT", PATH, Said(400, "Md5Mismatch"))
    with (
        AzureDriver().connect(account.parameters()) as connection,
        pytest.raises(ConnectionLostError, match="changed on their way") as caught,
    ):
        connection.put(put_request())
    assert not caught.value.effect_unknown


def test_a_service_that_took_other_bytes_is_found_out_and_they_are_taken_back(
    account: Account,
) -> None:
    account.once("PUT", PATH, Said(201, headers={"Content-MD5": md5(b"Charter"), "ETag": '"7"'}))
    with (
        AzureDriver().connect(account.parameters()) as connection,
        pytest.raises(OfferFailedError, match="does not check digests"),
    ):
        connection.put(put_request())
    last = account.asked[-1]
    assert (last.method, last.path, last.headers["if-match"]) == ("DELETE", PATH, '"7"')


def test_blocks_that_another_writer_took_away_are_sent_again(account: Account) -> None:
    parameters = account.parameters(block_size=BLOCK)
    with AzureDriver().connect(parameters) as connection:
        swept: list[Said] = [Said(400, "InvalidBlockList")]
        account.rules.append(
            lambda asked: swept.pop() if swept and asked.query.get("comp") == "blocklist" else None
        )
        connection.put(put_request(LARGE))
    assert account.blobs[PATH].body == LARGE

    names = {one.query["blockid"] for one in puts(account, "block")}
    assert len(names) == 6, "the second time they have other names"


def test_a_writer_that_never_comes_first_gives_up_and_may_try_again(account: Account) -> None:
    account.rules.append(
        lambda asked: (
            Said(400, "InvalidBlockList") if asked.query.get("comp") == "blocklist" else None
        )
    )
    with (
        AzureDriver().connect(account.parameters(block_size=BLOCK)) as connection,
        pytest.raises(OfferUnavailableError, match="always quicker") as caught,
    ):
        connection.put(put_request(LARGE, replace=True))
    assert not caught.value.effect_unknown
    assert len(puts(account, "blocklist")) == ATTEMPTS


def test_an_object_of_another_program_is_compared_by_its_bytes(account: Account) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request())
        account.blobs[PATH].headers.clear()

        assert connection.put(put_request()).evidence is Evidence.READ
        with pytest.raises(ObjectConflictError):
            connection.put(put_request(b"chartes"))


def test_an_object_recorded_under_another_algorithm_is_compared_by_its_bytes(
    account: Account,
) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request())
        other = PutRequest(
            ref=REF,
            content=BytesContent(b"charter"),
            size=7,
            algorithm=DigestAlgorithm.SHA256,
        )

        assert connection.put(other).already_there


def test_a_record_that_says_other_bytes_is_a_conflict_without_a_reading(account: Account) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request())
        with pytest.raises(ObjectConflictError):
            connection.put(put_request(b"chartes"))
    assert "GET" not in [one.method for one in account.asked]


def test_long_metadata_lie_in_a_blob_of_their_own_that_is_there_before_the_object(
    account: Account,
) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request(metadata=NOISE))

        first, second = puts(account, None)
        assert first.path.startswith("/archive/.metadata/0/object/it/")
        assert second.path == PATH
        assert dict(connection.stat(StatRequest(ref=REF)).metadata) == NOISE
        with connection.get(GetRequest(ref=REF)) as got:
            assert dict(got.metadata) == NOISE
            assert got.stream.read() == b"charter"


def test_metadata_that_were_damaged_are_not_given(account: Account) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request(metadata=NOISE))
        (aside,) = [blob for path, blob in account.blobs.items() if path != PATH]
        aside.body = aside.body.replace(b"noise", b"voice")
        with pytest.raises(ObjectCorruptError):
            connection.stat(StatRequest(ref=REF))


def test_a_put_that_is_refused_takes_its_long_metadata_with_it(account: Account) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request())
        with pytest.raises(ObjectConflictError):
            connection.put(put_request(b"another", metadata=NOISE))
    assert list(account.blobs) == [PATH]


def test_a_token_that_ends_in_the_middle_of_a_put_is_refused_as_such(account: Account) -> None:
    sas = Secret("sv=2021-12-02&sig=hush")
    parameters = account.parameters(account_key=None, sas_token=sas, block_size=BLOCK)
    account.once("HEAD", PATH, Said(404, "BlobNotFound"))
    with AzureDriver().connect(parameters) as connection:
        account.once("PUT", PATH, Said(201))
        account.once("PUT", PATH, Said(403, "AuthenticationFailed"))
        with pytest.raises(ForbiddenError) as caught:
            connection.put(put_request(LARGE))
    assert "hush" not in f"{caught.value!r} {caught.value}"
    assert account.asked[-1].query["sig"] == "hush"


def test_a_signature_for_the_container_alone_may_list_it_and_that_is_enough(
    account: Account,
) -> None:
    account.once("HEAD", "/archive", Said(403, "AuthorizationPermissionMismatch"))
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request())
    assert PATH in account.blobs


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, 8), (8 * 50_000, 8), (8 * 50_000 + 1, 9), (100 * 50_000, 100)],
)
def test_a_very_large_object_has_larger_blocks(size: int, expected: int) -> None:
    mebibyte = 1024 * 1024

    assert block_size_for(size * mebibyte, 8 * mebibyte) == expected * mebibyte


def test_the_digest_recorded_is_the_one_computed(account: Account) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request())
        told = connection.stat(StatRequest(ref=REF))
    assert told.recorded == Digest.parse(account.blobs[PATH].headers["x-ms-meta-coffre_digest"])
    assert told.recorded_size == 7
