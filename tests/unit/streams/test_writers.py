"""Names of writers: what lives is told from what died, on this machine, and nothing is guessed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from coffre.streams import Whose, Writers
from coffre.streams.writers import this_machine


def test_what_is_begun_is_ours_until_it_ends_and_no_name_comes_twice() -> None:
    writers = Writers()
    names = [writers.begin() for _ in range(100)]
    assert len(set(names)) == 100
    assert {writers.whose(name) for name in names} == {Whose.OURS}
    for name in names:
        writers.end(name)
        writers.end(name)
    assert {writers.whose(name) for name in names} == {Whose.GONE}


def test_the_work_of_one_kind_is_not_that_of_another() -> None:
    assert Writers().whose(Writers().begin()) is Whose.GONE


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at by /proc")
def test_another_process_lives_until_it_is_dead() -> None:
    code = (
        "import sys; from coffre.streams import Writers;"
        "print(Writers().begin(), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        assert Writers().whose(name) is Whose.LIVING
        other.kill()
        other.wait()
    assert Writers().whose(name) is Whose.GONE


def test_a_process_that_has_the_number_of_a_dead_one_is_another() -> None:
    assert Writers().whose(f"{this_machine()}-{os.getppid()}-1-token") is Whose.GONE


def test_a_process_whose_start_is_not_known_is_never_taken_for_dead() -> None:
    assert Writers().whose(f"{this_machine()}-{os.getppid()}-0-token") is Whose.UNKNOWN


@pytest.mark.parametrize("name", ["", "0123", "elsewhere-1-1-token", "a-b-c-d", "a-1-1-t-e"])
def test_of_a_writer_elsewhere_nothing_is_known(name: str) -> None:
    assert Writers().whose(name) is Whose.UNKNOWN


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_child_of_a_fork_names_its_own() -> None:
    writers = Writers()
    before = writers.begin()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, writers.begin().encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reader, 100).decode()
    os.close(reader)
    os.close(writer)
    assert theirs.split("-")[1] == str(child)
    assert theirs.split("-")[3] != before.split("-")[3]
    assert writers.whose(theirs) is Whose.GONE
