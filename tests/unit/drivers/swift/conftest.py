from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.drivers.swift.account import Account, serving


@pytest.fixture
def account() -> Iterator[Account]:
    with serving(Account()) as account:
        yield account
