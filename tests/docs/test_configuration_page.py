"""The page of the configuration: every key, and no other; every default, and the right one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from coffre.config.loading import load_settings
from coffre.config.section import Section
from coffre.config.template import TEMPLATE
from coffre.drivers.filesystem.settings import PARAMETERS
from coffre.engine import ContainerRights
from coffre.manager import DriverSettings
from tests.docs.pages import DOCS, blocks_of

PAGE = DOCS / "reference" / "configuration.md"
MINIMAL = """
[offers.north]
driver = "filesystem"
url = "file:offers/north"
[offers.south]
driver = "filesystem"
url = "file:offers/south"
[strategies.default]
offers = [{ offer = "north" }, { offer = "south" }]
"""


def example() -> str:
    """The file that says everything."""
    (block,) = (block for block in blocks_of(PAGE) if block.language == "toml")
    return block.text


def tables() -> dict[str, dict[str, str]]:
    """Heading of each section, its keys, and their defaults as the page writes them."""
    found: dict[str, dict[str, str]] = {}
    heading = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("##"):
            heading = re.sub(r"^#+ |`", "", line)
        elif line == "Each of `offers`:":
            heading = "each offer"
        elif line.startswith("| `"):
            cells = [cell.strip(" |`") for cell in line.split(" | ", 3)]
            if len(cells) == 4:  # environment variables have no default
                found.setdefault(heading, {})[cells[0]] = cells[2]
    return found


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_page_names_every_key_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: dict[str, set[str]] = {}
    finish = Section.finish

    def noting(section: Section) -> None:
        known.setdefault(section.name, set()).update(section._known)
        finish(section)

    monkeypatch.setattr(Section, "finish", noting)
    password = 'password = { environment = "X" }\n'
    limits = "[drivers.filesystem.limits]\nthreads = 32\n"
    text = example().replace("[ledger]\n", f"{limits}[ledger]\n{password}")
    load_settings(written(tmp_path / "a", text))

    page = tables()
    page["[drivers.NAME.pool]"] |= page["[offers.ID.pool]"]
    for heading, section in {
        "[ledger]": "ledger",
        "[offers.ID]": "offers.north",
        "[offers.ID.retry]": "offers.north.retry",
        "[offers.ID.pool]": "offers.north.pool",
        "[offers.ID.limits]": "offers.north.limits",
        "[drivers.NAME]": "drivers.filesystem",
        "[drivers.NAME.pool]": "drivers.filesystem.pool",
        "[drivers.NAME.limits]": "drivers.filesystem.limits",
        "[strategies.NAME]": "strategies.default",
        "each offer": "strategies.default.offers",
        "[containers.NAME]": "containers.object",
        "[limits]": "limits",
    }.items():
        assert page[heading].keys() == known[section], heading
    assert known[""] == {"ledger", "drivers", "offers", "strategies", "containers", "limits"}


def test_the_page_names_every_parameter_of_the_filesystem_driver() -> None:
    page = tables()["Parameters of the driver filesystem"]
    defaults = {one.name: one.default for one in PARAMETERS}
    assert page.keys() == defaults.keys()
    for name, default in defaults.items():
        shown = str(default).lower() if isinstance(default, bool) else f'"{default}"'
        assert page[name] == shown


def test_the_whole_example_says_what_is_true_anyway(tmp_path: Path) -> None:
    full = load_settings(written(tmp_path / "full.toml", example()))
    least = load_settings(written(tmp_path / "least.toml", MINIMAL))

    assert full.ledger == least.ledger
    assert full.offers == least.offers
    assert full.strategies == least.strategies
    assert full.limits == least.limits
    assert full.threads == least.threads
    assert full.drivers == {"filesystem": DriverSettings()}
    assert full.rights["object"] == ContainerRights()


def test_the_defaults_in_the_tables_are_those_of_the_example(tmp_path: Path) -> None:
    page = tables()
    least = load_settings(written(tmp_path / "least.toml", MINIMAL))
    for key, shown in page["[limits]"].items():
        if key != "spool_directory":
            told = least.threads if key.startswith("threads") else least.limits
            assert float(shown) == getattr(told, key)
    offer = least.offers[0]
    for key, shown in page["[offers.ID.pool]"].items():
        assert default_of(shown) == getattr(offer.limits.pool, key), key
    for key, shown in page["[offers.ID.limits]"].items():
        assert default_of(shown) == getattr(offer.limits.limit, key), key
    retry = offer.retry
    assert {key: float(shown) for key, shown in page["[offers.ID.retry]"].items()} == {
        key: getattr(retry, key) for key in page["[offers.ID.retry]"]
    }


def default_of(shown: str) -> object:
    """A default as the page writes it."""
    return None if shown == "none" else tomllib.loads(f"value = {shown}")["value"]


def test_what_init_writes_can_be_read(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path / "coffre.toml", TEMPLATE))
    assert [offer.id for offer in settings.offers] == ["north", "south"]
