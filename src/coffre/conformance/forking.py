"""Something done in a forked child, and what became of the child."""

from __future__ import annotations

import os
import select
import signal
import warnings
from collections.abc import Callable
from typing import NamedTuple

from coffre.conformance.broken import Broken, NotTried, told

PATIENCE = 20.0
"""Seconds for which a child process is waited for."""
MOST = 2000
"""Bytes that a child may say."""


class Child(NamedTuple):
    """A child process that has ended."""

    said: str
    """``ok``, or the error that it met; nothing when it died."""
    status: int
    """Its exit status."""


def in_a_child(call: Callable[[], object]) -> Child:
    """Do something in a forked child, and wait for its end.

    Raises:
        NotTried: this system cannot fork.
        Broken: the child did not come to an end.
    """
    if not hasattr(os, "fork"):
        raise NotTried("this system cannot fork")
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Later Pythons warn of a fork beside threads: that is just what is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(reading)
        _live(call, writing)
    os.close(writing)
    try:
        said = _listen(child, reading)
    finally:
        os.close(reading)
        _, status = os.waitpid(child, 0)
    return Child(said, os.waitstatus_to_exitcode(status))


def _live(call: Callable[[], object], writing: int) -> None:
    """All of a child's life: it never returns, so that nothing of the parent's is done twice."""
    said = "ok"
    try:
        call()
    except BaseException as error:  # noqa: BLE001 - all that the child can do is to tell it
        said = told(error)
    finally:
        os.write(writing, said.encode()[:MOST])
        os._exit(0)


def _listen(child: int, reading: int) -> str:
    ready, _, _ = select.select([reading], [], [], PATIENCE)
    if not ready:
        os.kill(child, signal.SIGKILL)
        raise Broken(f"a forked child did not come to an end within {PATIENCE:g} s")
    return os.read(reading, MOST).decode(errors="replace")
