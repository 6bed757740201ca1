"""All liars: importing their modules enters them in the list."""

from __future__ import annotations

from tests.liars import refusing, storing
from tests.liars.liar import LIARS, Liar

__all__ = ["LIARS", "NOT_YET_CAUGHT", "Liar", "refusing", "storing"]

NOT_YET_CAUGHT: dict[str, str] = {}
"""Liars that the kit does not find yet, by name, with what is missing."""
