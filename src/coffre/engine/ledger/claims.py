"""Claims: who is storing what right now.

Two processes that store under one reference at the same time would each think the other's
bytes a conflict. A claim keeps them apart while it lasts. It is no lock on the truth: what is
recorded is decided by :mod:`~coffre.engine.ledger.deposits` alone, so a claim that is lost
costs nothing but an error. A claim ends when it is released, when it expires, or when its
process is dead, which is known for processes of this machine.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from types import TracebackType
from typing import Self

from sqlalchemy import Delete, bindparam, delete, insert, select, update

from coffre.contract import Clock, ObjectRef, as_text
from coffre.engine.ledger.database import Database, Row, Transaction
from coffre.engine.ledger.errors import ClaimedError
from coffre.engine.ledger.schema import claims
from coffre.engine.ledger.statements import Query, listed, padded

CLAIM_SECONDS = 600.0
"""How long a claim lasts when it is not renewed."""

_INSERT_CLAIM = insert(claims)
_DROP_CLAIM = delete(claims).where(claims.c.ref == bindparam("of_ref"))
_RENEW = (
    update(claims)
    .where(claims.c.ref == bindparam("of_ref"), claims.c.holder == bindparam("of_holder"))
    .values(expires_at=bindparam("until"))
)


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, named so that another one can tell whether it lives.

    A process number alone is not enough: numbers are used again, and mean something else in
    another container or on another machine.
    """

    machine: str
    """Host name, number of the boot, and process name space."""
    pid: int
    started: str
    """When the process began, in the kernel's own terms; empty where that is not known."""

    @classmethod
    def current(cls) -> Owner:
        """The process that is running."""
        return _owner(os.getpid())


class Claim:
    """References held by one piece of work. Leaving its block releases them."""

    def __init__(
        self, database: Database, clock: Clock, refs: Sequence[str], holder: str, seconds: float
    ) -> None:
        """Made by :meth:`Claims.take` only."""
        self._database = database
        self._clock = clock
        self._seconds = seconds
        self.refs = refs
        self.holder = holder

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

    def renew(self) -> None:
        """Hold for as long again, from now. For work longer than a claim lasts."""
        until = as_text(self._clock.now() + timedelta(seconds=self._seconds))
        with self._database.claiming() as transaction:
            transaction.run_each(_RENEW, [(until, ref, self.holder) for ref in self.refs])

    def release(self) -> None:
        """Let go; releasing again does nothing."""
        if self.refs:
            with self._database.claiming() as transaction:
                drop_claims(transaction, self)
            self.forget()

    def forget(self) -> None:
        """Note that the references were released by the transaction that recorded them."""
        self.refs = ()


class Claims:
    """Takes claims for this process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Keep claims in this database."""
        self._database = database
        self._clock = clock

    def take(self, refs: Iterable[ObjectRef], *, seconds: float = CLAIM_SECONDS) -> Claim:
        """Claim references, all of them or none.

        Args:
            refs: what is about to be stored, replaced or deleted.
            seconds: how long the claim lasts unless it is renewed.

        Raises:
            ClaimedError: another live process, or another thread of this one, holds one.
        """
        now = self._clock.now()
        at, until = as_text(now), as_text(now + timedelta(seconds=seconds))
        by_text = {str(ref): ref for ref in refs}
        owner = Owner.current()
        claim = Claim(self._database, self._clock, tuple(by_text), uuid.uuid4().hex, seconds)
        with self._database.claiming() as transaction:
            for row in _standing(transaction, claim.refs):
                if not self._has_lapsed(row, at, owner):
                    raise _busy(row, by_text[row[0]], owner)
                transaction.run(_DROP_CLAIM, (row[0],))
            rest = (claim.holder, owner.machine, owner.pid, owner.started, at, until)
            transaction.run_each(_INSERT_CLAIM, [(ref, *rest) for ref in claim.refs])
        return claim

    def standing_on(self, ref: ObjectRef) -> bool:
        """Whether anybody, this process included, is working on a reference right now."""
        at, owner = as_text(self._clock.now()), Owner.current()
        with self._database.reading() as transaction:
            rows = _standing(transaction, [str(ref)])
        return any(not self._has_lapsed(row, at, owner) for row in rows)

    def _has_lapsed(self, row: Row, at: str, owner: Owner) -> bool:
        """Whether a claim binds nobody any more; unknown counts as *it binds* (law 2)."""
        _ref, _holder, machine, pid, started, _taken_at, expires_at = row
        if expires_at <= at:
            return True
        if machine == owner.machine:
            return not is_alive(Owner(machine, pid, started))
        if self._database.shared_by_machines:
            return False
        # One machine's file: a claim from an earlier boot has outlived its process.
        return bool(machine.split(" ")[1:2] != owner.machine.split(" ")[1:2])


def drop_claims(transaction: Transaction, claim: Claim) -> None:
    """Release a claim inside a transaction; what others took over meanwhile stays theirs."""
    for chunk in padded(claim.refs):
        transaction.run(_drop_held(len(chunk)), (claim.holder, *chunk))


def is_alive(owner: Owner) -> bool:
    """Whether a process of this machine still runs. One that cannot be asked about does."""
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # somebody else's process: it exists
    started = _start_of(owner.pid)
    return not (started and owner.started and started != owner.started)


def _standing(transaction: Transaction, refs: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    for chunk in padded(refs):
        rows += transaction.rows(_claims_on(len(chunk)), chunk)
    return rows


def _busy(row: Row, ref: ObjectRef, owner: Owner) -> ClaimedError:
    mine = (row[2], row[3]) == (owner.machine, owner.pid)
    who = "this process" if mine else f"process {row[3]} on {row[2].partition(' ')[0]}"
    return ClaimedError(
        f"{ref} is being worked on by {who} since {row[5]}; try again when it is done", ref=ref
    )


@cache
def _claims_on(length: int) -> Query:
    return select(*claims.c).where(claims.c.ref.in_(listed(length)))


@cache
def _drop_held(length: int) -> Delete:
    return delete(claims).where(
        claims.c.holder == bindparam("of_holder"), claims.c.ref.in_(listed(length))
    )


@cache
def _owner(pid: int) -> Owner:
    """This process; by number, because a fork is another one."""
    return Owner(_machine(), pid, _start_of(pid))


@cache
def _machine() -> str:
    """Where process numbers mean what they mean here: host, boot, process name space."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        boot, space = "-", "-"  # not Linux
    return f"{socket.gethostname()} {boot} {space}"


def _start_of(pid: int) -> str:
    """When a process began, in ticks since the boot; empty when it cannot be told."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            # proc(5): field 22; the name in field 2 can hold spaces and parentheses.
            return file.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
