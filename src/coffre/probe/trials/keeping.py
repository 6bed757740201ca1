"""Trials of what is kept: retention, metadata, the recorded digest, digests by the offer."""

from __future__ import annotations

from collections.abc import Mapping

from coffre.conformance import Bench, check, check_each, check_named, expect, raises, same
from coffre.conformance.session import DATA
from coffre.contract import (
    Capability,
    DigestAlgorithm,
    Evidence,
    OfferError,
    PutRequest,
    RetainedError,
)
from coffre.contract.requests import MAX_METADATA_BYTES
from coffre.probe.scratch import SIZES, data_of, scratch_of
from coffre.streams import BytesContent

EDGES: dict[str, Mapping[str, str]] = {
    "one": {"name": "charter.pdf", "Name": "CHARTER.PDF"},
    "many": {f"name-{number}": f"value-{number}" for number in range(300)},
    "not-ascii": {"name": "Réglement / été 🗄.pdf", "é": ' "quoted" \\ '},
    "at-the-bound": {"x": "é" * ((MAX_METADATA_BYTES - 1) // 2)},
}
"""Metadata as files have them, as headers spoil them, and as many as an offer must keep."""


# --- retention: first of all, its date has to pass before the probe ends ------------------------


@check("retention.held")
def what_is_retained_is_neither_deleted_nor_replaced(bench: Bench) -> None:
    """Before its date a removal is refused, and so is a replacement where there are any."""
    ref = bench.ref("retained")
    request = PutRequest(
        ref=ref,
        content=BytesContent(DATA),
        size=len(DATA),
        retain_until=scratch_of(bench).retain(ref),
    )
    with bench.session() as session:
        # Not noted on the bench, which would try to delete it: see the end of the probe.
        session.do("put 10 bytes, retained", lambda: session.connection.put(request))
        with raises(RetainedError, "deleting a retained object"):
            session.delete("retained")
        # The same bytes again, without a date: what was promised stays.
        session.do("put it again", lambda: session.connection.put(_plain(request, DATA)))
        with raises(RetainedError, "deleting a retained object that was put again"):
            session.delete("retained")
        if bench.has(Capability.REPLACE):
            with raises(OfferError, "replacing a retained object"):
                session.do(
                    "replace it",
                    lambda: session.connection.put(_plain(request, b"others", replace=True)),
                )
        same(session.read("retained"), DATA, "the bytes read")
        same(session.names(), ["retained"], "the container")


def _plain(request: PutRequest, data: bytes, *, replace: bool = False) -> PutRequest:
    return PutRequest(ref=request.ref, content=BytesContent(data), size=len(data), replace=replace)


# --- beside the bytes ---------------------------------------------------------------------------


@check_named("metadata.kept", EDGES)
def metadata_come_back(bench: Bench, metadata: Mapping[str, str]) -> None:
    """By stat and by get, on another session, as they were given."""
    with bench.session() as session:
        session.put("it", metadata=metadata)
    with bench.session() as session:
        same(dict(session.stat("it").metadata), dict(metadata), "the metadata by stat")
        with session.get("it") as result:
            same(dict(result.metadata), dict(metadata), "the metadata by get")
            same(result.stream.read(), DATA, "the bytes read")


@check("metadata.kept")
def an_object_put_again_has_its_own(bench: Bench) -> None:
    """Deleted, and put again without: nothing of the old metadata is told."""
    with bench.session() as session:
        session.put("it", metadata=EDGES["one"])
        session.delete("it")
        session.put("it")
        same(dict(session.stat("it").metadata), {}, "the metadata of an object put again")


@check_each("recorded-digest.kept", SIZES)
def the_recorded_digest_comes_back(bench: Bench, case: str) -> None:
    """Of objects of every size, announced or not."""
    data = data_of(bench, case)
    for name, announce in (("announced", True), ("not-announced", False)):
        with bench.session() as session:
            session.put(name, data, announce=announce)
        with bench.session() as session:
            recorded = session.stat(name).recorded
            same(recorded, DigestAlgorithm.SHA512.of(data), f"the recorded digest ({name})")


@check_each("offer-digest.computed", SIZES)
def the_offer_s_digest_is_ours(bench: Bench, case: str) -> None:
    """Under another algorithm than that of the put: what was recorded there is no answer."""
    data = data_of(bench, case)
    with bench.session() as session:
        session.put("it", data, announce=True)
    for algorithm in (DigestAlgorithm.SHA256, DigestAlgorithm.SHA512):
        with bench.session() as session:
            told = session.stat("it", algorithm)
        same(told.digest, algorithm.of(data), f"the {algorithm} digest by the offer")
        same(told.evidence, Evidence.REPORTED, "the evidence")


@check("offer-digest.computed")
def other_bytes_have_another_digest(bench: Bench) -> None:
    """Put, deleted, and others put under the same reference: nothing of the first is told."""
    with bench.session() as session:
        session.put("it", announce=True)
        first = session.stat("it", DigestAlgorithm.SHA256).digest
        session.delete("it")
        session.put("it", b"some bytez")
        second = session.stat("it", DigestAlgorithm.SHA256).digest
    expect(first != second, "two objects had the same digest")
    same(second, DigestAlgorithm.SHA256.of(b"some bytez"), "the digest of the second object")
