"""An archive on offers of several kinds, as a person sets it up: a ``coffre.toml`` and the command.

Each remote offer is reached through a relay of its own, so that one alone can be away; what it
holds is lost and damaged behind coffre's back.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from coffre.conformance import Harness
from coffre.contract import ConnectionParameters, DeleteRequest, ObjectRef, Secret
from tests.conformance.harnesses import FilesystemHarness, installed
from tests.integration.cli.conftest import Archive, Ran
from tests.servers.faulty import Break, FaultyRelay
from tests.servers.kinds import discard, make_offer

ON_DISK = "filesystem"
PATIENCE = """
[offers.{name}.retry]
attempts = 2
first_pause = 0.01
longest_pause = 0.1

[offers.{name}.pool]
failure_budget = 1000
"""
"""No offer is left alone for a while after it was away: the next command finds it back."""


class MixedOffer:
    """One offer of the archive: its place in the configuration, and the ways around coffre."""

    def __init__(self, name: str, kind: str, harness: Harness, relay: FaultyRelay | None) -> None:
        """Take an offer that is empty and prepared; ``None`` when it is not reached by network."""
        self.name = name
        self.kind = kind
        self.harness = harness
        self._relay = relay

    @property
    def parameters(self) -> ConnectionParameters:
        """How the archive reaches it."""
        if self._relay is None:
            return self.harness.parameters
        return self.harness.through(self._relay.host, self._relay.port)

    def away(self) -> None:
        """Nobody reaches it any more; sessions that are open break."""
        if self._relay is None:
            self.harness.stop()
        else:
            self._relay.script(Break(refuse=True, times=None))

    def back(self) -> None:
        """It is reached again."""
        if self._relay is None:
            self.harness.start()
        else:
            self._relay.script()

    def lose(self, ref: ObjectRef) -> None:
        """Lose a copy: the service has forgotten it, and coffre was not told."""
        with self.harness.driver.connect(self.harness.parameters) as connection:
            connection.delete(DeleteRequest(ref=ref))

    def damage(self, ref: ObjectRef) -> None:
        """Change the bytes of a copy."""
        self.harness.damage(ref)

    def table(self, secrets: Path) -> str:
        """Its tables in ``coffre.toml``; secrets are files in a directory."""
        table = table_of(self.name, self.kind, self.parameters, secrets)
        return table + PATIENCE.format(name=self.name)


def table_of(name: str, kind: str, parameters: ConnectionParameters, secrets: Path) -> str:
    """The tables of an offer in ``coffre.toml``; secrets are files in a directory."""
    lines = [f"{key} = {_written(key, value, secrets)}\n" for key, value in parameters.values]
    head = f"[offers.{name}]\ndriver = {json.dumps(kind)}\nurl = {json.dumps(parameters.url)}\n"
    return head + f"\n[offers.{name}.parameters]\n" + "".join(lines) if lines else head


def _written(name: str, value: object, secrets: Path) -> str:
    if isinstance(value, Secret):
        secrets.mkdir(exist_ok=True)
        (secrets / name).write_text(value.reveal(), encoding="utf-8")
        return f'{{ file = "{secrets / name}" }}'
    return json.dumps(value)  # texts, numbers and truth are written in TOML as in JSON


class MixedArchive(Archive):
    """An archive whose offers are of several kinds, one copy on each."""

    def __init__(self, home: Path, offers: Mapping[str, MixedOffer], *, required: int) -> None:
        """Write ``coffre.toml``; each object goes to every offer, and must reach ``required``."""
        super().__init__(home)
        self.offers = offers
        self.write_configuration(list(offers), required=required)

    def write_configuration(self, ranks: list[str], *, required: int = 2) -> None:
        """All the offers, and a strategy of some of them, the one that is read first first."""
        tables = [one.table(self.home / f"secrets-{name}") for name, one in self.offers.items()]
        ranked = ", ".join(
            f'{{ offer = "{name}", rank = {rank} }}' for rank, name in enumerate(ranks, start=1)
        )
        strategy = f"[strategies.default]\noffers = [{ranked}]\nrequired = {required}\n"
        (self.home / "coffre.toml").write_text("\n".join([*tables, strategy]), encoding="utf-8")

    def findings(self, *words: str) -> Counter[tuple[object, object]]:
        """What an audit finds: code and offer of each finding, counted."""
        told = self("audit", "--json", *words).told
        return Counter((line["code"], line["offer"]) for line in told if "code" in line)

    def done(self, *words: str) -> Ran:
        """Run a command that must succeed."""
        ran = self(*words)
        assert ran.status == 0, (words, ran.status, ran.err, ran.out[-2000:])
        return ran


@contextmanager
def mixed_archive(
    home: Path, kinds: Mapping[str, str], *, required: int = 2
) -> Iterator[MixedArchive]:
    """An archive of new offers, each name with its kind; removed afterwards."""
    with ExitStack() as stack:
        offers = {name: _made(stack, name, kind, home) for name, kind in kinds.items()}
        yield MixedArchive(home, offers, required=required)


def _made(stack: ExitStack, name: str, kind: str, home: Path) -> MixedOffer:
    if kind == ON_DISK:
        disk = FilesystemHarness(installed(kind), home / name)
        return MixedOffer(name, kind, disk, None)
    harness = make_offer(kind)
    stack.callback(discard, harness)
    relay = stack.enter_context(FaultyRelay(*harness.address()))
    return MixedOffer(name, kind, harness, relay)
