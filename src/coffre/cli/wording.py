"""Wording: numbers, sizes and names, as a person reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from coffre.contract import Digest

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")
_IRREGULAR = {"copy": "copies", "verified copy": "verified copies"}
SHOWN_DIGITS = 8
"""Digits of a digest on one line; the whole of it is in ``stat`` and in JSON."""
_DIGEST = re.compile(rf"\b([a-z][a-z0-9-]*:[0-9a-f]{{{SHOWN_DIGITS}}})[0-9a-f]{{16,}}\b")


def size_text(size: float) -> str:
    """A size in bytes, in the largest unit that leaves at least one: ``12.3 KiB``."""
    if size < 1024:
        return f"{size:.0f} B"
    for unit in _UNITS:
        size /= 1024
        if size < 1024 or unit == _UNITS[-1]:
            break
    return f"{size:.1f} {unit}"


def count_text(count: int, thing: str) -> str:
    """``1 object``, ``2 copies``."""
    return f"{count} {thing if count == 1 else _IRREGULAR.get(thing, thing + 's')}"


def seconds_text(seconds: float) -> str:
    """``0.42 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def digest_text(digest: Digest) -> str:
    """The beginning of a digest: ``sha512:9b71d224…``."""
    return f"{digest.algorithm}:{digest.hex[:SHOWN_DIGITS]}…"


def shortened(text: str) -> str:
    """Text in which digests are only as long as people compare them; JSON has the whole."""
    return _DIGEST.sub(r"\1…", text)


def listed(names: Iterable[str]) -> str:
    """``north, south and east``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def printable(text: str) -> str:
    """Text that cannot move a cursor or break a line: what is not printable is written out.

    File names and what offers answer come from elsewhere, and may hold anything.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else _written_out(character) for character in text
    )


def _written_out(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
