"""Budgets: what is counted rather than timed, and checked by the tests too."""

from __future__ import annotations

import tomllib
from pathlib import Path

BUDGETS = Path(__file__).parents[1] / "budgets.toml"


def budgets() -> dict[str, dict[str, float]]:
    """Budgets by what is done, each with what may be needed for one time."""
    return tomllib.loads(BUDGETS.read_text(encoding="utf-8"))
