"""Reports made by hand, with everything in them that a report can hold."""

from __future__ import annotations

from datetime import UTC, datetime

from coffre.conformance import Duty, Figure, Finding, Outcome, Report, Verdict
from coffre.contract import Capability, Version

HOSTILE = "</pre><script>alert('x')</script>\"'&<!--\x00\x1b[2J\u202e"
DUTY = Duty(id="put.whole", text="What is held is what was sent.", source="Connection.put")


def finding(text: str = "") -> Finding:
    """A finding, with a text of somebody's in each place."""
    return Finding(
        duty=DUTY,
        check=f"A put, and a look.{text}",
        done=(f"put 3 bytes{text}", f"get{text}"),
        seen=f"two bytes{text}",
        reproduce=f"coffre conform tape --url tape://1{text} --only put.whole/look --seed 7",
        where=f'  File "tape.py", line 1, in put{text}',
    )


def verdict(
    trial: str = "put.whole/look",
    outcome: Outcome = Outcome.PASSED,
    *,
    profile: str = "core",
    text: str = "",
    figures: tuple[Figure, ...] = (),
) -> Verdict:
    """The outcome of one trial."""
    return Verdict(
        trial=trial + text,
        duty="put.whole",
        profile=profile,
        outcome=outcome,
        seconds=0.25,
        reason=f"no way{text}" if outcome is Outcome.NOT_TRIED else None,
        finding=finding(text) if outcome is Outcome.FAILED else None,
        remarks=(f"left on the offer{text}",) if text else (),
        figures=figures,
    )


def report(*verdicts: Verdict, driver: str = "tape", text: str = "") -> Report:
    """A run that came out so."""
    return Report(
        driver=driver,
        driver_version=Version(2, 1),
        written_for=Version(1, 0),
        contract=Version(1, 0),
        coffre="0.1.0",
        service=f"tape://1{text}",
        capabilities=(Capability.METADATA,),
        profiles=("core", "metadata"),
        seed=7,
        started=datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
        seconds=1.5,
        verdicts=verdicts,
    )


def mixed(text: str = "") -> Report:
    """One that passed, one that failed, one that was not tried, and a figure."""
    speed = Figure(name=f"puts{text}", value=1234.5, unit=f"objects/s{text}")
    return report(
        verdict(),
        verdict("put.whole/other", Outcome.FAILED, text=text),
        verdict("get.whole/look", Outcome.NOT_TRIED, profile="metadata", text=text),
        verdict("speed/puts", profile="speed", figures=(speed,)),
        driver=f"tape{text}",
        text=text,
    )
