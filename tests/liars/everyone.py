"""All liars: importing their modules enters them in the list."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.liars.liar import LIARS, Liar

__all__ = ["LIARS", "NOT_YET_CAUGHT", "Liar"]

for _path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    if not _path.name.startswith(("test_", "conftest")):
        import_module(f"tests.liars.{_path.stem}")

NOT_YET_CAUGHT: dict[str, str] = {}
"""Liars that the kit does not find yet, by name, with what is missing."""
