"""Parts name their writer: what lives is not swept, what died is, and others are left to age."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from coffre.drivers.sftp.packets import Attributes, Entry
from coffre.drivers.sftp.parts import forget_part, is_alive, new_part
from coffre.drivers.sftp.sweeping import ELSEWHERE, _is_left
from coffre.streams.writers import this_machine

NOW = 1_000_000


def aged(name: str, seconds: float) -> Entry:
    return Entry(name.rpartition("/")[2], Attributes(10, 0o100644, int(NOW - seconds)))


def test_no_two_parts_have_one_name() -> None:
    names = [new_part() for _ in range(100)]

    assert len(set(names)) == 100
    for name in names:
        forget_part(name)


def test_a_part_lives_until_its_writer_is_done_with_it() -> None:
    name = new_part()

    assert is_alive(name) is True
    forget_part(name)
    assert is_alive(name) is False


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at by /proc")
def test_a_part_of_another_process_lives_as_long_as_that_does() -> None:
    code = (
        "import sys; from coffre.drivers.sftp.parts import new_part; print(new_part(), flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        assert is_alive(name) is True
        other.kill()
        other.wait()
    assert is_alive(name) is False


def test_a_process_that_has_the_number_of_a_dead_one_is_another() -> None:
    assert is_alive(f"{this_machine()}-{os.getppid()}-1-token.part") is False


@pytest.mark.parametrize("name", ["0123.part", "another-1-1-token.part", "a-b-c-d-e.part"])
def test_of_a_writer_elsewhere_nothing_is_known(name: str) -> None:
    assert is_alive(name) is None


@pytest.mark.parametrize(
    ("age", "older_than", "left"),
    [
        (0, 0, False),
        (ELSEWHERE - 1, 0, False),
        (ELSEWHERE, 0, True),
        (ELSEWHERE, 2 * ELSEWHERE, False),
        (2 * ELSEWHERE, 2 * ELSEWHERE, True),
        (-50, 0, False),
    ],
)
def test_a_part_from_elsewhere_is_left_alone_for_an_hour_at_least(
    age: float, older_than: float, left: bool
) -> None:
    assert _is_left(aged("elsewhere-1-1-token.part", age), NOW, older_than) is left


def test_a_part_of_a_dead_writer_here_is_as_old_as_was_asked() -> None:
    name = new_part()

    assert not _is_left(aged(name, 10 * ELSEWHERE), NOW, 0), "its writer lives"
    forget_part(name)
    assert _is_left(aged(name, 0), NOW, 0)
    assert not _is_left(aged(name, 10), NOW, 11)
    assert _is_left(aged(name, -50), NOW, 0), "a clock that was set back"
