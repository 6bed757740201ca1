"""A bench: a place of its own on an offer, and nothing left there, nor anything else touched."""

from __future__ import annotations

import pytest

from coffre.conformance import Bench, Harness, NotTried, run
from coffre.conformance.finding import command_of
from coffre.contract import (
    Capability,
    ConnectionParameters,
    DeleteRequest,
    DeleteResult,
    ObjectRef,
    Parameter,
    RetainedError,
    Secret,
)
from coffre.testing import MemoryConnection, MemoryDriver
from tests.unit.conformance.benches import harness_of, offer_of

OTHERS = ObjectRef(tenant=0, container="object", identifier="somebody-s")


def test_a_whole_run_leaves_an_offer_as_it_found_it() -> None:
    harness = harness_of()
    offer_of(harness).plant(OTHERS, b"precious")

    report = run(harness, profiles=["core", "replace", "bulk-put", "quarantine"], seed=1)

    assert report.findings == ()
    assert offer_of(harness).refs() == [OTHERS]
    assert offer_of(harness).bytes_of(OTHERS) == b"precious"


def test_each_bench_has_tenants_of_its_own() -> None:
    harness = harness_of()

    with Bench(harness) as one, Bench(harness) as other:
        assert len({one.tenant, one.other_tenant, other.tenant, other.other_tenant}) == 4
        assert 1_000_000_000 <= one.tenant <= 2_000_000_000


def test_a_scratch_tenant_that_holds_something_is_not_touched() -> None:
    harness = harness_of()
    harness.tenants = (7, 8)
    theirs = ObjectRef(tenant=7, container="object", identifier="theirs")
    offer_of(harness).plant(theirs, b"precious")

    report = run(harness, only=["put.conflict"])

    assert report.tally.not_tried == len(report.verdicts)
    assert "not ours to touch" in str(report.verdicts[0].reason)
    assert offer_of(harness).bytes_of(theirs) == b"precious"


def test_tenants_that_are_given_are_used_again_and_again() -> None:
    harness = harness_of()
    harness.tenants = (7, 8)

    report = run(harness, only=["put", "get", "list", "delete"])

    assert report.findings == ()
    assert offer_of(harness).refs() == []


def test_a_service_with_one_tenant_is_tried_as_far_as_that_goes() -> None:
    harness = harness_of()
    harness.tenants = (7,)

    report = run(harness, only=["put.names/tenants-are-apart", "put.names/containers-are-apart"])

    assert [one.outcome for one in report.verdicts] == ["passed", "not tried"]


def test_what_could_not_be_deleted_is_told() -> None:
    class Keeping(MemoryConnection):
        def delete(self, request: DeleteRequest) -> DeleteResult:
            raise RetainedError("kept for ever")

    class KeepingDriver(MemoryDriver):
        def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
            inner = super().connect(parameters)
            return Keeping(parameters, inner._offer)

    report = run(harness_of(KeepingDriver()), only=["put.whole/the-bytes*:10*", "put.evidence"])

    assert report.findings == ()
    assert any("left on the offer" in remark for remark in report.remarks())


def test_the_whole_offer_is_used_only_when_it_is_the_kits_own() -> None:
    shared, own = harness_of(), harness_of()
    own.exclusive = True
    name = "put.names/every-tenant-of-the-protocol-can-store:0"

    assert run(shared, only=[name]).tally.not_tried == 1
    assert run(own, only=[name]).tally.passed == 1


def test_a_capability_can_be_asked_for() -> None:
    with Bench(harness_of()) as bench:
        bench.need(Capability.REPLACE)
        with pytest.raises(NotTried, match="resumable-put"):
            bench.need(Capability.RESUMABLE_PUT)


def test_no_secret_shows_in_how_to_see_a_finding_again() -> None:
    key = Parameter(name="key", help="A key.", type=Secret)
    parameters = ConnectionParameters.checked(
        (key,), url="memory://guarded", values={"key": "open-sesame"}
    )
    harness = Harness(MemoryDriver(), parameters)

    assert command_of(harness) == "coffre conform memory --url memory://guarded --param 'key=***'"


def test_what_is_set_aside_stays_and_is_told_unless_all_is_thrown_away() -> None:
    shared, own = harness_of(), harness_of()
    own.exclusive = True

    remarks = [run(one, only=["quarantine.aside"], seed=1).remarks() for one in (shared, own)]

    assert remarks[0] == (
        "left on the offer: what was set aside; the contract has no way to remove it",
    )
    assert remarks[1] == ()
