"""References: the same work in the barest Python, with no promise beyond what is named."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_UNNAMED = os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC


def sha512_of(path: str | Path) -> str:
    """SHA-512 of a file."""
    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha512").hexdigest()


def sha512_of_all(paths: Sequence[str], threads: int) -> list[str]:
    """SHA-512 of many files, on some threads."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(sha512_of, paths))


def store_plainly(objects: Iterable[bytes], folders: Sequence[Path]) -> list[str]:
    """Write each object into each folder, whole or not at all, and digest it; flush nothing."""
    digests = []
    opened = [_opened(folder) for folder in folders]
    for number, data in enumerate(objects):
        digests.append(hashlib.sha512(data).hexdigest())
        for folder in opened:
            descriptor = os.open(".", _UNNAMED, 0o666, dir_fd=folder)
            os.write(descriptor, data)
            os.link(f"/proc/self/fd/{descriptor}", f"{number:07d}", dst_dir_fd=folder)
            os.close(descriptor)
    for folder in opened:
        os.close(folder)
    return digests


def store_durably(objects: Iterable[bytes], path: Path) -> None:
    """Write each object into a folder and flush it and its name before the next; no digest."""
    folder = _opened(path)
    for number, data in enumerate(objects):
        descriptor = os.open(".", _UNNAMED, 0o666, dir_fd=folder)
        os.write(descriptor, data)
        os.fsync(descriptor)
        os.link(f"/proc/self/fd/{descriptor}", f"{number:07d}", dst_dir_fd=folder)
        os.fsync(folder)
        os.close(descriptor)
    os.close(folder)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
