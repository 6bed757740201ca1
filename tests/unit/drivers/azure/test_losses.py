"""What could be lost: what is taken away though it is in doubt, or not known to be elsewhere."""

from __future__ import annotations

from hashlib import sha256
from random import Random

import pytest

from coffre.contract import (
    DigestAlgorithm,
    OfferFailedError,
    OfferUnavailableError,
    QuarantineRequest,
    StatRequest,
    SweepRequest,
)
from coffre.drivers.azure import AzureDriver
from tests.unit.drivers.azure.account import Account, Asked, Blob, Said
from tests.unit.drivers.azure.asking import BLOCK, PATH, REF, put_request

LONG = {"noise": Random(3).randbytes(7500).hex()}
"""Metadata that no header can hold."""
LARGE = bytes(range(256)) * 640


def stored_and_then(account: Account, said: Said) -> None:
    """The next put of the object is done, and answered otherwise."""

    def rule(asked: Asked) -> Said | None:
        if asked.method != "PUT" or asked.path != PATH or "comp" in asked.query:
            return None
        account.rules.remove(rule)
        assert account.answer(asked).status == 201
        return said

    account.rules.append(rule)


def test_a_put_in_doubt_leaves_the_metadata_of_what_may_be_there(account: Account) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        stored_and_then(account, Said(500, "OperationTimedOut"))
        with pytest.raises(OfferUnavailableError) as caught:
            connection.put(put_request(metadata=LONG))
        assert caught.value.effect_unknown
        assert connection.stat(StatRequest(ref=REF)).metadata == LONG


def test_a_put_that_a_gateway_sent_twice_keeps_its_metadata(account: Account) -> None:
    with AzureDriver().connect(account.parameters()) as connection:
        stored_and_then(account, Said(409, "BlobAlreadyExists"))
        connection.put(put_request(metadata=LONG))
        assert connection.stat(StatRequest(ref=REF)).metadata == LONG


@pytest.mark.parametrize("said", [Said(503, "ServerBusy"), Said(404)])
def test_what_was_published_is_in_doubt_when_it_cannot_be_looked_at(
    account: Account, said: Said
) -> None:
    def rule(asked: Asked) -> Said | None:
        seen = asked.method == "HEAD" and asked.path == PATH and PATH in account.blobs
        return said if seen else None

    account.rules.append(rule)
    with (
        AzureDriver().connect(account.parameters(block_size=BLOCK)) as connection,
        pytest.raises(OfferUnavailableError) as caught,
    ):
        connection.put(put_request(LARGE))
    assert caught.value.effect_unknown


def test_a_sweep_counts_nothing_that_the_service_did_not_remove(account: Account) -> None:
    left = f"/archive/.metadata/{REF}/left"
    account.blobs[left] = Blob(b"{}", {})
    account.rules.append(listed_as_old)
    account.once("DELETE", left, Said(403, "AuthorizationPermissionMismatch"))
    with AzureDriver().connect(account.parameters()) as connection:
        refused = connection.sweep(SweepRequest(older_than=0))
        assert (refused.removed, refused.kept, refused.freed) == (0, 1, 0)
        assert connection.sweep(SweepRequest(older_than=0)).removed == 1


def listed_as_old(asked: Asked) -> Said | None:
    if asked.query.get("comp") != "list" or not asked.query.get("prefix", "").startswith(
        ".metadata/"
    ):
        return None
    blob = (
        f"<Blob><Name>.metadata/{REF}/left</Name><Properties><Content-Length>2</Content-Length>"
        "<Last-Modified>Tue, 24 Nov 2020 19:00:00 GMT</Last-Modified></Properties></Blob>"
    )
    body = f"<EnumerationResults><Blobs>{blob}</Blobs><NextMarker/></EnumerationResults>"
    return Said(200, body=body.encode())


BAD = QuarantineRequest(ref=REF, reason="digest-mismatch")


def copied(account: Account, cut: int) -> None:
    """Have copies made of so many bytes of the object."""

    def rule(asked: Asked) -> Said | None:
        if asked.method != "PUT" or "x-ms-copy-source" not in asked.headers:
            return None
        kept = {name: text for name, text in asked.headers.items() if "x-ms-meta-" in name}
        account.blobs[asked.path] = Blob(account.blobs[PATH].body[:cut], kept)
        return Said(202, headers={"x-ms-copy-status": "success"})

    account.rules.append(rule)


def test_bad_bytes_are_taken_away_only_once_all_of_them_are_aside(account: Account) -> None:
    copied(account, 3)
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request())
        with pytest.raises(OfferFailedError):
            connection.quarantine(BAD)
    assert PATH in account.blobs


def test_bad_bytes_keep_what_they_should_have_been(account: Account) -> None:
    copied(account, 7)
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request(metadata={"name": "charter.pdf"}))
        place = connection.quarantine(BAD).place
    headers = account.blobs[f"/{place}"].headers
    assert headers["x-ms-meta-coffre_digest"] == str(DigestAlgorithm.SHA512.of(b"charter"))
    assert headers["x-ms-meta-coffre_size"] == "7"
    assert "charter.pdf" in headers["x-ms-meta-coffre_metadata"]
    assert headers["x-ms-meta-coffre_reason"] == "digest-mismatch"


def test_bad_bytes_keep_metadata_that_are_a_blob_of_their_own(account: Account) -> None:
    copied(account, 7)
    # Random, so that no compression makes a header of it.
    long = {"note": "".join(sha256(bytes([n])).hexdigest() for n in range(200))}
    with AzureDriver().connect(account.parameters()) as connection:
        connection.put(put_request(metadata=long))
        place = connection.quarantine(BAD).place
    assert long["note"].encode() in account.blobs[f"/{place}.metadata"].body
