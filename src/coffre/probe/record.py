"""Records: what a probe of one offer saw, and when; plain values that become JSON and come back.

A record is about one *subject*: this driver in this version, speaking to this service under
these parameters. Change any of them, and what was seen is about something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from coffre.contract import ConnectionParameters, Driver, InvalidRequestError, Secret, as_text

FORMAT = 1
"""Version of the JSON form; another one is not read."""
PASSED, FAILED, NOT_TRIED = "passed", "failed", "not tried"
"""Outcomes of a trial, in the words of the conformance kit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a probe is about: equal subjects may share what was seen."""

    driver: str
    """Name of the driver."""
    version: str
    """Its version, ``1.0``."""
    contract: str
    """Contract it was written for."""
    url: str
    """Where the service is; never with a password."""
    parameters: tuple[tuple[str, str], ...]
    """Names and values, sorted; of a secret only where it comes from, or that there is one."""

    @classmethod
    def of(cls, driver: Driver, parameters: ConnectionParameters) -> Self:
        """The subject that an offer is now."""
        return cls(
            driver=driver.name,
            version=str(driver.version),
            contract=str(driver.contract),
            url=parameters.url,
            parameters=tuple(
                # A secret's repr says where it comes from, and nothing of what it is (law 11).
                (name, repr(value) if isinstance(value, Secret) else str(value))
                for name, value in parameters.values
            ),
        )

    def difference(self, other: Subject) -> str:
        """What is no longer as it was, in a few words; empty when nothing is."""
        if self.driver != other.driver:
            return f"it was driver {other.driver}, and is {self.driver}"
        if (self.version, self.contract) != (other.version, other.contract):
            return f"it was version {other.version} of the driver, and is {self.version}"
        if self.url != other.url:
            return f"it was {other.url}, and is {self.url}"
        changed = {pair[0] for pair in set(self.parameters) ^ set(other.parameters)}
        return f"another {', '.join(sorted(changed))}" if changed else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """What came of one trial."""

    trial: str
    """Its id: duty, name and case, ``put.conflict/other-bytes-are-refused:part``."""
    duty: str
    """Duty of the contract that it tries."""
    guarantee: str
    """What it proves: a capability, or the duty itself."""
    outcome: str
    """:data:`PASSED`, :data:`FAILED` or :data:`NOT_TRIED`."""
    seen: str = ""
    """What was seen when it failed, or why it was not tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRecord:
    """Everything that one probe of one offer saw."""

    offer: str
    """Id of the offer."""
    subject: Subject
    at: datetime
    """When it began, UTC."""
    coffre: str
    """Version of coffre that did it."""
    part_size: int
    """Bytes of the large objects it put: the size up to which multipart paths were tried."""
    capabilities: tuple[str, ...]
    """What a session declared, sorted."""
    trials: tuple[TrialRecord, ...]
    left: tuple[str, ...] = ()
    """What could not be removed again, in sentences."""

    def to_json(self) -> dict[str, object]:
        """The record as one JSON object, which :meth:`from_json` reads."""
        return {
            "format": FORMAT,
            "offer": self.offer,
            "driver": self.subject.driver,
            "version": self.subject.version,
            "contract": self.subject.contract,
            "url": self.subject.url,
            "parameters": [list(pair) for pair in self.subject.parameters],
            "at": as_text(self.at),
            "coffre": self.coffre,
            "part_size": self.part_size,
            "capabilities": list(self.capabilities),
            "trials": [_trial_to_json(one) for one in self.trials],
            "left": list(self.left),
        }

    @staticmethod
    def from_json(told: Mapping[str, object]) -> ProbeRecord:
        """The record that :meth:`to_json` wrote.

        Raises:
            InvalidRequestError: it is of another format, or no record.
        """
        if told.get("format") != FORMAT:
            raise InvalidRequestError(
                f"a probe record of format {told.get('format')!r} cannot be read: probe again"
            )
        return _read(told)


def _trial_to_json(one: TrialRecord) -> dict[str, str]:
    told = {
        "trial": one.trial,
        "duty": one.duty,
        "guarantee": one.guarantee,
        "outcome": one.outcome,
    }
    return told | {"seen": one.seen} if one.seen else told


def _read(told: Mapping[str, object]) -> ProbeRecord:
    """Build a record; what is missing or of another type makes it no record."""
    try:
        return ProbeRecord(
            offer=_text(told["offer"]),
            subject=Subject(
                driver=_text(told["driver"]),
                version=_text(told["version"]),
                contract=_text(told["contract"]),
                url=_text(told["url"]),
                parameters=tuple(_pair(one) for one in _rows(told["parameters"])),
            ),
            at=datetime.fromisoformat(_text(told["at"])),
            coffre=_text(told["coffre"]),
            part_size=_number(told["part_size"]),
            capabilities=tuple(_text(one) for one in _rows(told["capabilities"])),
            trials=tuple(_trial(one) for one in _rows(told["trials"])),
            left=tuple(_text(one) for one in _rows(told["left"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequestError("a probe record cannot be read: probe again") from error


def _trial(told: object) -> TrialRecord:
    if not isinstance(told, Mapping):
        raise TypeError("a trial is an object")
    return TrialRecord(**{str(name): _text(value) for name, value in told.items()})


def _pair(told: object) -> tuple[str, str]:
    name, value = _rows(told)
    return _text(name), _text(value)


def _rows(told: object) -> Sequence[object]:
    if not isinstance(told, list):
        raise TypeError("a list was expected")
    return told


def _text(told: object) -> str:
    if not isinstance(told, str):
        raise TypeError("text was expected")
    return told


def _number(told: object) -> int:
    if not isinstance(told, int):
        raise TypeError("a number was expected")
    return told
