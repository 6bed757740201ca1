"""The conformance kit: a provider proves a driver alone, and a driver that lies is caught.

From a test file, with ``pip install 'coffre[conformance]'``::

    class TestMyDriver(DriverConformance):
        @pytest.fixture
        def harness(self, tmp_path):
            return Harness(MyDriver(), ConnectionParameters(url=...))

From a program, or by ``coffre conform``, without pytest::

    report = run(Harness(driver, parameters), seed=7)
"""

from typing import TYPE_CHECKING

from coffre.conformance.bench import Bench
from coffre.conformance.broken import Broken, NotTried, expect, raises, same
from coffre.conformance.catalogue import every_check
from coffre.conformance.check import Check, Trial, check, check_each, check_named
from coffre.conformance.choosing import select
from coffre.conformance.contents import PlainContent, ScriptedContent, some_bytes
from coffre.conformance.duties import DUTIES, duty_of
from coffre.conformance.duty import (
    CORE,
    FAULTS,
    LIMITS,
    MODEL,
    PROFILES,
    SPEED,
    USUAL_PROFILES,
    Duty,
)
from coffre.conformance.finding import finding_text
from coffre.conformance.harness import Harness
from coffre.conformance.report import Figure, Finding, Outcome, Report, Tally, Verdict
from coffre.conformance.running import Progress, run
from coffre.conformance.session import Session

if TYPE_CHECKING:
    from coffre.conformance.suite import DriverConformance

__all__ = [
    "CORE",
    "DUTIES",
    "FAULTS",
    "LIMITS",
    "MODEL",
    "PROFILES",
    "SPEED",
    "USUAL_PROFILES",
    "Bench",
    "Broken",
    "Check",
    "DriverConformance",
    "Duty",
    "Figure",
    "Finding",
    "Harness",
    "NotTried",
    "Outcome",
    "PlainContent",
    "Progress",
    "Report",
    "ScriptedContent",
    "Session",
    "Tally",
    "Trial",
    "Verdict",
    "check",
    "check_each",
    "check_named",
    "duty_of",
    "every_check",
    "expect",
    "finding_text",
    "raises",
    "run",
    "same",
    "select",
    "some_bytes",
]


def __getattr__(name: str) -> object:
    """The pytest face, imported when it is asked for: the rest of the kit does without pytest."""
    if name == "DriverConformance":
        from coffre.conformance.suite import DriverConformance

        return DriverConformance
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
