"""The table of liars at the end of a run: in a line; with ``-v`` or ``COFFRE_LIAR_TABLE``, whole.

Imported by ``tests/conftest.py``: with several workers it is the one process that runs no test
that tells the end, and it reads no other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many liars there were, how many were caught, and by which duty each."""
    liars = sorted(_liars(terminalreporter), key=lambda one: (one["duty"], one["liar"]))
    if not liars:
        return
    caught = sum("caught" in one for one in liars)
    terminalreporter.section("liars")
    if terminalreporter.verbosity > 0 or "COFFRE_LIAR_TABLE" in os.environ:
        width = max(len(one["liar"]) for one in liars)
        for one in liars:
            found = one.get("caught", "NOT CAUGHT")
            terminalreporter.write_line(f"{one['liar']:{width}}  {found:22}  {one['lie']}")
    duties = len({one["duty"] for one in liars})
    terminalreporter.write_line(
        f"{len(liars)} liars, {caught} caught, under {duties} duties of the contract"
    )


def _liars(terminalreporter: pytest.TerminalReporter) -> Iterator[dict[str, str]]:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            if isinstance(report, pytest.TestReport):
                properties = {name: str(value) for name, value in report.user_properties}
                if "liar" in properties:
                    yield properties
