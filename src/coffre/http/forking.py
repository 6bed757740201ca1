"""Forks: the child lets go of its parent's connections at once, and without a word.

libcurl cannot be freed in a child: it would say farewell in TLS on a socket that is still the
parent's, and wait for resolver threads that exist in the parent only. So its handles are made
immortal there: a few kilobytes in each child, where the alternative is a hang at its end.
"""

from __future__ import annotations

import ctypes
import os
from typing import Protocol
from weakref import WeakSet


class Inherited(Protocol):
    """Whatever must let go in a child."""

    def abandon(self) -> None:
        """Let go of the parent's connections; twice is harmless."""
        ...


_living: WeakSet[Inherited] = WeakSet()


def let_go_in_children(one: Inherited) -> None:
    """Have something abandoned in every child forked from now on, for as long as it lives."""
    _living.add(one)


def never_free(thing: object) -> None:
    """Keep an object for ever, past the end of the interpreter too."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _in_child() -> None:
    for one in list(_living):
        one.abandon()


os.register_at_fork(after_in_child=_in_child)
