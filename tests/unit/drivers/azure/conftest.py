from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.drivers.azure.account import Account, serving


@pytest.fixture
def account() -> Iterator[Account]:
    with serving(Account()) as account:
        yield account


@pytest.fixture
def immutable() -> Iterator[Account]:
    """An account whose container has version-level immutability switched on."""
    with serving(Account(immutable=True)) as account:
        yield account
