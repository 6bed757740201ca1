"""A file is filled with exactly the bytes given, whichever way they took to the device."""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.streams import Filling
from coffre.streams.filling import LARGE, WINDOW

MIB = 1024 * 1024


@pytest.fixture
def target(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "target", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


def aligned(data: bytes) -> memoryview:
    """The bytes in memory that begins on a page."""
    store = mmap.mmap(-1, len(data))
    store[:] = data
    return memoryview(store)


def written(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size + 1, 0)


def is_direct(descriptor: int) -> bool:
    return bool(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_DIRECT)


@pytest.mark.parametrize("last", [0, 1, 4096, 5000])
def test_whole_pieces_and_a_last_one_of_any_length(target: int, last: int) -> None:
    pieces = [bytes([number]) * MIB for number in range(LARGE // MIB)] + [b"z" * last]
    filling = Filling(target, LARGE + last)

    for piece in pieces:
        if piece:
            filling.write(aligned(piece))
    filling.finish()

    assert written(target) == b"".join(pieces)


def test_pieces_of_odd_lengths_at_odd_addresses(target: int) -> None:
    pieces = [bytes([number % 251]) * (1000 + 37 * number) for number in range(800)]
    size = sum(map(len, pieces))
    assert size > LARGE
    filling = Filling(target, size)

    for piece in pieces:
        filling.write(memoryview(b"." + piece)[1:])

    assert written(target) == b"".join(pieces)


def test_more_than_a_window_the_ordinary_way(target: int) -> None:
    piece = b"odd" * 500_000
    filling = Filling(target, WINDOW + len(piece))

    for _ in range(WINDOW // len(piece) + 2):
        filling.write(piece)

    assert written(target) == piece * (WINDOW // len(piece) + 2)


def test_once_finished_the_file_is_an_ordinary_one(target: int) -> None:
    filling = Filling(target, LARGE)
    filling.write(aligned(bytes(MIB)))

    filling.finish()

    assert not is_direct(target)


def test_a_file_can_be_filled_again_from_its_start_after_it_was_given_up(target: int) -> None:
    Filling(target, LARGE).write(aligned(bytes(MIB)))
    os.lseek(target, 0, os.SEEK_SET)
    os.ftruncate(target, 0)

    filling = Filling(target, LARGE + 1)
    for _ in range(LARGE // MIB):
        filling.write(aligned(b"y" * MIB))
    filling.write(b"z")
    filling.finish()

    assert written(target) == b"y" * LARGE + b"z"
    assert not is_direct(target)


def test_an_error_is_the_systems_own() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OSError, match="No space left"):
            Filling(full, LARGE).write(b"x")
    finally:
        os.close(full)
