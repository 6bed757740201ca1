"""Tokens: one for each login of this process, shared by all its threads, renewed in time.

A token is asked for once, by one thread, while the others that need it wait. It is renewed
before it ends, so that no put of any length meets its end; and when the service says that it is
good no more. Nothing of it is ever written down.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field

from coffre.contract import SYSTEM_CLOCK, Clock
from coffre.drivers.swift.login import Grant, ask_for_token
from coffre.drivers.swift.settings import Login

MARGIN = 60.0
"""Seconds before its end at which a token is not used any more, or a tenth of its life if less."""
_MOST = 256
"""Logins remembered at once."""


@dataclass(slots=True)
class _Entry:
    """What is known for one login."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    grant: Grant | None = None
    until: float = 0.0
    """When it is used no more, by the clock of this process that never jumps."""


class Tokens:
    """The tokens of this process."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        """None yet."""
        self._clock = clock
        self._lock = threading.Lock()  # guards the dictionary, never held while asking
        self._entries: dict[Login, _Entry] = {}

    def grant(self, login: Login) -> Grant:
        """The token of a login, asked for when there is none that is still good.

        Raises:
            ForbiddenError: the service does not accept this user.
            OfferUnavailableError: it cannot be asked.
        """
        entry = self._entry(login)
        with entry.lock:
            if entry.grant is None or self._clock.monotonic() >= entry.until:
                entry.grant = None
                asked = self._clock.monotonic()
                grant = ask_for_token(login)
                entry.until = asked + grant.lifetime - min(MARGIN, grant.lifetime / 10)
                entry.grant = grant
            return entry.grant

    def refused(self, login: Login, grant: Grant) -> None:
        """The service took a token no more: the next who needs one asks anew.

        Args:
            login: whose.
            grant: the token that was refused; a newer one stays.
        """
        entry = self._entry(login)
        with entry.lock:
            if entry.grant is not None and entry.grant.token == grant.token:
                entry.grant = None

    def _entry(self, login: Login) -> _Entry:
        with self._lock:
            entry = self._entries.get(login)
            if entry is None:
                while len(self._entries) >= _MOST:
                    self._entries.pop(next(iter(self._entries)))
                entry = self._entries[login] = _Entry()
            return entry

    def after_fork(self) -> None:
        """In a child: locks may be held by threads that are not there; what is known stays."""
        self._lock = threading.Lock()
        for entry in self._entries.values():
            entry.lock = threading.Lock()


TOKENS = Tokens()
"""Those of this process."""
os.register_at_fork(after_in_child=TOKENS.after_fork)
