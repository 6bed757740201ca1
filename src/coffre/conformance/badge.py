"""A badge: one line of SVG for a README. A picture proves nothing; a certificate is checked.

It says which driver, which contract, and each profile that was tried: those with a failed trial
are told as failed. The file needs nothing else, no font and no script, and every text in it is
escaped: a driver chooses its own name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from coffre.conformance.certificate import outcome_of
from coffre.conformance.duty import SPEED
from coffre.conformance.markup import escaped
from coffre.conformance.report import Outcome, Report

HEIGHT = 20
PADDING = 6
"""Pixels at either side of a text."""
WIDE, NARROW = frozenset("mwMW%@"), frozenset(" .,:;|!'ijlI1()[]-")

GREY, SLATE, GREEN, RED, PALE = "#3b4252", "#56606f", "#1a6b39", "#a61e22", "#6c6f75"
COLOURS = {Outcome.PASSED: GREEN, Outcome.FAILED: RED, Outcome.NOT_TRIED: PALE}
"""White text on each of them has a contrast of 4.5 or more (WCAG 2.2, 1.4.3)."""


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    colour: str

    @property
    def width(self) -> int:
        """Pixels. The text is stretched to it: no viewer's font makes it overflow."""
        return _length(self.text) + 2 * PADDING


def badge(report: Report) -> str:
    """The badge of a run, as an SVG document.

    Args:
        report: what came of it.
    """
    parts = list(_parts(report))
    starts = [0, *accumulate(part.width for part in parts)]
    words = escaped(f"coffre conformance: {'; '.join(part.text for part in parts)}")
    drawn = "\n".join(_drawn(part, start) for part, start in zip(parts, starts[:-1], strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{starts[-1]}" height="{HEIGHT}" '
        f'role="img" aria-label="{words}">\n'
        f"<title>{words}</title>\n"
        f'<g font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" fill="#fff" '
        f'text-anchor="middle">\n{drawn}\n</g>\n</svg>\n'
    )


def _parts(report: Report) -> Iterator[_Part]:
    """Who, by which contract, and each profile that was tried."""
    yield _Part(f"{report.driver} {report.driver_version}", GREY)
    yield _Part(f"coffre contract {report.contract}", SLATE)
    tried = 0
    for name, tally in report.by_profile().items():
        outcome = outcome_of(tally)
        if outcome is Outcome.NOT_TRIED or name == SPEED:
            continue  # nothing is known of the one, and the other has no verdict
        tried += 1
        ratio = f" {tally.failed} failed" if tally.failed else ""
        yield _Part(f"{name}{ratio}", COLOURS[outcome])
    if not tried:
        yield _Part("nothing tried", PALE)


def _drawn(part: _Part, start: int) -> str:
    middle = start + part.width / 2
    return (
        f'<rect x="{start}" width="{part.width}" height="{HEIGHT}" fill="{part.colour}"/>'
        f'<text x="{middle:g}" y="14" textLength="{part.width - 2 * PADDING}" '
        f'lengthAdjust="spacingAndGlyphs">{escaped(part.text)}</text>'
    )


def _length(text: str) -> int:
    """Pixels of a text in a sans-serif of 11 pixels, near enough."""
    return round(sum(9.5 if one in WIDE else 4.2 if one in NARROW else 6.9 for one in text))
