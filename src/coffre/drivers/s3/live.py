"""Work in progress of this process: what a sweep leaves alone, however old it seems.

Of other processes only the age of their work is known; see :mod:`coffre.drivers.s3.sweeping`.
"""

from __future__ import annotations

_names: set[str] = set()
# One step each for the interpreter: no lock, which a fork could leave locked in the child.


def begin(name: str) -> None:
    """An upload, or something written before the object that will name it, is under way."""
    _names.add(name)


def end(name: str) -> None:
    """It is not under way any more."""
    _names.discard(name)


def is_live(name: str) -> bool:
    """Whether it is under way."""
    return name in _names
