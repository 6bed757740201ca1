"""Checks of what a driver tells of itself."""

from __future__ import annotations

import re

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect
from coffre.conformance.check import check
from coffre.contract import Version, check_contract


@check("driver.identity")
def it_says_who_it_is(bench: Bench) -> None:
    """Its name is one word in lower case, and the contract one that this coffre speaks."""
    driver = bench.driver
    expect(
        re.fullmatch(r"[a-z][a-z0-9-]*", driver.name),
        f"the driver calls itself {driver.name!r}; a name is lower-case letters, digits, hyphens",
    )
    for what, version in (("version", driver.version), ("contract", driver.contract)):
        expect(isinstance(version, Version), f"Driver.{what} is {version!r}, which is no Version")
    check_contract(driver.name, driver.contract)
