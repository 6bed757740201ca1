"""The page of the conformance kit: each duty with the checks that try it, from the catalogue."""

from __future__ import annotations

import ast
import inspect
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from coffre.conformance import DUTIES, PROFILES, Check, Duty, Harness, every_check

HEAD = """\
# The conformance kit

<!-- Made by `make docs` from coffre.conformance. Edit that, or tools/conformance_page.py. -->

The kit holds a driver against every duty of [the contract](contract.md). A provider runs it
against a service of their own, without asking anyone; it is also how every driver of coffre is
tested. [Write a driver](../how-to/write-a-driver.md) shows it at work.

As a pytest plugin (`pip install 'coffre[conformance]'`), a test file is a harness and a subclass:

```text
class TestMyDriver(DriverConformance):
    @pytest.fixture
    def harness(self, tmp_path):
        return Harness(MyDriver(), ConnectionParameters(url=...))
```

Options: `--conformance-profile NAME`, `--conformance-only ID`, `--conformance-seed N`. The class
may set `profiles`, and `excused`: duties or trials that are not tried, with the reason, which is
reported. From a program the same checks are `coffre.conformance.run(harness)`, which needs no
pytest and returns a report.

## What a run promises

- **Three outcomes**: passed, failed, not tried. What could not be tried is never counted as
  passed, and its reason is told.
- **A finding** quotes the duty, what was done step by step, what was seen, and the one command
  that does it again.
- **Nothing of others is touched.** Each check works for tenants drawn at random between
  1,000,000,000 and 2,000,000,000, which must be empty, and deletes exactly what it stored. What
  could not be deleted is told.
- **Chance is seeded.** A check draws from the seed and its own id, so that alone it does what it
  did among others.
- **A check that hangs is a finding**, after `patience` seconds; the run goes on.

What it cannot show: that bytes survive a power cut, that a service keeps them for years, that it
does the same tomorrow.

## Profiles

A capability that is declared has a profile of its own, and a declaration without the behaviour
fails. A behaviour without the declaration is a remark.

| profile | tries | checks |
|---|---|---|

"""

MEANING = {
    "core": "what every driver owes",
    "model": "random histories of several sessions, held against a dictionary (needs hypothesis)",
    "faults": "a relay that resets, cuts, stalls and spoils (needs the service's address)",
    "limits": "large objects, ten thousand objects, many sessions; only when asked for",
    "speed": "figures, without a verdict; only when asked for",
}
"""Of profiles that are no capability."""


def conformance_page() -> str:
    """The whole page."""
    return "\n".join([HEAD.rstrip(), *profiles(), "", *harness(), *duties()]).rstrip() + "\n"


def profiles() -> Iterator[str]:
    for name in PROFILES:
        count = sum(len(check.cases) for check in every_check() if check.profile == name)
        if count:
            meaning = MEANING.get(name, f"the capability `{name}`, where it is declared")
            yield f"| `{name}` | {meaning} | {count} |"


def harness() -> Iterator[str]:
    yield from ("## The harness", "", inspect.cleandoc(Harness.__doc__ or ""), "")
    yield from attributes()
    yield from ("", "Hooks, each of which may be left out:", "")
    for name, member in vars(Harness).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            first = (inspect.getdoc(member) or "").partition("\n\n")[0]
            call = str(inspect.signature(member)).replace("'", "").replace("self, ", "")
            yield f"- `{name}{call.replace('self', '')}` — {' '.join(first.split())}"
    yield ""


def attributes() -> Iterator[str]:
    """What can be set on a harness, with the text under each."""
    (body,) = ast.parse(inspect.getsource(Harness)).body
    assert isinstance(body, ast.ClassDef)
    for node, below in pairwise(body.body):
        match node, below:
            case ast.AnnAssign(), ast.Expr(value=ast.Constant(value=str(text))):
                yield f"- `{ast.unparse(node)}` — {' '.join(text.split())}"


def duties() -> Iterator[str]:
    checks: dict[str, list[Check]] = defaultdict(list)
    for check in every_check():
        checks[check.duty.id].append(check)
    yield from ("## Duties", "")
    yield f"{len(DUTIES)} duties, {len(every_check())} checks, {trials()} trials."
    area = ""
    for duty in DUTIES.values():
        if duty.area != area:
            area = duty.area
            yield from ("", f"### {area}", "", "| duty | what is owed | checks |", "|---|---|---|")
        yield row(duty, checks[duty.id])


def trials() -> int:
    return sum(len(check.cases) for check in every_check())


def row(duty: Duty, checks: list[Check]) -> str:
    """One duty: what is owed, where the contract says it, and the checks that try it."""
    named = "<br>".join(described(check) for check in checks)
    return f"| `{duty.id}` | {duty.text}<br>*{duty.source}* | {named} |"


def described(check: Check) -> str:
    name = check.name.replace("-", " ")
    return f"{name} ({len(check.cases)})" if len(check.cases) > 1 else name
