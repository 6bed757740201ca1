"""Certificates: what came of a run, signed by who ran it, and what that does not prove.

A certificate is a sealed document (:mod:`coffre.seal`). It tells the same as the report, less the
steps of each finding: driver, service, versions, what passed, failed and was not tried, profile by
profile. A run with findings has a certificate like any other, and it says *failed*.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from coffre.conformance.report import Figure, Outcome, Report, Tally
from coffre.contract import as_text
from coffre.seal import DocumentError, Fields, PrivateKey, SealedDocument, seal

KIND = "application/vnd.coffre.conformance+json"
"""Type of the document, signed with it."""
SCHEMA = 1
"""Version of what stands in it; another one is another document."""

PROVES = (
    "Whoever holds the signing key vouches for this: on the date of the run, through this driver "
    "and on this service, every trial counted here came out as it is counted.",
    "Nothing in the document was changed since it was signed.",
)
DOES_NOT_PROVE = (
    "That the signer is honest, or ran the kit unchanged: a signature tells who vouches, and you "
    "decide whom to trust. The same run, from the seed, is the better argument.",
    "Anything of what was not tried.",
    "That there is no fault where none was found: trials are examples, drawn from the seed.",
    "Anything of other services, other parameters, other versions, or any other day.",
    "Which code ran: name and version are what the driver says of itself.",
    "That objects last: a run takes minutes, and no disk, power or building fails in it.",
    "Who else can read or delete what the service holds.",
    "Any speed: figures were measured once, from one machine.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A duty that was not kept, in one trial."""

    duty: str
    trial: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a certificate says. The numbers agree with the lists: it is refused otherwise."""

    driver: str
    driver_version: str
    written_for: str
    """Contract version that the driver declares."""
    distribution: str
    """Package that brought the driver, with its version; empty when none did."""
    service: str
    """How the service is named: its URL."""
    coffre: str
    """Version of the package the kit came with."""
    contract: str
    """Contract version of the kit."""
    machine: str
    """Python and system of the run, as they name themselves."""
    capabilities: tuple[str, ...]
    asked: tuple[str, ...]
    """Profiles that were asked for."""
    seed: int
    started: str
    """RFC 3339, UTC."""
    issued: str
    """RFC 3339, UTC."""
    seconds: float
    profiles: Mapping[str, Tally]
    failures: tuple[Failure, ...]
    not_tried: Mapping[str, tuple[str, ...]]
    """Trials, by the reason why they were not tried."""
    remarks: tuple[str, ...]
    figures: tuple[Figure, ...]

    def __post_init__(self) -> None:
        """Refuse a certificate that contradicts itself.

        Raises:
            DocumentError: a number is not that of the list it counts.
        """
        untried = sum(map(len, self.not_tried.values()))
        if (self.tally.failed, self.tally.not_tried) != (len(self.failures), untried):
            raise DocumentError("the certificate contradicts itself: its numbers and lists differ")

    @classmethod
    def of(cls, report: Report, *, issued: datetime, distribution: str = "") -> Self:
        """The certificate of a run.

        Args:
            report: what came of it.
            issued: now.
            distribution: package that brought the driver, with its version.
        """
        return cls(
            driver=report.driver,
            driver_version=str(report.driver_version),
            written_for=str(report.written_for),
            distribution=distribution,
            service=report.service,
            coffre=report.coffre,
            contract=str(report.contract),
            machine=f"Python {platform.python_version()}, {platform.system()} {platform.machine()}",
            capabilities=tuple(map(str, report.capabilities)),
            asked=report.profiles,
            seed=report.seed,
            started=as_text(report.started),
            issued=as_text(issued),
            seconds=report.seconds,
            profiles=report.by_profile(),
            failures=tuple(
                Failure(duty=one.duty, trial=one.trial, seen=one.finding.seen)
                for one in report.verdicts
                if one.finding is not None
            ),
            not_tried=untried(report),
            remarks=report.remarks(),
            figures=report.figures(),
        )

    @property
    def tally(self) -> Tally:
        """The counts of all profiles together."""
        tallies = self.profiles.values()
        return Tally(
            passed=sum(one.passed for one in tallies),
            failed=sum(one.failed for one in tallies),
            not_tried=sum(one.not_tried for one in tallies),
        )

    @property
    def outcome(self) -> Outcome:
        """What it comes to."""
        return outcome_of(self.tally)

    def sealed(self, key: PrivateKey) -> bytes:
        """The file: this certificate, signed."""
        return seal(KIND, self.to_json(), key)

    def to_json(self) -> dict[str, object]:
        """The certificate as one JSON object, for people to read as well."""
        return {
            "schema": SCHEMA,
            "issued": self.issued,
            "driver": {
                "name": self.driver,
                "version": self.driver_version,
                "contract": self.written_for,
                "distribution": self.distribution,
            },
            "service": {"url": self.service},
            "kit": {"coffre": self.coffre, "contract": self.contract, "machine": self.machine},
            "run": {
                "asked": list(self.asked),
                "seed": self.seed,
                "started": self.started,
                "seconds": round(self.seconds, 3),
            },
            "capabilities": list(self.capabilities),
            "outcome": str(self.outcome),
            "profiles": {
                name: {"outcome": str(outcome_of(tally)), **tally.to_json()}
                for name, tally in self.profiles.items()
            },
            "failures": [
                {"duty": one.duty, "trial": one.trial, "seen": one.seen} for one in self.failures
            ],
            "not_tried": [
                {"reason": reason, "trials": list(trials)}
                for reason, trials in self.not_tried.items()
            ],
            "remarks": list(self.remarks),
            "figures": [one.to_json() for one in self.figures],
            "proves": list(PROVES),
            "does_not_prove": list(DOES_NOT_PROVE),
        }

    @staticmethod
    def read(document: SealedDocument) -> Certificate:
        """The certificate that a sealed document is.

        Raises:
            DocumentError: it is another document, of another version, incomplete, or contradicts
                itself.
        """
        if document.kind != KIND:
            raise DocumentError(f"it is no certificate of conformance but {document.kind!r}")
        fields = Fields(document.claims)
        if (schema := fields.count("schema")) != SCHEMA:
            raise DocumentError(
                f"it is a certificate of version {schema}, and this coffre reads {SCHEMA}: "
                "upgrade coffre"
            )
        found = _read(fields)
        if fields.text("outcome") != found.outcome:
            raise DocumentError("the certificate contradicts itself: its outcome is not its sum")
        return found


def outcome_of(tally: Tally) -> Outcome:
    """What counts come to: passed means that something was tried, and nothing failed."""
    if tally.failed:
        return Outcome.FAILED
    return Outcome.PASSED if tally.passed else Outcome.NOT_TRIED


def untried(report: Report) -> dict[str, tuple[str, ...]]:
    """Trials that were not tried, by their reason, in the order of the report."""
    found: dict[str, tuple[str, ...]] = {}
    for one in report.not_tried():
        reason = one.reason or "no reason was given"
        found[reason] = (*found.get(reason, ()), one.trial)
    return found


def _read(fields: Fields) -> Certificate:
    driver, kit, run = fields.part("driver"), fields.part("kit"), fields.part("run")
    profiles = fields.part("profiles")
    return Certificate(
        driver=driver.text("name"),
        driver_version=driver.text("version"),
        written_for=driver.text("contract"),
        distribution=driver.text("distribution"),
        service=fields.part("service").text("url"),
        coffre=kit.text("coffre"),
        contract=kit.text("contract"),
        machine=kit.text("machine"),
        capabilities=fields.texts("capabilities"),
        asked=run.texts("asked"),
        seed=run.count("seed"),
        started=run.text("started"),
        issued=fields.text("issued"),
        seconds=run.number("seconds"),
        profiles={name: _tally(profiles.part(name)) for name in profiles},
        failures=tuple(
            Failure(duty=one.text("duty"), trial=one.text("trial"), seen=one.text("seen"))
            for one in fields.parts("failures")
        ),
        not_tried={one.text("reason"): one.texts("trials") for one in fields.parts("not_tried")},
        remarks=fields.texts("remarks"),
        figures=tuple(
            Figure(name=one.text("name"), value=one.number("value"), unit=one.text("unit"))
            for one in fields.parts("figures")
        ),
    )


def _tally(fields: Fields) -> Tally:
    tally = Tally(
        passed=fields.count("passed"),
        failed=fields.count("failed"),
        not_tried=fields.count("not_tried"),
    )
    if fields.text("outcome") != outcome_of(tally):
        raise DocumentError("the certificate contradicts itself: a profile is not its sum")
    return tally
