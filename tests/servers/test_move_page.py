"""*Move from one offer to another*, followed step by step, to a server instead of to a disk.

The page says that the new offer may be of whatever kind. So it is executed as it stands, with the
table of the new offer replaced by one of a real service.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from coffre.contract import Capability
from tests.docs.pages import DOCS, difference, expected_after, run_session
from tests.servers.kinds import KINDS, discard, empty_place, make_offer
from tests.servers.mixed import table_of

PAGE = DOCS / "how-to" / "move-from-one-offer-to-another.md"
ON_DISK = '[offers.west]\ndriver = "filesystem"\nurl = "file:offers/west"\n'
PREPARING = "coffre offers --prepare west --quiet\n"
"""What a driver without ``prepare`` among its capabilities needs not, as the page says."""


@pytest.mark.parametrize("kind", KINDS)
def test_everything_moves_to_an_offer_of_another_kind(kind: str, tmp_path: Path) -> None:
    harness = make_offer(kind)
    elsewhere = table_of("west", kind, empty_place(harness), tmp_path / "secrets")
    text = PAGE.read_text(encoding="utf-8")
    assert ON_DISK in text
    assert PREPARING in text
    page = tmp_path / PAGE.name
    text = text.replace(ON_DISK, elsewhere)
    if Capability.PREPARE not in harness.driver.capabilities:
        text = text.replace(PREPARING, "")
    page.write_text(text, encoding="utf-8")
    archive = tmp_path / "archive"
    archive.mkdir()

    printed = run_session(page, archive)
    discard(harness)

    for block, output in printed.items():
        shown = expected_after(block)
        if shown is not None:
            differs = difference(output, shown.text)
            assert differs is None, f"{block.place}: {differs}"
