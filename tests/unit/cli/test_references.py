"""A reference on the command line: whole, or an identifier with options."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace

import pytest

from coffre.cli.references import reference_of, tenant_number
from coffre.contract import InvalidReferenceError

HOSTILE = [
    *("..", ".", "", "a/b", "/etc/passwd", "a\nb", "a\x00b", "a.", ".a", "a..b", "a b"),
    *("logs", "metadatas", "a" * 256, "pаypal", "ｅ"),  # Cyrillic, full width
    *("0/object/..", "0/../x", "-1/object/x"),
]


def given(text: str, tenant: int | None = None, container: str | None = None) -> str:
    return str(reference_of(text, Namespace(tenant=tenant, container=container)))


def test_a_whole_reference_is_read_as_it_is() -> None:
    assert given("3/report/r.xml", tenant=1, container="object") == "3/report/r.xml"


def test_an_identifier_alone_takes_the_options() -> None:
    assert given("charter.txt") == "0/object/charter.txt"
    assert given("r.xml", tenant=3, container="report") == "3/report/r.xml"


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_reference_is_refused(text: str) -> None:
    with pytest.raises(InvalidReferenceError):
        given(text)


def test_a_file_name_given_for_a_reference_is_told_its_identifier() -> None:
    with pytest.raises(InvalidReferenceError, match=r"stored as docs@@a\.md"):
        given("docs/a.md")


def test_a_tenant_out_of_range_is_refused_and_words_are_not_numbers() -> None:
    with pytest.raises(InvalidReferenceError, match="tenant"):
        given("x", tenant=-1)
    with pytest.raises(ArgumentTypeError):
        tenant_number("१")
