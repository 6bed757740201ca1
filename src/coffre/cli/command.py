"""A command: its name, its arguments, and the function that runs it.

Modules of commands are imported to parse any command line, ``--help`` included: they import
the contract and this room, and everything heavier inside the function that runs.
"""

from __future__ import annotations

import gc
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coffre.cli.output import Output
from coffre.cli.status import ExitStatus

if TYPE_CHECKING:
    from coffre.engine import Engine

Run = Callable[[Namespace, Output], ExitStatus]
RunWithEngine = Callable[[Namespace, "Engine", Output], ExitStatus]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One word after ``coffre``."""

    name: str
    summary: str
    """One line, for ``coffre --help``."""
    add_arguments: Callable[[ArgumentParser], None]
    run: Run
    """Does it; raises a ``CoffreError`` that ``main`` turns into a message and a status."""


def with_engine(run: RunWithEngine) -> Run:
    """Open the engine that ``--config`` describes around a command, and close it after."""

    def opened(args: Namespace, out: Output) -> ExitStatus:
        import logging

        # What a pool notes on the way, the command's own outcome tells: it is for services' logs.
        logging.getLogger("coffre.pool").addHandler(logging.NullHandler())
        with _loaded(args.config) as engine:
            return run(args, engine, out)

    return opened


def _loaded(configuration: str | None) -> Engine:
    """The engine, with all that it needs imported, which is never looked through for garbage.

    Looking through it again and again, while it is loaded and for every few objects of a job,
    took an eighth of the start of a command, and some microseconds of each object.
    """
    gc.disable()
    try:
        from coffre.config import open as open_engine

        return open_engine(configuration)
    finally:
        gc.freeze()
        gc.enable()
