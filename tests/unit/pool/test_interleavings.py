"""Every interleaving of two to four threads keeps every rule."""

from __future__ import annotations

import pytest

from tests.unit.pool.explorer import explore
from tests.unit.pool.scenes import LARGE, SCENES


@pytest.mark.parametrize("name", SCENES)
def test_every_interleaving_of_a_few_threads_keeps_the_rules(name: str) -> None:
    assert explore(SCENES[name]) > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_every_interleaving_of_four_threads_keeps_the_rules(name: str) -> None:
    assert explore(LARGE[name]) > 500
