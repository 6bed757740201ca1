"""How a check speaks: a duty that is broken, something that could not be tried, and comparisons.

Comparisons say what was seen in a sentence, since the report is read by somebody who does not
have the check's code before them; long bytes are told by their length and first difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

LONGEST = 300
"""Characters of a value that a sentence shows."""

Error = TypeVar("Error", bound=BaseException)


class Broken(AssertionError):  # noqa: N818 - a verdict, and no failure of the kit
    """A duty was not kept; the message says what was seen."""


class NotTried(Exception):  # noqa: N818 - no error: there was nothing to try it on
    """The check cannot be made on this offer; the message says why. Never counted as passed."""

    def __init__(self, reason: str, *, hook: str | None = None) -> None:
        """Say why.

        Args:
            reason: in the words of somebody who runs a command, and has written no harness.
            hook: method of the harness that would make it possible, for whoever writes one.
        """
        super().__init__(reason)
        self.hook = hook


def expect(kept: object, seen: str) -> None:
    """Hold something true.

    Args:
        kept: whether it is.
        seen: what was seen if it is not, as a sentence.

    Raises:
        Broken: it is not.
    """
    if not kept:
        raise Broken(seen)


def same(seen: object, wanted: object, what: str) -> None:
    """Hold a value against the one that the contract promises.

    Args:
        seen: what the driver or the offer gave.
        wanted: what it owed.
        what: how to call it in the finding: ``the size in the result``.

    Raises:
        Broken: they differ.
    """
    if isinstance(seen, bytes) and isinstance(wanted, bytes):
        if seen != wanted:
            raise Broken(f"{what}: {_difference(seen, wanted)}")
    elif seen != wanted:
        raise Broken(f"{what}: {shown(seen)}, and not {shown(wanted)}")


@contextmanager
def raises(kind: type[Error], what: str) -> Iterator[list[Error]]:
    """Hold that a block raises, and give what it raised once it is left.

    Args:
        kind: class of the error that the contract names.
        what: what the block does, as the subject of a sentence: ``a put of other bytes``.

    Raises:
        Broken: it raised nothing, or another error.
    """
    caught: list[Error] = []
    try:
        yield caught
    except kind as error:
        caught.append(error)
    except Broken:
        raise
    except Exception as error:
        raise Broken(f"{what} raised {told(error)}, and not {kind.__name__}") from error
    else:
        raise Broken(f"{what} succeeded; {kind.__name__} was owed")


def shown(value: object) -> str:
    """A value as a sentence shows it, shortened."""
    if isinstance(value, bytes) and len(value) > 40:
        return f"{len(value)} bytes ({value[:16]!r}...)"
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def told(error: BaseException) -> str:
    """An error as a sentence shows it."""
    message = str(error)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _difference(seen: bytes, wanted: bytes) -> str:
    if not wanted.startswith(seen) and not seen.startswith(wanted):
        at = next(i for i, (a, b) in enumerate(zip(seen, wanted, strict=False)) if a != b)
        return f"{len(seen)} bytes of {len(wanted)}, other bytes from position {at} on"
    cut = "the first" if len(seen) < len(wanted) else "as many, and more:"
    return f"{cut} {len(seen)} bytes where {len(wanted)} were owed"
