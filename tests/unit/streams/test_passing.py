"""A large file read once leaves the page cache as it was found."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from coffre.streams import FileContent, Passage, chunks_of
from coffre.streams.filling import LARGE
from coffre.streams.passing import STEP

MIB = 1024 * 1024


def is_cached(path: Path, position: int = 0) -> bool:
    """Whether a byte of a file is in memory. Reading it, even without waiting, would fetch it."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
    there = (ctypes.c_ubyte * 1)()
    page = position // mmap.PAGESIZE * mmap.PAGESIZE
    with path.open("r+b") as file, mmap.mmap(file.fileno(), mmap.PAGESIZE, offset=page) as mapped:
        first = ctypes.c_ubyte.from_buffer(mapped)
        failed = libc.mincore(ctypes.addressof(first), mmap.PAGESIZE, there)
        del first
    assert not failed, os.strerror(ctypes.get_errno())
    return bool(there[0] & 1)


def let_go(path: Path) -> None:
    """Have a file out of memory, or skip: a file system in memory keeps it there."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
    if is_cached(path):
        pytest.skip("this file system keeps its files in memory")


def read_by_chunks(path: Path) -> None:
    with FileContent(path).open() as stream:
        for _ in chunks_of(stream):
            pass


def read_by_size(path: Path) -> None:
    with FileContent(path).open() as stream:
        while stream.read(100_000):
            pass


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(bytes(LARGE + STEP + 12_345))
    return path


@pytest.mark.parametrize("read", [read_by_chunks, read_by_size])
class TestALargeFile:
    def test_that_was_not_in_memory_is_not_left_there(
        self, large: Path, read: Callable[[Path], None]
    ) -> None:
        let_go(large)

        read(large)

        assert not is_cached(large)
        assert not is_cached(large, STEP - 1)

    def test_that_was_in_memory_stays_there(
        self, large: Path, read: Callable[[Path], None]
    ) -> None:
        let_go(large)
        large.read_bytes()

        read(large)

        assert is_cached(large)
        assert is_cached(large, STEP - 1)


def test_a_small_file_stays_in_memory(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.write_bytes(bytes(MIB))
    let_go(small)

    read_by_chunks(small)

    assert is_cached(small)


def test_a_place_that_takes_no_advice_is_read_all_the_same() -> None:
    reading, writing = os.pipe()
    try:
        Passage(reading, 0, LARGE).reached(LARGE)
    finally:
        os.close(reading)
        os.close(writing)
