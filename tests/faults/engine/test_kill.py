"""kill -9 at any moment: nothing acknowledged is lost, nothing partial shows, the job goes on.

A kill keeps what the operating system holds, so this finds wrong orders and half-made states, not
missing flushes: those are found by cutting the power (``tests/faults/drivers``).
"""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.engine import Engine, PutItem
from coffre.engine.ledger import Ledger, ObjectState
from tests.faults.engine import jobs
from tests.faults.engine.jobs import NAMES, alone, content, opened, ref, together

KILLS = {"put": 35, "repair": 30, "delete": 30, "audit": 20}
"""For each root; with four roots of puts, 220 in all."""

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.faults.engine.jobs"])


class Killer:
    """Runs jobs in processes of their own, and kills them at moments drawn under a seed."""

    def __init__(self, directory: Path, kind: str, seed: int) -> None:
        self.directory = directory
        self.kills = 0
        self._kind = kind
        self._chance = random.Random(f"{kind}/{seed}")
        self._usual = 0.05

    def run(self, round_: int) -> list[str]:
        """Run a job until it ends or the moment has come; what it was acknowledged."""
        reader, writer = processes.Pipe(duplex=False)
        process = processes.Process(
            target=jobs.work, args=(self._kind, str(self.directory), round_, writer)
        )
        process.start()
        writer.close()
        with reader:
            reader.recv_bytes()  # it is at work
            acknowledged = self._until_the_moment(reader)
            process.kill()
            acknowledged += list(_received(reader))
        process.join()
        if process.exitcode == -signal.SIGKILL:
            self.kills += 1
        else:
            assert process.exitcode == 0
        process.close()
        return acknowledged

    def _until_the_moment(self, reader: multiprocessing.connection.Connection) -> list[str]:
        started = time.monotonic()
        moment = started + self._chance.uniform(0, self._usual)
        acknowledged = []
        try:
            while reader.poll(max(0.0, moment - time.monotonic())):
                acknowledged.append(reader.recv_bytes().decode())
        except EOFError:
            # It came to its end before its moment: the next moments are drawn from less.
            self._usual = 0.9 * (time.monotonic() - started)
        else:
            self._usual *= 1.02
        return acknowledged


def _received(reader: multiprocessing.connection.Connection) -> Iterator[str]:
    """What it had still said when it died."""
    try:
        while True:
            yield reader.recv_bytes().decode()
    except (EOFError, OSError):
        return


def held(directory: Path, name: str, prefix: str) -> dict[str, bytes]:
    """What a person finds in the directory of an offer, without any of our code."""
    root = directory / name / "0" / "object"
    return {path.name: path.read_bytes() for path in root.glob(f"*/{prefix}*")}


def set_aside(directory: Path, name: str) -> list[bytes]:
    return [
        path.read_bytes()
        for path in (directory / name / ".coffre" / "quarantine").rglob("r*")
        if path.is_file()
    ]


def complete(engine: Engine, ledger: Ledger) -> None:
    """Nothing is wrong anywhere, and nothing is owed."""
    assert list(engine.audit_ledger()) == []
    assert list(ledger.debts()) == []
    audit = engine.audit(resume=False)
    assert list(audit) == []
    assert audit.summary.complete


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_put_that_is_killed_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    killer = Killer(tmp_path, "put", seed)
    round_ = 0

    while killer.kills < KILLS["put"]:
        acknowledged = killer.run(round_)

        expected = {name: content(name) for name in (*alone(round_), *together(round_))}
        for name in NAMES:
            found = held(tmp_path, name, f"r{round_:04}-")
            for identifier in acknowledged:
                assert found[identifier] == expected[identifier]
            for identifier, data in found.items():
                assert data == expected[identifier], f"{identifier} shows, and is not whole"
        with opened(tmp_path) as (engine, ledger):
            for identifier in acknowledged:
                assert ledger.find(ref(identifier)) is not None
                for name in NAMES:
                    with engine.get(ref(identifier), offer=name) as reader:
                        assert reader.read() == expected[identifier]
            assert list(engine.audit_ledger()) == []
            again: list[str] = []
            jobs.put(engine, round_, again.append)
            assert sorted(again) == sorted(expected)
        round_ += 1

    with opened(tmp_path) as (engine, ledger):
        complete(engine, ledger)
        assert sum(1 for _ in ledger.objects()) == round_ * len(expected)


@pytest.mark.slow
def test_a_repair_that_is_killed_loses_neither_good_bytes_nor_bad(tmp_path: Path) -> None:
    killer = Killer(tmp_path, "repair", 0)
    names = together(0)
    with opened(tmp_path) as (engine, _):
        jobs.put(engine, 0, lambda _: None)
    spoilt: list[bytes] = []

    while killer.kills < KILLS["repair"]:
        for path in sorted((tmp_path / "south" / "0" / "object").glob("*/r0000-bulk-*"))[:12]:
            bad = f"{path.name} spoilt {killer.kills} {len(spoilt)}".encode()
            spoilt.append(bad)
            path.write_bytes(bad)
        with opened(tmp_path) as (engine, _):
            assert list(engine.audit(resume=False))

        killer.run(0)

        north, south = (held(tmp_path, name, "r0000-") for name in NAMES)
        assert {name: north[name] for name in names} == {name: content(name) for name in names}
        kept = set(set_aside(tmp_path, "south"))
        for bad in spoilt:
            assert bad in kept or bad in south.values(), "bad bytes were lost"
        for identifier, data in south.items():
            assert data == content(identifier) or data in spoilt
        with opened(tmp_path) as (engine, ledger):
            jobs.repair(engine, 0, lambda _: None)
            complete(engine, ledger)


@pytest.mark.slow
def test_a_deletion_that_is_killed_is_done_or_owed_or_not_begun(tmp_path: Path) -> None:
    killer = Killer(tmp_path, "delete", 0)
    round_ = 0

    while killer.kills < KILLS["delete"]:
        names = together(round_)[:8]
        items = [PutItem(ref=ref(name), source=content(name)) for name in names]
        with opened(tmp_path) as (engine, _):
            assert len(list(engine.put_many(items))) == len(names)
            engine.put(b"kept", ref(f"kept-{round_}"))

        acknowledged = killer.run(round_)

        found = {name: held(tmp_path, name, f"r{round_:04}-") for name in NAMES}
        with opened(tmp_path) as (engine, ledger):
            for identifier in names:
                last = ledger.last_state(ref(identifier))
                assert last is not None
                there = {name for name in NAMES if identifier in found[name]}
                if last.state is ObjectState.STORED:
                    assert identifier not in acknowledged
                    assert there == set(NAMES), "deleted before the order was recorded"
                else:
                    assert there <= {debt.offer for debt in last.debts}
                if identifier in acknowledged:
                    assert not there
            assert list(engine.audit_ledger()) == []
            jobs.delete(engine, round_, lambda _: None)
            jobs.repair(engine, round_, lambda _: None)
            assert not any(held(tmp_path, name, f"r{round_:04}-") for name in NAMES)
        round_ += 1

    with opened(tmp_path) as (engine, ledger):
        complete(engine, ledger)
        assert sum(1 for _ in ledger.objects()) == round_


@pytest.mark.slow
def test_an_audit_that_is_killed_goes_on_and_counts_everything_once(tmp_path: Path) -> None:
    killer = Killer(tmp_path, "audit", 0)
    names = [f"r0000-{number:04}" for number in range(400)]
    with opened(tmp_path) as (engine, _):
        items = [PutItem(ref=ref(name), source=name.encode()) for name in names]
        assert len(list(engine.put_many(items))) == len(names)
    for name in names[::29]:
        (path,) = (tmp_path / "south" / "0" / "object").glob(f"*/{name}")
        path.write_bytes(b"spoilt")

    resumed = 0
    while killer.kills < KILLS["audit"]:
        killer.run(0)
        if killer.kills % 4:
            continue  # killed again before it ends
        with opened(tmp_path) as (engine, _):
            audit = engine.audit()
            told = list(audit)
            summary = audit.summary
            resumed += summary.resumed
            assert summary.complete
            assert (summary.objects, summary.copies) == (400, 800)
            assert (summary.verified, summary.corrupt) == (800 - 14, 14)
            assert summary.findings == summary.told_before + len(told)
            assert list(engine.audit_ledger()) == []

    assert resumed
