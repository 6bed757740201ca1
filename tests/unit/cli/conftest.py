"""The command line over offers in memory: the real engine, ledger and drivers, nothing on disk
but the ledger."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coffre.cli.main import main
from coffre.config import write_configuration
from coffre.contract import ConnectionParameters, ObjectRef
from coffre.engine import Engine, Limits, Strategy, StrategyOffer
from coffre.engine.ledger import Ledger
from coffre.offer import Offer
from coffre.offer.retry import NO_RETRY
from coffre.testing import MemoryDriver, MemoryOffer

OFFERS = ("north", "south")


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def told(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines]

    @property
    def codes(self) -> list[str]:
        """Codes of the errors told as JSON lines, in order."""
        return [told["code"] for line in self.told if isinstance(told := line.get("error"), dict)]

    @property
    def summary(self) -> dict[str, object]:
        """The totals, told as the last JSON line but errors."""
        return next(told for line in self.told if isinstance(told := line.get("summary"), dict))


class Bench:
    """Runs commands in this process, in a directory of their own."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.capsys = capsys
        self.memory = {name: MemoryOffer.at(f"memory://{home}/{name}") for name in OFFERS}
        self.limits = Limits()

    def open(self, path: str | None = None) -> Engine:
        driver = MemoryDriver()
        offers = {
            name: Offer(
                name,
                driver,
                ConnectionParameters(url=f"memory://{self.home}/{name}"),
                retry=NO_RETRY,
            )
            for name in OFFERS
        }
        places = tuple(StrategyOffer(offer=name, rank=n) for n, name in enumerate(OFFERS))
        strategies = {
            name: Strategy(name=name, copies=places, required=required)
            for name, required in (("default", 2), ("one", 1))
        }
        ledger = Ledger.open(str(self.home / "ledger.db"), author="test")
        return Engine(offers, strategies, ledger, limits=self.limits).closing(ledger.close)

    def __call__(self, *words: str) -> Ran:
        status = main(words)
        said = self.capsys.readouterr()
        return Ran(status, said.out, said.err)

    def file(self, name: str, content: bytes = b"x") -> str:
        path = os.path.join(self.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def stdin(self, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.fixture
def coffre(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Bench]:
    bench = Bench(tmp_path, capsys)
    write_configuration(tmp_path)
    monkeypatch.setattr("coffre.config.open", bench.open)
    monkeypatch.chdir(tmp_path)
    yield bench
    for offer in bench.memory.values():
        MemoryOffer.discard(offer.url)


def ref(identifier: str) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=identifier)
