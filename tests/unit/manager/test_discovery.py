"""Installed drivers are listed without being imported; what is wrong with one is said in words.

Real distributions, written to a directory on the path: what importlib.metadata makes of them is
part of what is tested.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.contract import ContractVersionError, Driver, DriverError, DriverNotFoundError
from coffre.manager import examine_drivers, installed_drivers, load_driver

GOOD = """
from coffre.contract import Version
from coffre.testing import MemoryDriver

class {cls}(MemoryDriver):
    name = {name!r}
    version = Version(2, 3)
    contract = Version({contract})
"""


class Site:
    """A directory of installed distributions."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def install(
        self,
        distribution: str,
        entry: str,
        code: str,
        *,
        version: str = "1.0",
        extras: tuple[str, ...] = (),
    ) -> None:
        """Write a distribution with one module, named after it, and one entry point."""
        module = distribution.replace("-", "_")
        (self.path / f"{module}.py").write_text(code, encoding="utf-8")
        info = self.path / f"{module}-{version}.dist-info"
        info.mkdir()
        provides = "".join(f"Provides-Extra: {extra}\n" for extra in extras)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n{provides}",
            encoding="utf-8",
        )
        (info / "entry_points.txt").write_text(f"[coffre.drivers]\n{entry}\n", encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A place to install to, on the path; what was imported from it is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield Site(tmp_path)
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def good(name: str, *, cls: str = "Fine", contract: str = "1, 0") -> str:
    return GOOD.format(name=name, cls=cls, contract=contract)


def problem_of(name: str) -> str:
    (report,) = [each for each in examine_drivers() if each.installed.name == name]
    assert report.driver is None
    assert report.problem is not None
    return report.problem


def test_our_own_drivers_are_found_like_anyones() -> None:
    found = {driver.name: driver for driver in installed_drivers()}

    assert found["memory"].distribution == "coffre"
    assert found["memory"].target == "coffre.testing:MemoryDriver"
    assert {"memory", "filesystem"} <= found.keys()


def test_a_driver_is_loaded_by_name() -> None:
    driver = load_driver("memory")

    assert isinstance(driver, Driver)
    assert driver.name == "memory"


def test_listing_imports_no_driver(site: Site) -> None:
    site.install("punch-cards", "punchcards = punch_cards:Fine", "raise SystemExit('imported')")

    listed = [driver for driver in installed_drivers() if driver.name == "punchcards"]

    assert [(d.distribution, d.version) for d in listed] == [("punch-cards", "1.0")]
    assert "punch_cards" not in sys.modules


def test_listing_imports_none_of_ours_either() -> None:
    code = (
        "import sys; from coffre.manager import installed_drivers; installed_drivers();"
        "print([m for m in sys.modules if m.startswith(('coffre.drivers', 'coffre.testing'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"


def test_somebody_elses_driver_works(site: Site) -> None:
    site.install("good-cards", "goodcards = good_cards:Fine", good("goodcards"))

    assert load_driver("goodcards").version == (2, 3)


def test_a_name_that_nobody_has_is_met_with_those_there_are() -> None:
    with pytest.raises(DriverNotFoundError, match=r"installed are: .*memory") as caught:
        load_driver("filesytem")

    assert "Did you mean 'filesystem'?" in str(caught.value)


def test_two_distributions_that_claim_one_name_are_both_named(site: Site) -> None:
    site.install("card-one", "cards = card_one:Fine", good("cards"))
    site.install("card-two", "cards = card_two:Fine", good("cards"))

    with pytest.raises(DriverError, match="card-one and card-two"):
        load_driver("cards")

    assert len([d for d in installed_drivers() if d.name == "cards"]) == 2
    assert [r.driver for r in examine_drivers() if r.installed.name == "cards"] == [None, None]


def test_a_missing_library_comes_with_the_extra_that_brings_it(site: Site) -> None:
    site.install(
        "tape-driver", "tape = tape_driver:Fine", "import tape_robot_library", extras=("tape",)
    )

    with pytest.raises(DriverError, match=r"pip install 'tape-driver\[tape\]'"):
        load_driver("tape")


def test_the_extra_can_have_another_name_than_the_driver(site: Site) -> None:
    site.install(
        "reel-driver",
        "reel = reel_driver:Fine [robots]",
        "import tape_robot_library",
        extras=("robots",),
    )

    assert r"pip install 'reel-driver[robots]'" in problem_of("reel")


def test_a_missing_library_without_an_extra_is_named(site: Site) -> None:
    site.install("drum-driver", "drum = drum_driver:Fine", "import drum_library.core")

    assert "pip install drum_library" in problem_of("drum")


def test_a_module_that_is_missing_from_its_own_distribution_is_said(site: Site) -> None:
    site.install("lost-driver", "lost = lost_driver:Missing", good("lost"))

    with pytest.raises(DriverError, match="lost"):
        load_driver("lost")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise RuntimeError('boom')", "importing it raised RuntimeError: boom"),
        ("class Fine: pass", "no subclass of coffre.Driver"),
        ("Fine = 3", "no subclass of coffre.Driver"),
        (good("other"), "calls itself 'other'"),
        (
            "from coffre.contract import Driver\nclass Fine(Driver): pass",
            "making it raised TypeError",
        ),
        (
            good("wrong").replace("contract = Version(1, 0)", "contract = None"),
            "it has no contract",
        ),
    ],
)
def test_a_driver_that_breaks_its_promises_is_refused_in_words(
    site: Site, code: str, why: str
) -> None:
    site.install("wrong-driver", "wrong = wrong_driver:Fine", code, version="0.9")

    with pytest.raises(DriverError) as caught:
        load_driver("wrong")

    assert why in str(caught.value)
    assert "report it to the provider of wrong-driver 0.9" in str(caught.value)
    assert why in problem_of("wrong")


def test_a_driver_for_a_newer_contract_is_refused_with_a_remedy(site: Site) -> None:
    site.install("new-driver", "new = new_driver:Fine", good("new", contract="2, 0"))

    with pytest.raises(ContractVersionError, match="upgrade coffre"):
        load_driver("new")


def test_a_driver_for_a_newer_minor_contract_works(site: Site) -> None:
    site.install("minor-driver", "minor = minor_driver:Fine", good("minor", contract="1, 9"))

    assert load_driver("minor").contract == (1, 9)


def test_one_broken_driver_takes_no_other_down(site: Site) -> None:
    site.install("bad-driver", "bad = bad_driver:Fine", "import no_such_library_at_all")

    usable = {report.installed.name for report in examine_drivers() if report.driver is not None}

    assert "memory" in usable
    assert "bad" not in usable
