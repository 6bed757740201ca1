"""The page of the pools: every setting, its default, and every refusal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from coffre.pool import PoolError, PoolSettings, limits
from tests.docs.pages import DOCS

PAGE = DOCS / "reference" / "pools.md"


def rows(heading: str) -> Iterator[list[str]]:
    """Cells of the table under a heading, without marks."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    for line in text.partition("\n## ")[0].splitlines():
        if line.startswith("| `"):
            yield [cell.strip(" `") for cell in line.strip("|").split("|")]


def shown(value: object) -> str:
    """A default as the page writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def test_every_setting_of_a_pool_is_told_in_order_with_its_default() -> None:
    told = [(name, default) for name, _unit, default, *_ in rows("Settings of a pool")]
    assert told == [(one.name, shown(one.default)) for one in fields(PoolSettings)]


def test_every_setting_has_a_unit_a_meaning_and_a_reason() -> None:
    assert all(len(row) == 5 and all(row) for row in rows("Settings of a pool"))


def test_the_defaults_of_a_limit_are_told() -> None:
    told = {
        (name, of.split("`")[0]): default
        for name, of, _, default, _ in rows("Bounds beside a pool")
    }
    assert told == {
        ("max_total", "PooledDriver"): "none",
        ("max_concurrent", "LimitedDriver"): shown(limits.MAX_CONCURRENT),
        ("timeout", "ThreadLimiter"): shown(limits.TIMEOUT),
        ("max_waiting", "ThreadLimiter"): shown(limits.MAX_WAITING),
    }


def test_every_refusal_is_told_and_no_other() -> None:
    codes = {error.code for error in PoolError.__subclasses__()}
    assert {code for code, _ in rows("What a caller may be told")} == codes
