"""The driver of the how-to page passes the page's own test file, which is the whole contract."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks_of

PAGE = DOCS / "how-to" / "write-a-driver.md"
TEST = "test_coffre_sqlite.py"


@pytest.mark.slow
def test_the_driver_of_the_page_passes_the_test_of_the_page(tmp_path: Path) -> None:
    for block in blocks_of(PAGE):
        if block.file is not None:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")

    options = ["-q", "-p", "no:cacheprovider", "-W", "error", "--tb=short"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, TEST],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 150
