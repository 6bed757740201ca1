"""Places: where in the code a connection was borrowed, which is where a leak is looked for."""

from __future__ import annotations

from types import FrameType

from coffre.pool.lease import Lease

_BETWEEN = ("coffre.pool.", "coffre.offer.")
"""Rooms that borrow for somebody else."""


_known: dict[str, bool] = {}
"""Whether a file is of such a room; asked several times for every loan."""


def _is_between(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    found = _known.get(file)
    if found is None:
        found = str(frame.f_globals.get("__name__")).startswith(_BETWEEN)
        _known[file] = found
    return found


def note_borrower(lease: Lease, frame: FrameType) -> None:
    """The place that borrowed is the caller's: that is where a leak has to be looked for."""
    while frame.f_back is not None and _is_between(frame):
        frame = frame.f_back
    if lease.token is not None:
        entry = lease.token.entry
        entry.code, entry.instruction = frame.f_code, frame.f_lasti
