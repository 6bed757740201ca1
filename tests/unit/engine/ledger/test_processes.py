"""Several processes, threads and sudden deaths: the chain stays whole."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from coffre.engine.ledger import Ledger
from tests.unit.engine.ledger.support import codes, deposit, digest, ref

SPAWN = multiprocessing.get_context("spawn")


def deposit_many(url: str, worker: int, count: int, barrier: Barrier) -> None:
    barrier.wait()
    with Ledger.open(url, author=f"worker-{worker}", busy_timeout_s=60) as ledger:
        for number in range(count):
            name = f"{worker}-{number}"
            with ledger.claim([ref(name)]):
                ledger.record_deposits([deposit(name, name.encode())])


def test_processes_that_open_a_new_ledger_at_once_share_one_chain(url: str) -> None:
    """They also race to make it."""
    workers, count = 4, 25
    barrier = SPAWN.Barrier(workers)
    processes = [
        SPAWN.Process(target=deposit_many, args=(url, worker, count, barrier))
        for worker in range(workers)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * workers

    with Ledger.open(url, author="tester") as ledger:
        assert [event.seq for event in ledger.events()] == list(range(1, workers * count + 2))
        assert {event.author for event in ledger.events(1)} == {
            f"worker-{worker}" for worker in range(workers)
        }
        assert len([*ledger.objects()]) == workers * count
        assert codes(ledger) == []


def test_threads_of_one_process_share_one_ledger(ledger: Ledger) -> None:
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for number in range(20):
                name = f"{worker}-{number}"
                with ledger.claim([ref(name)]):
                    ledger.record_deposits([deposit(name)])
                assert ledger.find(ref(name)) is not None
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert ledger.head().seq == 161
    assert codes(ledger) == []


def test_two_that_store_other_bytes_under_one_name_agree_on_one(ledger: Ledger, url: str) -> None:
    with Ledger.open(url, author="rival") as rival:
        outcomes = []
        for one, content in ((ledger, b"first"), (rival, b"second")):
            try:
                one.record_deposits([deposit("a", content)])
                outcomes.append("stored")
            except FileExistsError:  # ObjectConflictError has this builtin twin
                outcomes.append("conflict")

        assert outcomes == ["stored", "conflict"]
        found = rival.find(ref("a"))
        assert found is not None
        assert found.digest == digest(b"first")


def deposit_until_killed(path: str, first: int, pipe: Connection) -> None:
    with Ledger.open(path, author="victim") as ledger:
        number = first
        while True:
            batch = [deposit(f"{number + n:08}") for n in range(3)]
            ledger.record_deposits(batch)
            number += 3
            pipe.send(number)  # the acknowledgement


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_loses_nothing_it_acknowledged(path: Path) -> None:
    chance = random.Random(4)
    acknowledged = 0
    for _round in range(12):
        here, there = SPAWN.Pipe()
        process = SPAWN.Process(target=deposit_until_killed, args=(str(path), acknowledged, there))
        process.start()
        there.close()
        assert process.pid is not None
        for _ in range(chance.randrange(1, 30)):
            acknowledged = here.recv()
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        while here.poll():
            try:
                acknowledged = here.recv()
            except EOFError:
                break

        with Ledger.open(str(path), author="tester") as ledger:
            stored = len([*ledger.objects_by_id()])
            assert stored in (acknowledged, acknowledged + 3)
            assert codes(ledger) == []
        acknowledged = stored
