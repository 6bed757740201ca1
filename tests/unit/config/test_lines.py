"""The line of every key, in whatever way TOML lets it be written."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.config.lines import KeyPath, Lines

TEXT = '''\
# a comment with [brackets] and key = "value"
top = 1
"quoted key" = 'its'

[plain]   # after a header
key = """
[not.a.table]
fake = 1
"""
literal = \'\'\'
other = "x" \'\'\'
dotted.inner = true
"a.b"."c" = 2

[ offers . "north" ]
url = "a # no comment"

[strategies.default]
offers = [
    # first
    { offer = "north", rank = 1 },

    { offer = "south" },
]
nested = [ [1, 2], [
    3 ] ]
date = 2024-01-01 10:00:00
empty = []
none = {}
last = 0x1F

[[rows]]
name = "a"
[[rows]]
name = "b"
[rows.inner]
deep = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("plain",), 5),
        (("plain", "key"), 6),
        (("plain", "literal"), 10),
        (("plain", "dotted"), 12),
        (("plain", "dotted", "inner"), 12),
        (("plain", "a.b", "c"), 13),
        (("offers", "north"), 15),
        (("offers", "north", "url"), 16),
        (("strategies", "default"), 18),
        (("strategies", "default", "offers"), 19),
        (("strategies", "default", "offers", 0), 21),
        (("strategies", "default", "offers", 0, "rank"), 21),
        (("strategies", "default", "offers", 1), 23),
        (("strategies", "default", "offers", 1, "offer"), 23),
        (("strategies", "default", "nested", 1, 0), 26),
        (("strategies", "default", "date"), 27),
        (("strategies", "default", "last"), 30),
        (("rows", 0, "name"), 33),
        (("rows", 1, "name"), 35),
        (("rows", 1, "inner", "deep"), 37),
    ],
)
def test_a_key_stands_on_its_line(path: KeyPath, line: int) -> None:
    tomllib.loads(TEXT)

    assert Lines(TEXT).of(path) == line


def test_a_key_that_is_missing_is_told_by_its_table() -> None:
    assert Lines(TEXT).of(("offers", "north", "driver")) == 15
    assert Lines("").of(("offers",)) is None


def test_windows_line_ends_count_once() -> None:
    assert Lines("a = 1\r\nb = 2\r\n").of(("b",)) == 2


names = st.text("abcdefgh_-", min_size=1, max_size=5)
scalars = st.one_of(
    st.integers(-5, 5).map(str),
    st.booleans().map(lambda value: str(value).lower()),
    st.sampled_from(
        [
            '"a]b"',
            "'c,}d'",
            '"q\\"[x]"',
            '""',
            "''",
            '"""x\n]\n"""',
            '"""a""""',
            "'''\n'\n'''",
            "1.5",
        ]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{' ,'.join(items)} ]"),
    max_leaves=5,
)


@given(st.lists(st.tuples(names, values), max_size=8, unique_by=lambda pair: pair[0]))
def test_every_key_is_found_where_it_was_written(pairs: list[tuple[str, str]]) -> None:
    text, expected, line = "", {}, 1
    for name, value in pairs:
        expected[name] = line
        written = f"{name} = {value} # {{ [\n"
        text += written
        line += written.count("\n")
    assert tomllib.loads(text).keys() == expected.keys()

    lines = Lines(text)

    assert {name: lines.of((name,)) for name in expected} == expected
