"""Forks: every pool of the process starts afresh in the child, and the user need do nothing.

Sources: psycopg#395, sqlalchemy#7815, s3fs#464, botocore#1246: pools that share their sockets
with a child. MongoDB's specification of pools demands that a driver clears them by itself.
"""

from __future__ import annotations

import logging
import os
import weakref
from typing import Protocol

from coffre.pool.deadlock import GRAPH

logger = logging.getLogger("coffre.pool")


class Forked(Protocol):
    """Something that must start afresh in the child of a fork."""

    def after_fork_in_child(self) -> None:
        """Called in the child, by its only thread, before anything else runs."""
        ...


_living: weakref.WeakSet[Forked] = weakref.WeakSet()


_first: list[Forked] = []


def remember_first(one: Forked) -> None:
    """As :func:`remember`, for ever, and before the others."""
    _first.append(one)


def remember(one: Forked) -> None:
    """Have it start afresh in every child, for as long as it lives."""
    _living.add(one)


def _in_child() -> None:
    GRAPH.clear()
    for one in [*_first, *_living]:
        try:
            one.after_fork_in_child()
        except BaseException:  # the others must start afresh all the same
            logger.exception("something of a pool could not start afresh after a fork")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
