"""The page of a run: whole, harmless whatever a driver says, and nothing but itself."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from coffre.conformance import Outcome
from coffre.conformance.certificate import DOES_NOT_PROVE
from coffre.conformance.html import html_page
from coffre.conformance.html_style import STYLE
from tests.unit.conformance.reports import DUTY, HOSTILE, finding, mixed, report, verdict

VOID = {"meta", "br"}
EXPECTED = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "dl", "dt", "dd"),
    *("div", "table", "thead", "tbody", "tr", "th", "td", "strong", "span", "article", "ol", "ul"),
    *("li", "blockquote", "footer", "pre", "code", "details", "summary"),
}


class Page(HTMLParser):
    """Tags, attributes and text; a tag that is never closed, or closed by another, fails."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def test_the_page_tells_everything_that_a_person_needs() -> None:
    page = Page(html_page(mixed()))

    found = finding()
    for told in (
        "Driver tape 2.1",
        "1 of 3 trials failed; 1 not tried.",
        "tape://1",
        "2026-11-24T12:00:00.000000Z",
        DUTY.text,
        DUTY.source,
        found.check,
        *found.done,
        found.seen,
        found.reproduce,
        "put.whole/other",
        "no way",
        "get.whole/look",
        "1,234.5",
        "objects/s",
        *DOES_NOT_PROVE,
    ):
        assert told in page.text
    assert (found.where or "").strip() in page.text


def test_each_profile_is_told_with_its_counts() -> None:
    text = html_page(mixed())
    rows = re.findall(r"<tr><td>(\w+)</td><td>.*?>([\w ]+)</strong></td>(.*?)</tr>", text)

    told = {name: (outcome, re.findall(r">(\d+)<", rest)) for name, outcome, rest in rows}
    assert told == {
        "core": ("failed", ["1", "1", "0"]),
        "metadata": ("not tried", ["0", "0", "1"]),
        "speed": ("passed", ["1", "0", "0"]),
    }


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        ([Outcome.PASSED, Outcome.PASSED], "All 2 trials that were made passed."),
        ([Outcome.PASSED, Outcome.NOT_TRIED], "All 1 trials that were made passed; 1 not tried."),
        ([Outcome.NOT_TRIED], "Nothing could be tried; 1 not tried."),
        ([Outcome.FAILED, Outcome.PASSED], "1 of 2 trials failed."),
    ],
)
def test_the_first_sentence_claims_no_more_than_was_seen(
    outcomes: list[Outcome], sentence: str
) -> None:
    told = report(*(verdict(f"put.whole/{n}", one) for n, one in enumerate(outcomes)))

    assert sentence in Page(html_page(told)).text


def test_a_narrowed_run_says_so() -> None:
    assert "Only these" in Page(html_page(mixed(), narrowed="Only these: put.*.")).text


def test_what_a_driver_says_is_text_and_nothing_else() -> None:
    plain, hostile = html_page(mixed()), html_page(mixed(HOSTILE), narrowed=HOSTILE)
    page = Page(hostile)

    assert {tag for tag, _ in page.tags} == {tag for tag, _ in Page(plain).tags} <= EXPECTED
    assert {name for _, given in page.tags for name in given} <= {
        *("class", "id", "scope", "lang", "charset", "name", "content", "http-equiv"),
    }
    assert "<script>alert('x')</script>" in page.text  # as what it is: text
    # The driver, the service, the trial and each text of the finding, wherever they are told.
    assert hostile.count("&lt;script&gt;") == hostile.count("alert(") >= 15


def test_nothing_that_cannot_be_seen_gets_into_the_page() -> None:
    text = html_page(mixed(HOSTILE))

    assert all(one.isprintable() or one == "\n" for one in text)
    assert r"\u202e" in text
    assert r"\x1b[2J" in text


def test_the_page_runs_and_fetches_nothing() -> None:
    text = html_page(mixed())
    page = Page(text)

    assert "script" not in {tag for tag, _ in page.tags}
    for _, given in page.tags:
        assert not {"src", "href", "style", "srcset", "background"} & given.keys()
        assert not any(name.startswith("on") for name in given)
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    (policy,) = (given["content"] for _, given in page.tags if given.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none';")


def test_the_page_is_readable_in_the_dark_and_on_paper() -> None:
    assert "color-scheme: light dark" in STYLE
    assert "@media (prefers-color-scheme: dark)" in STYLE
    assert "@media print" in STYLE
