"""Checks of what a writer that dies leaves: a child process puts, and is gone in the middle."""

from __future__ import annotations

import os

from coffre.conformance.bench import Bench
from coffre.conformance.broken import same
from coffre.conformance.check import check
from coffre.conformance.checks.services import sweep
from coffre.conformance.contents import ScriptedContent, some_bytes
from coffre.conformance.forking import in_a_child
from coffre.conformance.session import DATA, Session
from coffre.contract import Capability
from coffre.streams import CHUNK

SIZE = 3 * CHUNK
DEATH = 9
"""Exit status of a child that died where it should."""


def die() -> None:
    """End this process as a crash does: nothing is closed, nothing is flushed, nothing is said."""
    os._exit(DEATH)


def a_put_that_dies(bench: Bench, name: str, *, replace: bool = False) -> None:
    """A child puts, and dies when two thirds of the bytes have been read."""

    def put() -> None:
        session = Session(bench, bench.driver.connect(bench.parameters))
        content = ScriptedContent(some_bytes(2 * CHUNK), die, size=SIZE)
        session.pull(name, content, SIZE, replace=replace)

    ref = bench.ref(name)
    child = in_a_child(put)
    bench.stored(ref)
    same(
        child.status, DEATH, f"the exit status of a child that was to die (it says {child.said!r})"
    )
    bench.did(f"a child process put {SIZE} bytes under {ref}, and died after {2 * CHUNK}")


@check("put.crash")
def a_writer_that_dies_leaves_nothing_to_see(bench: Bench) -> None:
    """Nobody finds a part of its object, and another writer can store it."""
    a_put_that_dies(bench, "it")
    with bench.session() as session:
        session.absent("it")
        same(session.names(), [], "the container")
        same(bench.at_rest("it"), None, "the bytes held")
        session.put("it")
        same(session.read("it"), DATA, "the bytes read")


@check("put.crash", needs=[Capability.REPLACE])
def a_replacement_that_dies_leaves_the_old(bench: Bench) -> None:
    """The object that was to be replaced is read as it was, and can be replaced by another."""
    with bench.session() as session:
        session.put("it", b"the old")
    a_put_that_dies(bench, "it", replace=True)
    with bench.session() as session:
        same(session.read("it"), b"the old", "the bytes read")
        session.put("it", b"the new", replace=True)
        same(session.read("it"), b"the new", "the bytes read after another replacement")


@check("sweep.leftovers")
def what_a_dead_writer_left_is_swept_once(bench: Bench) -> None:
    """A writer dies; a first sweep may find something, a second one finds nothing."""
    with bench.session() as session:
        session.put("good")
    a_put_that_dies(bench, "it")
    with bench.session() as session:
        sweep(session)
        same(sweep(session).removed, 0, "what a second sweep removed")
        same(session.names(), ["good"], "the container")
        same(session.read("good"), DATA, "the bytes read of another object")
        session.put("it")
    same(bench.at_rest("it"), DATA, "the bytes held")
