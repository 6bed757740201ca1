"""What a program writes to its standard error: the last of it kept, and shown without secrets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from urllib.parse import quote

KEPT = 64 * 1024
"""Most bytes kept; older ones are forgotten."""
SHOWN = 300
"""Most characters of one line in an error."""


class Redaction:
    """Takes secrets out of a text, in the forms in which programs tend to print them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Remember the secrets; they stay in here."""
        forms: set[str] = set()
        for secret in secrets:
            forms |= {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), *secret.split("\n")}
        # The longest first: a form may hold another.
        self._forms = sorted((form for form in forms if form), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text, with ``***`` where a secret was."""
        for form in self._forms:
            text = text.replace(form, "***")
        return text

    def __repr__(self) -> str:
        """Nothing of what it knows."""
        return "Redaction(***)"


class ProgramLog:
    """The end of what was read from one descriptor, which is read as it comes and never waited for.

    Several secrets may pass by before it is known which they are, so they are taken out when the
    log is shown.
    """

    def __init__(self, descriptor: int) -> None:
        """Read from a descriptor set not to block; whoever opened it closes it."""
        self.descriptor = descriptor
        self.redaction = Redaction()
        self._kept = bytearray()
        self._cut = False

    def read(self) -> bool:
        """Take up what is there; true at the end."""
        try:
            # Once only: a program that never stops talking must not keep us here.
            data = os.read(self.descriptor, KEPT)
        except BlockingIOError:
            return False
        except OSError:
            return True
        self._kept += data
        if len(self._kept) > KEPT:
            del self._kept[:-KEPT]
            self._cut = True
        return not data

    def text(self) -> str:
        """The end of the log, by whole lines."""
        kept = bytes(self._kept)
        if self._cut:  # half a line could hold half a secret
            kept = kept.partition(b"\n")[2]
        return self.redaction(kept.decode(errors="replace"))

    def last_line(self) -> str:
        """The last line that says something, short and printable."""
        lines = [line.strip() for line in self.text().splitlines() if line.strip()]
        return printable(lines[-1]) if lines else ""


def printable(text: str) -> str:
    """A text of a program as an error can show it: one line, not long, no control characters."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
