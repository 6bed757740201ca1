"""The installed ``coffre`` command, run as a person runs it, on offers that are directories."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

COFFRE = Path(sys.executable).with_name("coffre")
LONGEST = 120.0
"""Seconds after which a command is given up."""


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    status: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.decode().splitlines()

    @property
    def told(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines]

    @property
    def codes(self) -> list[str]:
        return [told["code"] for line in self.told if isinstance(told := line.get("error"), dict)]

    @property
    def summary(self) -> dict[str, object]:
        return next(told for line in self.told if isinstance(told := line.get("summary"), dict))


class Archive:
    """A directory with a ``coffre.toml``, and the commands run in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("COFFRE_")
        }

    def __call__(self, *words: str | bytes, stdin: bytes = b"") -> Ran:
        done = subprocess.run(
            [COFFRE, *words],
            cwd=self.home,
            env=self.environment,
            input=stdin,
            capture_output=True,
            timeout=LONGEST,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr.decode())

    def interrupted(self, *words: str, when: Callable[[str], bool]) -> Ran:
        """Run a command, and interrupt it at the first line of its output that ``when`` accepts."""
        with self._started(words) as process:
            assert process.stdout is not None
            seen = []
            for line in process.stdout:
                seen.append(line)
                if when(line.decode()):
                    process.send_signal(signal.SIGINT)
                    break
            out, err = process.communicate(timeout=LONGEST)
        return Ran(process.returncode, b"".join(seen) + out, err.decode())

    def interrupted_after_reading(self, *words: str, count: int) -> Ran:
        """Run a command, and interrupt it once it has read so many bytes."""
        with self._started(words) as process:
            while process.poll() is None and bytes_read(process.pid) < count:
                continue
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=LONGEST)
        return Ran(process.returncode, out, err.decode())

    def _started(self, words: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [COFFRE, *words],
            cwd=self.home,
            env=self.environment | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,  # nothing is read ahead of the line that was looked at
            # A test runner in the background may have SIGINT ignored, and pass that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def file(self, name: str, content: bytes = b"x") -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def configuration(self, old: str, new: str) -> None:
        """Edit ``coffre.toml``."""
        path = self.home / "coffre.toml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))


def bytes_read(process: int) -> int:
    """Bytes that a process has read, from files and from everything else."""
    told = Path(f"/proc/{process}/io").read_text()
    return int(next(line.split()[1] for line in told.splitlines() if line.startswith("rchar")))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive(tmp_path)
    assert made("init").status == 0
    return made
