"""What the pages tell a reader to type, typed; what they show, compared with what is printed."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.docs.pages import (
    ROOT,
    blocks_of,
    difference,
    expected_after,
    run_session,
    sessions,
)

SESSIONS = sessions()
TOOLS = ("getfattr", "openssl", "sqlite3", "sha512sum", "cc")
"""Programs that some pages use and some machines lack."""


@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_shows(page: Path, tmp_path: Path) -> None:
    commands = " ".join(block.text for block in blocks_of(page) if block.language == "sh")
    used = [tool for tool in TOOLS if re.search(rf"\b{tool}\b", commands)]
    missing = [tool for tool in used if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{page.name} needs {', '.join(missing)}, which this machine does not have")

    if "getfattr" in commands and not keeps_attributes(tmp_path):
        pytest.skip(f"{page.name} needs extended attributes, which {tmp_path} cannot keep")

    printed = run_session(page, tmp_path)

    for block, output in printed.items():
        shown = expected_after(block)
        if shown is not None:
            differs = difference(output, shown.text)
            assert differs is None, f"{block.place}: {differs}"


def keeps_attributes(directory: Path) -> bool:
    try:
        os.setxattr(directory, "user.coffre.try", b"1")
    except OSError:
        return False
    return True


def test_the_readme_and_the_tutorial_are_sessions() -> None:
    names = {str(page.relative_to(ROOT)) for page in SESSIONS}
    assert {"README.md", "docs/tutorial/first-archive.md"} <= names


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("a  b\nc\n", "a b\nc\n", True),
        ("took 0.31 s\n", "took … s\n", True),
        ("a\nb\nc\n", "a\n…\nc\n", True),
        ("a\nc\n", "a\n…\nc\n", True),
        ("a\nb\n", "a\n", False),
        ("a\n", "a\nb\n", False),
        ("abc\n", "a.c\n", False),
    ],
)
def test_what_is_shown_must_be_all_that_is_printed(printed: str, shown: str, same: bool) -> None:
    assert (difference(printed, shown) is None) is same
