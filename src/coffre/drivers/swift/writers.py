"""Puts of this process, and whether those of others may still be under way.

Swift has no locks, so the name of a put says who makes it: see :class:`~coffre.streams.Writers`.
"""

from __future__ import annotations

from coffre.streams import Whose, Writers

_puts = Writers()


def begin_put() -> str:
    """A name for a put, that nobody else ever uses; under way until :func:`end_put`."""
    return _puts.begin()


def end_put(put: str) -> None:
    """The put is done, or was given up."""
    _puts.end(put)


def is_alive(put: str) -> bool | None:
    """Whether a put may still be under way; ``None`` when that cannot be known from here.

    Another process of this machine that lives is perhaps long done with this put.
    """
    whose = _puts.whose(put)
    return None if whose in (Whose.UNKNOWN, Whose.LIVING) else whose is Whose.OURS
