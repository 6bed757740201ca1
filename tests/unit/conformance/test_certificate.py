"""A certificate says what the report says, agrees with itself, and never more than was tried."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coffre.conformance import Outcome, Tally
from coffre.conformance.certificate import (
    DOES_NOT_PROVE,
    KIND,
    PROVES,
    Certificate,
    outcome_of,
)
from coffre.seal import DocumentError, PrivateKey, PublicKey, SealedDocument, seal, unseal
from tests.unit.conformance.reports import HOSTILE, mixed, report, verdict

ISSUED = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
ANYBODY = PublicKey(bytes(32))


def certificate(text: str = "") -> Certificate:
    return Certificate.of(mixed(text), issued=ISSUED, distribution="tapes 2.1")


def document(claims: dict[str, Any], kind: str = KIND) -> SealedDocument:
    return SealedDocument(kind=kind, claims=claims, signer=ANYBODY)


@pytest.fixture
def claims() -> dict[str, Any]:
    """What a certificate says, as it is read again."""
    found: dict[str, Any] = json.loads(json.dumps(certificate().to_json()))
    return found


@pytest.mark.parametrize("text", ["", HOSTILE])
def test_a_certificate_is_read_as_it_was_written(tmp_path: Path, text: str) -> None:
    written = certificate(text)
    key = PrivateKey.make(tmp_path / "key")

    assert Certificate.read(unseal(written.sealed(key), expected=key.public)) == written


def test_it_names_driver_service_versions_seed_and_date(claims: dict[str, Any]) -> None:
    assert claims["driver"] == {
        "name": "tape",
        "version": "2.1",
        "contract": "1.0",
        "distribution": "tapes 2.1",
    }
    assert claims["service"] == {"url": "tape://1"}
    assert claims["kit"].items() >= {"coffre": "0.1.0", "contract": "1.0"}.items()
    assert claims["run"].items() >= {"seed": 7, "started": "2026-11-24T12:00:00.000000Z"}.items()
    assert claims["issued"] == "2026-11-24T13:00:00.000000Z"


def test_it_tells_each_profile_and_a_failure_makes_it_failed(claims: dict[str, Any]) -> None:
    assert claims["outcome"] == "failed"
    assert {name: told["outcome"] for name, told in claims["profiles"].items()} == {
        "core": "failed",
        "metadata": "not tried",
        "speed": "passed",
    }
    assert claims["failures"] == [
        {"duty": "put.whole", "trial": "put.whole/other", "seen": "two bytes"}
    ]
    assert claims["not_tried"] == [{"reason": "no way", "trials": ["get.whole/look"]}]
    assert claims["figures"] == [{"name": "puts", "value": 1234.5, "unit": "objects/s"}]


def test_it_says_what_it_does_not_prove(claims: dict[str, Any]) -> None:
    assert claims["proves"] == list(PROVES)
    assert claims["does_not_prove"] == list(DOES_NOT_PROVE)


@pytest.mark.parametrize(
    ("tally", "outcome"),
    [
        (Tally(), Outcome.NOT_TRIED),
        (Tally(not_tried=3), Outcome.NOT_TRIED),
        (Tally(passed=1, not_tried=3), Outcome.PASSED),
        (Tally(passed=9, failed=1), Outcome.FAILED),
    ],
)
def test_nothing_tried_is_not_passed(tally: Tally, outcome: Outcome) -> None:
    assert outcome_of(tally) is outcome


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda told: told.update(outcome="passed"), "contradicts itself"),
        (lambda told: told.update(failures=[]), "contradicts itself"),
        (lambda told: told.update(not_tried=[]), "contradicts itself"),
        (lambda told: told["profiles"]["core"].update(failed=0), "contradicts itself"),
        (lambda told: told["profiles"]["core"].update(outcome="passed"), "contradicts itself"),
        (lambda told: told["profiles"].pop("core"), "contradicts itself"),
        (lambda told: told.update(schema=2), "upgrade coffre"),
        (lambda told: told.pop("schema"), "schema is missing"),
        (lambda told: told["run"].update(seed=-1), r"run\.seed"),
        (lambda told: told["run"].update(seed=True), r"run\.seed"),
        (lambda told: told["run"].update(seconds=float("inf")), r"run\.seconds"),
        (lambda told: told["run"].update(seconds=10**400), r"run\.seconds"),
        (lambda told: told["driver"].update(name=7), r"driver\.name"),
        (lambda told: told.update(driver="tape"), "field driver"),
        (lambda told: told["figures"][0].update(value="x"), r"figures\[0\]\.value"),
        (lambda told: told.update(remarks=[1]), "remarks"),
        (lambda told: told.update(figures={}), "figures"),
    ],
)
def test_a_signed_document_that_makes_no_sense_is_refused(
    claims: dict[str, Any], change: Callable[[dict[str, Any]], object], why: str
) -> None:
    change(claims)

    with pytest.raises(DocumentError, match=why):
        Certificate.read(document(claims))


# The reader has its own words for what is proved and what is not.
READ = [name for name in certificate().to_json() if not name.endswith("prove") and name != "proves"]


@pytest.mark.parametrize("name", READ)
def test_no_field_may_be_missing(claims: dict[str, Any], name: str) -> None:
    del claims[name]

    with pytest.raises(DocumentError, match=name):
        Certificate.read(document(claims))


def test_a_field_of_a_later_version_is_passed_over(claims: dict[str, Any]) -> None:
    claims["later"] = {"more": 1}

    assert Certificate.read(document(claims)) == certificate()


def test_another_document_is_no_certificate(tmp_path: Path) -> None:
    key = PrivateKey.make(tmp_path / "key")
    other = unseal(seal("application/vnd.coffre.other+json", {}, key))

    with pytest.raises(DocumentError, match="no certificate"):
        Certificate.read(other)


def test_a_run_in_which_nothing_was_tried_has_a_certificate_that_says_so() -> None:
    told = Certificate.of(report(verdict(outcome=Outcome.NOT_TRIED)), issued=ISSUED)

    assert told.outcome is Outcome.NOT_TRIED
