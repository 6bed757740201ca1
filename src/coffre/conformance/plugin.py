"""The pytest plugin: gives each trial to the subclasses of ``DriverConformance``, as a test.

Found by its entry point, like a driver: a provider's test file needs no ``conftest.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from coffre.conformance.check import Trial

TRIAL = "conformance_trial"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the kit's own options."""
    group = parser.getgroup("coffre", "conformance of coffre drivers")
    group.addoption(
        "--conformance-profile",
        action="append",
        metavar="NAME",
        help="try this profile, and those named likewise, instead of the usual ones",
    )
    group.addoption(
        "--conformance-only",
        action="append",
        default=[],
        metavar="ID",
        help="try this duty or check alone; may be given again",
    )
    group.addoption(
        "--conformance-seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of whatever a check draws by chance (default 0)",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each trial."""
    if TRIAL not in metafunc.fixturenames:
        return
    trials = _chosen(metafunc)
    metafunc.parametrize(TRIAL, trials, ids=[trial.id for trial in trials])


@pytest.fixture(scope="session")
def conformance_seed(request: pytest.FixtureRequest) -> int:
    """Seed of the checks."""
    seed: int = request.config.getoption("--conformance-seed")
    return seed


def _chosen(metafunc: pytest.Metafunc) -> list[Trial]:
    from coffre.conformance.choosing import select
    from coffre.conformance.duty import PROFILES, USUAL_PROFILES

    own = getattr(metafunc.cls, "profiles", USUAL_PROFILES)
    asked = metafunc.config.getoption("--conformance-profile")
    only = metafunc.config.getoption("--conformance-only")
    # Two steps, so that a name which means nothing is refused, and one which means something
    # elsewhere leaves a class without tests.
    named = select(profiles=PROFILES, only=only)
    ours = {trial.check.profile for trial in select(profiles=asked or own)}
    return [trial for trial in named if trial.check.profile in ours]
