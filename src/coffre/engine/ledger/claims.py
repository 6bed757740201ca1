"""Claims: who is storing what right now.

Two processes that store under one reference at the same time would each think the other's
bytes a conflict. A claim keeps them apart while it lasts. It is no lock on the truth: what is
recorded is decided by :mod:`~coffre.engine.ledger.deposits` alone, so a claim that is lost
costs nothing but an error.

A claim is a lock that somebody else gives back when its holder dies: the kernel for an embedded
ledger (:mod:`~coffre.engine.ledger.filelocks`), the server for one on PostgreSQL
(:mod:`~coffre.engine.ledger.sessionlocks`). So it needs no date, no owner and no take-over, and
nothing of it is ever written down.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from hashlib import blake2b
from types import TracebackType
from typing import Self

from coffre.contract import ObjectRef
from coffre.engine.ledger.errors import ClaimedError


class Claim(ABC):
    """References held by one piece of work. Leaving its block releases them."""

    __slots__ = ()

    def __enter__(self) -> Self:
        """Hold the references inside the block."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Release what is still held."""
        self.release()

    @abstractmethod
    def release(self) -> None:
        """Let go; releasing again does nothing, and so does releasing in a forked child."""


class Claims(ABC):
    """Takes claims on the references of one ledger. Safe to use from several threads."""

    @abstractmethod
    def take(self, refs: Iterable[ObjectRef]) -> Claim:
        """Claim references, all of them or none; never waits for who holds one.

        Raises:
            ClaimedError: another process, or another claim of this one, holds one.
            LedgerError: no claim can be taken here; the message says what to do.
        """

    @abstractmethod
    def is_taken(self, ref: ObjectRef) -> bool:
        """Whether anybody, this process included, holds a reference right now.

        Raises:
            LedgerError: it cannot be told.
        """


def number_of(ref: ObjectRef) -> int:
    """The number, below 2**62, whose lock stands for a reference.

    Two references share one with a chance of 2**-62; they then keep each other busy, and that
    is all. The same in every version that may use one ledger at the same time.
    """
    return int.from_bytes(blake2b(str(ref).encode(), digest_size=8).digest()) >> 2


def busy(ref: ObjectRef) -> ClaimedError:
    """The error of whoever comes second."""
    return ClaimedError(
        f"{ref} is being worked on by somebody else right now; try again when it is done", ref=ref
    )
