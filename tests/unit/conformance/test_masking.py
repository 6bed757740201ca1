"""What a careless driver shows is not shown a second time by the finding about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coffre.conformance import Harness, Outcome
from coffre.conformance.masking import Mask
from coffre.contract import ConnectionParameters, Secret
from coffre.testing import MemoryDriver
from tests.unit.conformance.reports import finding, verdict

PASSWORD = "pass word's/é"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"no session for {PASSWORD}!", "no session for ***!"),
        (f"{ValueError(PASSWORD)!r}", 'ValueError("***")'),
        ("http://me:pass%20word%27s%2F%C3%A9@h/", "http://me:***@h/"),
        ("?key=pass+word%27s%2F%C3%A9&x", "?key=***&x"),
        ("cut off: pass wo...", "cut off: ***..."),
        ("a pass for the word's sake", "a pass for the word's sake"),
    ],
)
def test_a_secret_is_masked_however_it_is_written(text: str, masked: str) -> None:
    assert Mask([PASSWORD]).text(text) == masked


def test_the_longer_of_two_secrets_leaves_nothing_over() -> None:
    assert Mask(["secret", "secret-more"]).text("secret-more secret") == "*** ***"


def test_a_secret_too_short_to_hide_masks_nothing() -> None:
    assert Mask(["a", ""]).text("banana") == "banana"


def test_the_secrets_are_those_of_parameters_and_harness() -> None:
    parameters = ConnectionParameters(
        url="memory://masked",
        values=(("gone", Secret.from_environment("COFFRE_NO_SUCH")), ("key", Secret("hunter2"))),
    )
    harness = Harness(MemoryDriver(), parameters)
    harness.secrets = ["token-of-the-harness"]

    assert Mask.of(harness).text("hunter2, token-of-the-harness") == "***, ***"


def test_every_text_of_an_outcome_is_masked() -> None:
    told = replace(
        verdict(outcome=Outcome.FAILED, text=f" {PASSWORD}"),
        trial="put.whole/look",
        reason=f"because of {PASSWORD}",
        finding=replace(finding(f" {PASSWORD}"), check="A put."),
    )
    assert PASSWORD in repr(told.finding) + str(told.remarks)

    masked = Mask([PASSWORD]).verdict(told)

    assert PASSWORD not in str(masked.to_json()).replace("\\\\", "\\")
    assert repr(PASSWORD)[1:-1] not in repr(masked)
    assert masked.finding is not None
    assert masked.finding.seen == "two bytes ***"
