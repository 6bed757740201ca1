"""A badge: well-formed, self-contained, and as honest as a picture can be."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from coffre.conformance import Figure, Outcome, Report
from coffre.conformance.badge import COLOURS, GREY, SLATE, badge
from tests.unit.conformance.reports import HOSTILE, mixed, report, verdict

SVG = "{http://www.w3.org/2000/svg}"


def parts(told: Report) -> dict[str, str]:
    """Text and colour of each part."""
    root = ElementTree.fromstring(badge(told))
    drawn = root.find(f"{SVG}g")
    assert drawn is not None
    boxes, texts = drawn.findall(f"{SVG}rect"), drawn.findall(f"{SVG}text")
    return {text.text or "": box.get("fill") or "" for box, text in zip(boxes, texts, strict=True)}


def test_the_badge_tells_driver_contract_and_profiles() -> None:
    told = parts(report(verdict(), verdict("m", profile="metadata")))

    assert list(told) == ["tape 2.1", "coffre contract 1.0", "core", "metadata"]
    assert told["core"] == told["metadata"] == COLOURS[Outcome.PASSED]


def test_what_failed_is_told_as_failed() -> None:
    told = parts(mixed())

    assert told["core 1 failed"] == COLOURS[Outcome.FAILED]
    assert "core" not in told


def test_what_was_not_tried_is_not_claimed_and_speed_has_no_verdict() -> None:
    assert not {"metadata", "speed"} & parts(mixed()).keys()
    told = parts(report(verdict(outcome=Outcome.NOT_TRIED)))
    assert list(told)[2:] == ["nothing tried"]


def test_a_hostile_name_stays_a_name() -> None:
    text = badge(report(verdict(), driver=HOSTILE))
    root = ElementTree.fromstring(text)

    assert {one.tag for one in root.iter()} == {
        f"{SVG}{name}" for name in ("svg", "title", "g", "rect", "text")
    }
    assert all(one.isprintable() or one == "\n" for one in text)


def test_the_badge_needs_nothing_else_and_can_be_read_aloud() -> None:
    text = badge(mixed())
    root = ElementTree.fromstring(text)

    assert "href" not in text
    assert "url(" not in text
    assert "@font-face" not in text
    assert root.get("role") == "img"
    assert "core 1 failed" in (root.get("aria-label") or "")


def test_the_parts_stand_side_by_side() -> None:
    root = ElementTree.fromstring(badge(mixed()))
    end = 0
    for box in root.iter(f"{SVG}rect"):
        assert box.get("x") == str(end)
        end += int(box.get("width") or 0)
    assert root.get("width") == str(end)


@pytest.mark.parametrize("colour", [GREY, SLATE, *COLOURS.values()])
def test_white_on_every_colour_can_be_read(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_figure_alone_claims_nothing() -> None:
    speed = verdict("speed/x", profile="speed", figures=(Figure(name="x", value=1, unit="s"),))
    assert list(parts(report(speed)))[2:] == ["nothing tried"]
