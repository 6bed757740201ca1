"""Pools and limits: an offer's own word, else its driver's, else the default; and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffre.config import ConfigurationError
from coffre.config import open as open_engine
from coffre.config.loading import load_settings
from coffre.config.settings import Settings
from coffre.manager import GLOBAL_THREADS, OFFER_THREADS, DriverManager, OfferLimits, ThreadLimit
from coffre.pool import PoolEvent, PoolSettings
from coffre.testing import MemoryOffer

BASE = """\
[offers.north]
driver = "memory"
url = "memory://pools-north"

[offers.south]
driver = "memory"
url = "memory://pools-south"

[strategies.default]
offers = [{ offer = "north" }, { offer = "south" }]
"""


def load(tmp_path: Path, more: str = "") -> Settings:
    file = tmp_path / "coffre.toml"
    file.write_text(BASE + more, encoding="utf-8")
    return load_settings(file)


def limits_of(settings: Settings) -> dict[str, OfferLimits]:
    return {offer.id: offer.limits for offer in settings.offers}


def test_nothing_said_means_the_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path)

    assert limits_of(settings)["north"] == OfferLimits(pool=PoolSettings(), limit=OFFER_THREADS)
    assert settings.threads == GLOBAL_THREADS
    assert settings.drivers == {}


def test_an_offers_own_word_comes_before_its_drivers(tmp_path: Path) -> None:
    found = limits_of(
        load(
            tmp_path,
            """
            [drivers.memory.pool]
            max_size = 4
            reuse = "fifo"
            max_total = 6
            [offers.south.pool]
            max_size = 2
            """,
        )
    )

    assert found["north"].pool == PoolSettings(max_size=4, reuse="fifo")
    assert found["south"].pool == PoolSettings(max_size=2, reuse="fifo")


def test_what_offers_share_is_the_drivers(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "[drivers.memory.pool]\nmax_total = 6\n[drivers.memory.limits]\nthreads = 3\n",
    )

    assert settings.drivers["memory"].max_total == 6
    assert settings.drivers["memory"].limit == ThreadLimit(threads=3)


def test_threads_are_bounded_for_an_offer_and_for_all(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "[offers.north.limits]\nthreads = 1\n[limits]\nthreads = 2\nthreads_timeout = 1.5\n",
    )

    assert limits_of(settings)["north"].limit == ThreadLimit(threads=1)
    assert settings.threads == ThreadLimit(threads=2, threads_timeout=1.5)


def test_waiting_for_ever_is_written(tmp_path: Path) -> None:
    settings = load(tmp_path, "[offers.north.pool]\ntimeout = inf\n")

    assert limits_of(settings)["north"].pool.timeout is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("max_siz = 3", "unknown key 'max_siz'; did you mean 'max_size'?"),
        ("max_size = 0", "max_size is 0; it must be at least 1"),
        ("max_size = 2.5", "max_size must be a whole number"),
        ("timeout = -1", "timeout is -1.0; it must be at least 0"),
        ("keepalive = 0", "keepalive is 0.0; it must be at least 1"),
        ("reuse = 'last'", "reuse is 'last'; use one of: lifo, fifo"),
        ("nested = 'rais'", "nested is 'rais'; did you mean 'raise'?"),
        ("min_idle = 11", "min_idle is 11; it must be at most max_size, 10"),
        ("max_total = 3", "unknown key 'max_total'"),
        ("shed_hopeless = 1", "shed_hopeless must be true or false"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, f"\n[offers.south.pool]\n{line}\n")

    assert told in str(caught.value)
    assert f"coffre.toml:{BASE.count(chr(10)) + 3}: offers.south.pool: " in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[offers.north.limits]\nthreads = 0", "offers.north.limits: threads is 0"),
        ("[limits]\nthreads = 0", "limits: threads is 0; it must be at least 1"),
        ("[limits]\nthread = 1", "limits: unknown key 'thread'; did you mean 'threads'?"),
        ("[drivers.memory.limits]\nthreads_timeout = 3", "threads is missing"),
        ("[drivers.memory.limits]\nthreads = 0", "drivers.memory.limits: threads is 0"),
        ("[drivers.memory.pool]\nmax_total = 0", "max_total is 0; it must be at least 1"),
        ("[drivers.memory.limit]\nthreads = 1", "unknown key 'limit'; did you mean 'limits'?"),
        ("[drivers.memry.pool]", "no offer has driver 'memry'; did you mean 'memory'?"),
        ("[drivers.tape.pool]", "no offer has driver 'tape'; offers use: memory"),
    ],
)
def test_a_mistake_about_limits_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)

    assert told in str(caught.value)
    assert caught.value.line is not None


def test_an_engine_is_opened_with_them(tmp_path: Path) -> None:
    load(tmp_path, "[offers.north.pool]\nmax_size = 3\n[limits]\nthreads = 5\n")
    events: list[PoolEvent] = []

    with open_engine(tmp_path / "coffre.toml", listener=events.append) as engine:
        manager = engine.offers
        assert isinstance(manager, DriverManager)
        assert engine.offers["north"].capacity().used == 0
        found = manager.snapshot()
    for name in ("north", "south"):
        MemoryOffer.discard(f"memory://pools-{name}")

    assert [one.pool.max_size for one in found.offers] == [3, 10]
    assert [limit.max_concurrent for limit in found.limits] == [5]
    assert "opened" in {event.kind for event in events}
