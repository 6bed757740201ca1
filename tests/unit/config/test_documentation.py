"""The reference page of the configuration shows what the code reads: all of it, and as it is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from coffre.config import loading, strategies
from coffre.config.loading import load_settings
from coffre.engine import Limits
from coffre.offer import RetryPolicy

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "configuration.md"
TEXT = PAGE.read_text(encoding="utf-8")


def keys_read(module: Path) -> set[str]:
    """Keys that the code takes from a section: the first argument of every call that does."""
    calls = [
        node
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and (call.func.attr.startswith("take") or call.func.attr in ("section", "listed"))
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def test_every_key_is_explained() -> None:
    read = {
        key for module in (loading, strategies) for key in keys_read(Path(str(module.__file__)))
    }

    assert {"driver", "rank", "brake_share", "attempts"} <= read
    assert [key for key in sorted(read) if not re.search(rf"[`\[{{ ]{key}[`\] ]", TEXT)] == []


def test_the_example_is_correct_and_uses_every_table(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    path = tmp_path / "coffre.toml"
    path.write_text(example, encoding="utf-8")

    settings = load_settings(path)

    assert set(settings.rights) == {"drafts"}
    assert settings.offers[1].retry == RetryPolicy(attempts=6, deadline=120.0)


def test_the_defaults_shown_are_those_that_hold() -> None:
    retry, limits = RetryPolicy(), Limits()
    shown = dict(re.findall(r"^\| `(\w+)` \| [\w ]+ \| `([\d.]+)` \|", TEXT, re.MULTILINE))

    for key in ("attempts", "first_pause", "longest_pause", "deadline"):
        assert float(shown[key]) == getattr(retry, key)
    for key in ("brake_count", "brake_share", "brake_floor"):
        assert float(shown[key]) == getattr(limits, key)
    assert limits.spool_bytes == 64 * 1024**3
