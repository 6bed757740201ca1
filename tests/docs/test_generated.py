"""Pages that are made from the code say what the code says."""

from __future__ import annotations

from collections import Counter

import pytest

from coffre.cli.status import STATUS_OF_CODE
from tools.errors_page import NEXT, error_classes
from tools.reference import PAGES, is_current


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(name: str) -> None:
    assert is_current(name), f"docs/reference/{name} is out of date: run `make docs`"


def test_every_error_tells_what_to_do_next() -> None:
    codes = {error.code for error in error_classes()}
    assert codes - NEXT.keys() == set()


def test_no_next_step_is_for_an_error_that_is_gone() -> None:
    codes = {error.code for error in error_classes()}
    assert NEXT.keys() - codes - STATUS_OF_CODE.keys() == set()


def test_no_two_errors_share_a_code() -> None:
    codes = Counter(error.code for error in error_classes())
    assert [code for code, count in codes.items() if count > 1] == []
