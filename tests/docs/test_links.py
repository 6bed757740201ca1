"""Links that lead somewhere, and nothing in a page that only makes sense on somebody's machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, all_pages, blocks_of, links_of
from tests.test_floors import FLOOR
from tools.reference import PAGES as PAGES_MADE

PAGES = pytest.mark.parametrize("page", all_pages(), ids=lambda page: str(page.relative_to(ROOT)))


def anchors_of(page: Path) -> set[str]:
    """Fragments that a page's headings give, as hosts of Markdown make them."""
    text = page.read_text(encoding="utf-8")
    for block in blocks_of(page):
        text = text.replace(block.text, "")
    headings = re.findall(r"^#+ +(.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@PAGES
def test_links_lead_to_something(page: Path) -> None:
    for link in links_of(page):
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        if fragment:
            assert fragment in anchors_of(target), f"{link}: no such heading"


@PAGES
def test_a_page_names_no_machine(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(work|root|home/\w+)/", text)


@PAGES
def test_prose_stays_within_its_margin(page: Path) -> None:
    if page.name in PAGES_MADE:
        return
    lines = page.read_text(encoding="utf-8").splitlines()
    shown = {number for block in blocks_of(page) for number in block.lines}
    for number, line in enumerate(lines, 1):
        if number not in shown and "|" not in line:
            assert len(line) <= 120, f"line {number} has {len(line)} characters"


def test_every_page_can_be_reached_from_the_index() -> None:
    seen: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = (link.partition("#")[0] for link in links_of(page))
        waiting += [(page.parent / target).resolve() for target in targets if target]
    lost = [str(page.relative_to(ROOT)) for page in all_pages() if page not in seen]
    assert not lost


def test_every_decision_is_in_the_list_under_its_title() -> None:
    listed = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
    for page in sorted((DOCS / "adr").glob("[0-9]*.md")):
        number, _, title = page.read_text(encoding="utf-8").splitlines()[0][2:].partition(". ")
        assert f"| [{number}]({page.name}) | {title} |" in listed


def test_the_rooms_of_the_house_are_all_on_their_page() -> None:
    page = (DOCS / "explanation" / "the-floors.md").read_text(encoding="utf-8")
    for room in FLOOR:
        if not room.startswith("__"):  # the two doors are no rooms
            assert re.search(rf"^\d .*\b{room}\b", page, re.MULTILINE)
