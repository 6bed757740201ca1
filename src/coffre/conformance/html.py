"""A report as a page: one file that opens without a network, for whoever reads no JSON.

Every text is escaped: drivers and services say what they like. The page forbids itself scripts and
anything from elsewhere, so that opening a stranger's report runs and fetches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from coffre.conformance.certificate import DOES_NOT_PROVE, outcome_of, untried
from coffre.conformance.html_style import STYLE
from coffre.conformance.markup import escaped, tag
from coffre.conformance.report import Figure, Finding, Outcome, Report, Tally, Verdict
from coffre.contract import as_text

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
CLASSES = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.NOT_TRIED: "untried"}


def html_page(report: Report, *, narrowed: str = "") -> str:
    """The page of a run.

    Args:
        report: what came of it.
        narrowed: why it is not the whole of its profiles, as a sentence; empty when it is.
    """
    title = escaped(f"{report.driver} {report.driver_version}: conformance")
    body = "\n".join(_sections(report, narrowed))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escaped(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def verdict_sentence(report: Report) -> str:
    """What a run comes to, in one sentence that claims no more than was seen."""
    tally = report.tally
    left = f"; {tally.not_tried} not tried" if tally.not_tried else ""
    match outcome_of(tally):
        case Outcome.FAILED:
            return f"{tally.failed} of {tally.passed + tally.failed} trials failed{left}"
        case Outcome.PASSED:
            return f"all {tally.passed} trials that were made passed{left}"
    return f"nothing could be tried{left}"


def _sections(report: Report, narrowed: str) -> Iterator[str]:
    yield from _head(report, narrowed)
    yield from _profiles(report.by_profile())
    yield from _findings(report.verdicts)
    yield from _not_tried(untried(report))
    yield from _list("Remarks", report.remarks())
    yield from _figures(report.figures())
    yield from _trials(report.verdicts)
    yield from _list("What this report does not prove", DOES_NOT_PROVE)


def _head(report: Report, narrowed: str) -> Iterator[str]:
    """Who was tried, and what it comes to."""
    yield tag("h1", escaped(f"Driver {report.driver} {report.driver_version}"))
    state = CLASSES[outcome_of(report.tally)]
    sentence = verdict_sentence(report)
    yield tag("p", escaped(f"{sentence[:1].upper()}{sentence[1:]}."), class_=f"verdict {state}")
    if narrowed:
        yield tag("p", escaped(narrowed))
    facts = (
        ("service", report.service),
        ("written for contract", report.written_for),
        ("tried against contract", f"{report.contract}, by coffre {report.coffre}"),
        ("declares", ", ".join(map(str, report.capabilities)) or "no capability"),
        ("profiles asked for", ", ".join(report.profiles)),
        ("seed", report.seed),
        ("began", as_text(report.started)),
        ("took", f"{report.seconds:.1f} s"),
    )
    told = "".join(tag("dt", escaped(name)) + tag("dd", escaped(value)) for name, value in facts)
    yield tag("dl", told)


def _profiles(tallies: Mapping[str, Tally]) -> Iterator[str]:
    rows = []
    for name, tally in tallies.items():
        outcome = outcome_of(tally)
        rows.append(
            (
                escaped(name),
                tag("strong", escaped(outcome), class_=CLASSES[outcome]),
                *map(str, (tally.passed, tally.failed, tally.not_tried)),
            )
        )
    yield tag("h2", "Profiles")
    yield _table(("profile", "outcome", "passed", "failed", "not tried"), rows, numbers={2, 3, 4})


def _findings(verdicts: Iterable[Verdict]) -> Iterator[str]:
    found = [(one.trial, one.finding) for one in verdicts if one.finding is not None]
    yield tag("h2", "Findings")
    if not found:
        yield tag("p", "None.", class_="note")
    for number, (trial, finding) in enumerate(found, 1):
        yield _finding(trial, finding, number)


def _finding(trial: str, finding: Finding, number: int) -> str:
    """The duty quoted, what was done, what was seen, and how to see it again."""
    duty = finding.duty
    source = tag("footer", escaped(f"duty {duty.id} · {duty.source}"))
    steps = "".join(tag("li", escaped(step)) for step in finding.done)
    parts = [
        tag("h3", f"{number}. {tag('code', escaped(trial))}"),
        tag("blockquote", f"{escaped(duty.text)} {source}"),
        tag("p", f"{tag('strong', 'Check')}: {escaped(finding.check)}"),
        tag("p", tag("strong", "Done")) + tag("ol", steps) if steps else "",
        tag("p", f"{tag('strong', 'Seen')}: {escaped(finding.seen)}"),
        tag("p", tag("strong", "Again")) + tag("pre", escaped(finding.reproduce)),
    ]
    if finding.where:
        parts.append(tag("p", tag("strong", "Where")) + tag("pre", escaped(finding.where)))
    return tag("article", "\n".join(filter(None, parts)), id=f"finding-{number}")


def _not_tried(reasons: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield tag("h2", "Not tried")
    if not reasons:
        yield tag("p", "Nothing was left out.", class_="note")
        return
    yield tag("p", "What stands here is not known to be kept, and not known to be broken.")
    for reason, trials in reasons.items():
        names = "".join(tag("li", tag("code", escaped(trial))) for trial in trials)
        yield tag("details", tag("summary", escaped(f"{len(trials)} · {reason}")) + _ul(names))


def _figures(figures: Sequence[Figure]) -> Iterator[str]:
    if figures:
        yield tag("h2", "Figures")
        yield tag("p", "Measured once, from one machine; they are no verdict.", class_="note")
        rows = [(escaped(one.name), f"{one.value:,.6g}", escaped(one.unit)) for one in figures]
        yield _table(("what", "value", "unit"), rows, numbers={1})


def _trials(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """Everything, for whoever looks for one trial."""
    rows = [
        (
            tag("code", escaped(one.trial)),
            escaped(one.profile),
            tag("span", escaped(one.outcome), class_=CLASSES[one.outcome]),
            f"{one.seconds:.3f}",
        )
        for one in verdicts
    ]
    yield tag("h2", "Every trial")
    table = _table(("trial", "profile", "outcome", "seconds"), rows, numbers={3})
    yield tag("details", tag("summary", f"{len(rows)} trials") + table)


def _list(title: str, texts: Iterable[str]) -> Iterator[str]:
    items = "".join(tag("li", escaped(text)) for text in texts)
    if items:
        yield tag("h2", escaped(title))
        yield _ul(items)


def _ul(items: str) -> str:
    return tag("ul", items)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: set[int]) -> str:
    """A table; its cells are markup."""

    def cell(name: str, place: int, inner: str) -> str:
        scope = {"scope": "col"} if name == "th" else {}
        return tag(name, inner, **scope, **({"class_": "number"} if place in numbers else {}))

    head = tag("tr", "".join(cell("th", n, escaped(text)) for n, text in enumerate(headings)))
    body = "\n".join(
        tag("tr", "".join(cell("td", n, text) for n, text in enumerate(row))) for row in rows
    )
    table = tag("table", f"{tag('thead', head)}\n{tag('tbody', body)}")
    return tag("div", table, class_="scroll")
