"""Whatever bytes a program writes, this side gives back what is true or raises, and soon."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

import pytest

from coffre.contract import (
    CapacityRequest,
    ConnectionLostError,
    ContractVersionError,
    DeleteRequest,
    DigestAlgorithm,
    ListRequest,
    OfferError,
    ParameterError,
    PutResult,
    StatRequest,
)
from coffre.drivers.process import ProcessConnection, ProcessDriver
from coffre.drivers.process.protocol import Frame
from tests.unit.drivers.process.conftest import read, ref_of, request_of, toy_parameters

ROUNDS = 60
DATA = b"some bytes"


def frame(kind: Frame, number: int, payload: object = b"") -> bytes:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return struct.pack(">B3xII", kind, number, len(data)) + data


def session() -> list[bytes]:
    """What a good program would write, frame by frame, in the session that ``use`` has."""
    digest = str(DigestAlgorithm.SHA512.of(DATA))
    hello = {"protocol": "1.0", "contract": "1.0", "name": "tape", "version": "1.0"}
    entries = {"entries": [["a", 1], ["it", 10]]}
    return [
        frame(Frame.HELLO, 0, hello | {"requests": 3, "algorithms": ["sha512"]}),
        frame(Frame.READY, 0, {"capabilities": ["range-read", "offer-digest"]}),
        frame(Frame.CREDIT, 1, struct.pack(">I", 2)),
        frame(Frame.WORKING, 1),
        frame(Frame.RESULT, 1, {"size": 10, "digest": digest, "durable": True}),
        frame(Frame.RESULT, 2, {"size": 10, "metadata": {"a": "b"}, "recorded": digest}),
        frame(Frame.DATA, 2, DATA[:4]),
        frame(Frame.DATA, 2, DATA[4:]),
        frame(Frame.END, 2),
        frame(Frame.RESULT, 3, {"size": 10, "digest": digest, "stored_at": "2026-11-24T15:04:05Z"}),
        frame(Frame.PAGE, 4, entries),
        frame(Frame.END, 4, {"count": 2}),
        frame(Frame.RESULT, 5, {"existed": True}),
        frame(Frame.RESULT, 6, {"free": 7}),
        frame(Frame.ERROR, 7, {"code": "object-not-found", "message": "it is not there"}),
    ]


def use(connection: ProcessConnection) -> list[object]:
    """Everything that can be asked; what came of each."""
    steps = (
        lambda: connection.put(request_of("it", DATA)),
        lambda: read(connection, "it"),
        lambda: connection.stat(StatRequest(ref=ref_of("it"), digest=DigestAlgorithm.SHA512)),
        lambda: list(connection.list(ListRequest(tenant=0, container="object"))),
        lambda: connection.delete(DeleteRequest(ref=ref_of("it"))),
        lambda: connection.capacity(CapacityRequest()),
        lambda: connection.stat(StatRequest(ref=ref_of("it"))),
    )
    found: list[object] = []
    for step in steps:
        try:
            found.append(step())
        except OfferError as error:
            found.append(error)
    return found


def played(tape: Path, frames: bytes, timeout: float = 0.1) -> list[object]:
    """A session with a program that plays a tape, and hears nothing."""
    tape.write_bytes(frames)
    command = f"/bin/sh -c 'cat {tape}; exec cat > /dev/null'"
    parameters = toy_parameters(command=command, timeout=timeout, start_timeout=5.0, grace=0.1)
    with ProcessDriver().connect(parameters) as connection:
        return use(connection)


def test_a_good_tape_plays_to_its_end(tmp_path: Path) -> None:
    found = played(tmp_path / "tape", b"".join(session()), timeout=60.0)

    assert [type(one).__name__ for one in found] == [
        "PutResult",
        "bytes",
        "StatResult",
        "list",
        "DeleteResult",
        "CapacityResult",
        "ObjectNotFoundError",
    ]


@pytest.mark.parametrize(("place", "changed"), [(0, 1), (0, 2), (0, 3), (1, 7), (0, 7)])
def test_a_head_that_is_not_as_it_should_be_ends_the_session(
    tmp_path: Path, place: int, changed: int
) -> None:
    """Zeros that are none; a number where the session itself is meant."""
    frames = [bytearray(piece) for piece in session()]
    frames[place][changed] = 1

    with pytest.raises(ConnectionLostError):
        played(tmp_path / "tape", b"".join(frames))


def spoilt(frames: list[bytes], chance: random.Random) -> bytes:
    """Frames left out, doubled and swapped; bytes changed, cut and put in."""
    frames = list(frames)
    for _ in range(chance.choice((0, 0, 1, 2))):
        place = chance.randrange(2, len(frames))
        frames.insert(chance.randrange(2, len(frames)), frames[place])
        if chance.random() < 0.5:
            del frames[place]
    data = bytearray(b"".join(frames))
    for _ in range(chance.choice((0, 1, 1, 3))):
        place = chance.randrange(len(data))
        data[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    return bytes(data[: chance.choice((len(data), len(data), chance.randrange(len(data))))])


@pytest.mark.parametrize("seed", range(4))
def test_a_spoilt_tape_gives_errors_of_the_contract_and_never_other_bytes(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS // 4):
        try:
            put, got, *_ = played(tmp_path / "tape", spoilt(session(), chance))
        except (OfferError, ParameterError, ContractVersionError):
            continue  # it could not be opened
        if isinstance(put, PutResult):
            assert (put.size, put.digest) == (10, DigestAlgorithm.SHA512.of(DATA))
        if isinstance(got, bytes):
            assert len(got) == 10  # the bytes themselves are for the offer to verify
