"""Certificates of conformance, as a person reads them who was not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from coffre.cli.output import Output
from coffre.cli.status import ExitStatus
from coffre.cli.trials import FIGURES, HEADINGS, profile_rows, reason_line, tally_text
from coffre.cli.wording import seconds_text

if TYPE_CHECKING:
    from coffre.conformance.certificate import Certificate
    from coffre.seal import SealedDocument


def tell_certificate(document: SealedDocument, out: Output) -> ExitStatus:
    """Tell everything that a certificate says, and what it does not prove.

    Args:
        document: genuine, and a certificate by its type.
        out: where to.

    Returns:
        ``OK`` when something was tried and nothing failed; ``PART`` otherwise.

    Raises:
        DocumentError: it is of another version, or contradicts itself.
    """
    from coffre.conformance import Outcome
    from coffre.conformance.certificate import Certificate

    certificate = Certificate.read(document)
    if not out.as_json:
        _tell(certificate, out)
    return ExitStatus.OK if certificate.outcome is Outcome.PASSED else ExitStatus.PART


def _tell(certificate: Certificate, out: Output) -> None:
    from coffre.conformance.certificate import DOES_NOT_PROVE, PROVES

    for name, value in _facts(certificate):
        out.result({}, f"{name:<9} {value}")
    out.table(HEADINGS, profile_rows(certificate.profiles))
    for line in _findings(certificate):
        out.result({}, line)
    if certificate.figures:
        rows = [(one.name, f"{one.value:,.6g}", one.unit) for one in certificate.figures]
        out.table(FIGURES, rows)
    # Ours, whatever the document says of itself: its signer may have left some out.
    for title, sentences in (("It proves:", PROVES), ("It does not prove:", DOES_NOT_PROVE)):
        out.result({}, title)
        for sentence in sentences:
            out.result({}, f"- {sentence}")
    tally = tally_text(certificate.tally)
    out.result({}, f"the certificate says: {certificate.outcome} ({tally})")


def _facts(certificate: Certificate) -> Iterator[tuple[str, str]]:
    source = f" from {certificate.distribution}" if certificate.distribution else ""
    driver = f"{certificate.driver} {certificate.driver_version}{source}"
    yield "driver", f"{driver}, written for contract {certificate.written_for}"
    yield "service", certificate.service
    yield "kit", f"contract {certificate.contract}, coffre {certificate.coffre}"
    yield "machine", certificate.machine
    yield "declares", ", ".join(certificate.capabilities) or "no capability"
    yield "asked", ", ".join(certificate.asked)
    took = seconds_text(certificate.seconds)
    yield "run", f"{certificate.started}, took {took}, seed {certificate.seed}"
    yield "signed", certificate.issued


def _findings(certificate: Certificate) -> Iterator[str]:
    for failure in certificate.failures:
        yield f"failed  {failure.trial}: {failure.seen}"
    for reason, trials in certificate.not_tried.items():
        yield reason_line(reason, len(trials))
    for remark in certificate.remarks:
        yield f"remark  {remark}"
