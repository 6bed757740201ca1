"""Several processes at one offer: one winner, whole objects, and a sweep that spares the living."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.contract import (
    ByteStream,
    CoffreError,
    DigestAlgorithm,
    GetRequest,
    ListRequest,
    PutRequest,
    SweepRequest,
)
from coffre.drivers.filesystem import FilesystemDriver
from coffre.streams import BytesContent, OnceContent, ReadableStream
from tests.faults.filesystem.victim import parameters_of, ref_of

RIVALS = 6
SIZES = (100, 300_000, 9_000_000)
KILLS = 40

fork = multiprocessing.get_context("spawn")


def bytes_of(rival: int, size: int) -> bytes:
    return bytes([65 + rival]) * size


def compete(root: Path, rival: int, size: int, start: object, answers: object) -> None:
    data = bytes_of(rival, size)
    request = PutRequest(ref=ref_of("prize"), content=BytesContent(data), size=size)
    with FilesystemDriver().connect(parameters_of(root, {})) as connection:
        start.wait(60)  # type: ignore[attr-defined]
        try:
            connection.put(request)
            answer = "stored"
        except CoffreError as error:
            answer = error.code
    answers.put((rival, answer))  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_of_several_processes_exactly_one_wins_and_the_others_know(
    tmp_path: Path, size: int
) -> None:
    start, answers = fork.Barrier(RIVALS), fork.Queue()
    rivals = [
        fork.Process(target=compete, args=(tmp_path / "offer", rival, size, start, answers))
        for rival in range(RIVALS)
    ]
    for process in rivals:
        process.start()
    said = dict(answers.get(timeout=60) for _ in rivals)
    for process in rivals:
        process.join(60)

    winners = [rival for rival, answer in said.items() if answer == "stored"]
    assert sorted(said.values()) == ["object-conflict"] * (RIVALS - 1) + ["stored"]
    with (
        FilesystemDriver().connect(parameters_of(tmp_path / "offer", {})) as connection,
        connection.get(GetRequest(ref=ref_of("prize"))) as found,
    ):
        assert found.stream.read() == bytes_of(winners[0], size)
    assert list((tmp_path / "offer/.coffre/parts").iterdir()) == []


def keep_replacing(root: Path, versions: int) -> None:
    with FilesystemDriver().connect(parameters_of(root, {"flush": False})) as connection:
        for version in range(versions):
            data = bytes([version % 251]) * (200_000 + version)
            ref = ref_of("page")
            content = BytesContent(data)
            connection.put(PutRequest(ref=ref, content=content, size=len(data), replace=True))


@pytest.mark.slow
def test_a_reader_sees_one_version_or_another_never_a_mixture(tmp_path: Path) -> None:
    root = tmp_path / "offer"
    keep_replacing(root, 1)
    writer = fork.Process(target=keep_replacing, args=(root, 300))
    writer.start()
    seen: set[int] = set()
    with FilesystemDriver().connect(parameters_of(root, {})) as connection:
        while writer.is_alive() or not seen:
            with connection.get(GetRequest(ref=ref_of("page"))) as found:
                data = found.stream.read()
            version = len(data) - 200_000
            assert data == bytes([version % 251]) * len(data)
            assert found.recorded == DigestAlgorithm.SHA512.of(data)
            seen.add(version)
    writer.join()

    assert writer.exitcode == 0
    assert len(seen) > 1


class _Slow(ReadableStream):
    """A source that stops in the middle until it is told to go on."""

    def chunks(self) -> Iterator[bytes]:
        yield b"a" * 500
        os.write(1, b"half\n")
        sys.stdin.read()
        yield b"b" * 500


def stop_half_way(root: Path, named: bool) -> None:
    """Begin a put, and wait in the middle of it (run as a process of its own)."""
    from coffre.drivers.filesystem import parts

    if named:
        vars(parts)["_CAN_NAME_LATER"] = False
    content: ByteStream = _Slow()
    request = PutRequest(ref=ref_of("slow"), content=OnceContent(content), size=1000)
    with FilesystemDriver().connect(parameters_of(root, {})) as connection:
        connection.put(request)


def begun(root: Path, named: bool) -> subprocess.Popen[bytes]:
    """A process that is in the middle of a put, until its input ends."""
    code = (
        "from pathlib import Path; from tests.faults.filesystem.test_rivals import stop_half_way;"
        f"stop_half_way(Path({str(root)!r}), {named})"
    )
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"half\n"
    return process


@pytest.mark.slow
@pytest.mark.parametrize("named", [True, False])
def test_a_sweep_spares_the_living_and_takes_the_dead(tmp_path: Path, named: bool) -> None:
    root = tmp_path / "offer"
    living = begun(root, named)
    dead = begun(root, named)
    dead.kill()
    dead.communicate()

    with FilesystemDriver().connect(parameters_of(root, {})) as connection:
        swept = connection.sweep(SweepRequest(older_than=0))
        living.communicate(b"")
        with connection.get(GetRequest(ref=ref_of("slow"))) as found:
            stored = found.stream.read()
        again = connection.sweep(SweepRequest(older_than=0))

    # Without a name there is nothing to sweep: the kernel has taken the dead one's part already.
    assert (swept.removed, swept.kept) == ((1, 1) if named else (0, 0))
    assert (living.returncode, stored) == (0, b"a" * 500 + b"b" * 500)
    assert (again.removed, again.kept) == (0, 0)


def store_until_killed(root: Path, who: int) -> None:
    """Store one after the other, and say each as soon as it is acknowledged."""
    with FilesystemDriver().connect(parameters_of(root, {"flush": False})) as connection:
        for number in range(1_000_000):
            data = f"{who}-{number}".encode() * (number % 7 * 20_000 + 1)
            request = PutRequest(
                ref=ref_of(f"{who}-{number % 50}"),
                content=BytesContent(data),
                size=len(data),
                replace=True,
            )
            connection.put(request)
            os.write(1, f"{request.ref.identifier} {number}\n".encode())


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_acknowledged_and_shows_nothing_partial(
    tmp_path: Path,
) -> None:
    root, chance = tmp_path / "offer", random.Random(1)
    last: dict[str, int] = {}
    for kill in range(KILLS):
        code = (
            "from pathlib import Path; from tests.faults.filesystem.test_rivals import *;"
            f"store_until_killed(Path({str(root)!r}), {kill})"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            lines = [writer.stdout.readline() for _ in range(chance.randrange(1, 60))]
            writer.send_signal(signal.SIGKILL)
            lines += writer.stdout.readlines()
        last.update(
            (name, int(number)) for name, number in (line.decode().split() for line in lines)
        )

    with FilesystemDriver().connect(parameters_of(root, {})) as connection:
        connection.sweep(SweepRequest(older_than=0))
        with connection.list(ListRequest(tenant=3, container="object")) as listing:
            names = {entry.identifier for entry in listing}
        assert last.keys() <= names
        for name in names:
            with connection.get(GetRequest(ref=ref_of(name))) as found:
                data = found.stream.read()
            who, _, slot = name.partition("-")
            number = int(data[: len(data) // (data.count(b"-"))].split(b"-")[1])
            assert data == f"{who}-{number}".encode() * data.count(b"-")
            assert number in (last.get(name, int(slot)), last.get(name, -50) + 50)
            assert found.recorded == DigestAlgorithm.SHA512.of(data)
    assert list((root / ".coffre/parts").iterdir()) == []
