"""What a pool asks of a connection beyond the contract, where it can: all of it is optional.

``is_healthy()``: a look from this side, in microseconds, without a round trip.
``probe(timeout)``: a round trip, bounded.
``reset()``: make a session that was left in the middle of something usable again.
``abandon()``: let go without a word to the server: after a fork, or when forced.
"""

from __future__ import annotations

import logging

from coffre.contract import Connection

logger = logging.getLogger("coffre.pool")


def is_healthy(connection: Connection) -> bool:
    """Whether it looks usable from here; one that cannot tell does."""
    look = getattr(connection, "is_healthy", None)
    try:
        return bool(look()) if callable(look) else True
    except Exception:
        logger.debug("a look at a connection failed", exc_info=True)
        return False


def probe(connection: Connection, timeout: float) -> bool:
    """Whether the server still answers on it; one that has no probe is looked at."""
    ask = getattr(connection, "probe", None)
    if not callable(ask):
        return is_healthy(connection)
    try:
        return ask(timeout) is not False
    except Exception:
        logger.debug("a probe of a connection failed", exc_info=True)
        return False


def reset(connection: Connection) -> bool:
    """Make it usable again; one that has no reset always is, as the contract demands."""
    make = getattr(connection, "reset", None)
    if not callable(make):
        return True
    try:
        make()
    except Exception:
        logger.debug("a connection could not be reset", exc_info=True)
        return False
    return True


def close(connection: Connection) -> None:
    """End the session; a defect of the driver in doing so is logged."""
    try:
        connection.close()
    except Exception:
        logger.exception("a driver raised while closing a connection")


_kept: list[Connection] = []
"""Connections that cannot be let go without speaking: kept, so that no finaliser speaks."""


def abandon(connection: Connection) -> None:
    """Let go without a word to the server."""
    let_go = getattr(connection, "abandon", None)
    if not callable(let_go):
        _kept.append(connection)
        return
    try:
        let_go()
    except Exception:
        logger.exception("a driver raised while abandoning a connection")
