"""Duties of retention and holds, on the small account: the service itself is out of reach here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.contract import ObjectRef
from coffre.drivers.azure import AzureDriver
from tests.unit.drivers.azure.account import Account, serving


class AccountHarness(Harness):
    """The small account; its hours pass when a check says so."""

    exclusive = True

    def __init__(self, account: Account) -> None:
        super().__init__(AzureDriver(), account.parameters())
        self.account = account

    def chill(self, ref: ObjectRef) -> None:
        self.account.blobs[f"/archive/{ref}"].headers["x-ms-access-tier"] = "Archive"

    def let_pass(self, seconds: float) -> None:
        for blob in self.account.blobs.values():
            if blob.headers.pop("x-ms-archive-status", None):
                blob.headers["x-ms-access-tier"] = "Hot"


class TestImmutable(DriverConformance):
    profiles = ("retention", "legal-hold", "access-requests")

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with serving(Account(immutable=True)) as account:
            yield AccountHarness(account)
