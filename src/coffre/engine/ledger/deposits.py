"""Recording what was just stored: one transaction for a whole batch, all of it or none.

This is the path that every object takes, so rows and events are gathered and written together,
and the bodies of the usual events are spelled by hand (a test holds them canonical). An object
whose reference is already known leaves the fast path and is merged on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quote

from sqlalchemy import bindparam, delete, update

from coffre.contract import DigestAlgorithm, Evidence, ObjectConflictError, as_text
from coffre.engine.ledger.chain import canonical_json, canonical_texts, storable
from coffre.engine.ledger.database import Row, Transaction
from coffre.engine.ledger.eventlog import EventLog
from coffre.engine.ledger.merging import CopyMerge, are_deletions_owed, settle_deletions
from coffre.engine.ledger.records import (
    CopyState,
    DebtKind,
    Deposit,
    DepositOutcome,
    EventKind,
    ObjectState,
    Recorded,
)
from coffre.engine.ledger.schema import copies, debts, objects
from coffre.engine.ledger.statements import (
    SET_OBJECT_STATE,
    constant,
    padded,
    stored_by_identifier,
)

_STORED = ObjectState.STORED.value
_COPY_DEBT = DebtKind.COPY.value

_REPLACE_COPIES = (
    update(copies)
    .where(copies.c.object_id == bindparam("object"))
    .values(state=constant(CopyState.REPLACED))
)
_DROP_DEBTS = delete(debts).where(debts.c.object_id == bindparam("object"))

# Reading ``value`` of an enumeration's member costs as much as all the rest of a row.
_NAMES = {algorithm: algorithm.value for algorithm in DigestAlgorithm}
_PreparedCopies = tuple[str, list[tuple[str, str, int]]]
Held = tuple[int, int, str, bytes]
"""What is known of an object already stored: id, size, algorithm, digest."""


class DepositWriter:
    """Records deposits inside one writing transaction; ends with :meth:`write`."""

    def __init__(
        self,
        transaction: Transaction,
        log: EventLog,
        *,
        kind: EventKind = EventKind.OBJECT_DEPOSITED,
        replacing: bool = False,
    ) -> None:
        """Record in this transaction.

        Args:
            transaction: a writing transaction.
            log: its events.
            kind: ``OBJECT_DEPOSITED``, or ``OBJECT_RECOVERED`` for objects found on an offer.
            replacing: other bytes under a known reference take its place.
        """
        self._transaction = transaction
        self._log = log
        self._kind = kind
        self._replacing = replacing
        self._recovering = kind is EventKind.OBJECT_RECOVERED
        self._objects: list[Row] = []
        self._copies: list[Row] = []
        self._debts: list[Row] = []
        self._deletions_owed = are_deletions_owed(transaction)

    def record(self, deposits: Sequence[Deposit]) -> list[Recorded]:
        """Record them in order; what each came to.

        Raises:
            ObjectConflictError: a reference holds other bytes, and neither ``replacing`` nor
                recovering; the transaction must not be committed.
        """
        known = self._find_known(deposits)
        recorded = []
        for deposit in deposits:
            ref = str(deposit.ref)
            held = known.get(ref)
            if held is None:
                result = self._add(deposit, ref, self._kind)
            elif _same_bytes(held, deposit):
                result = self._merge(held[0], deposit, ref)
            else:
                result = self._meet_other_bytes(held, deposit, ref)
            if result.outcome in (DepositOutcome.STORED, DepositOutcome.REPLACED):
                digest = deposit.digest
                known[ref] = (result.object_id, deposit.size, digest.algorithm, digest.value)
            recorded.append(result)
        self._write_rows()
        return recorded

    def _find_known(self, deposits: Sequence[Deposit]) -> dict[str, Held]:
        """What is stored already under these references."""
        wanted: dict[tuple[int, str], list[str]] = {}
        for deposit in deposits:
            ref = deposit.ref
            wanted.setdefault((ref.tenant, ref.container), []).append(ref.identifier)
        known: dict[str, Held] = {}
        for (tenant, container), identifiers in wanted.items():
            for chunk in padded(identifiers):
                query = stored_by_identifier(len(chunk), brief=True)
                rows = self._transaction.rows(query, (tenant, container, *chunk))
                known.update((f"{tenant}/{container}/{row[0]}", row[1:]) for row in rows)
        return known

    # --- An object that is new ------------------------------------------------------------

    def _add(
        self, deposit: Deposit, ref: str, kind: EventKind, replaces: int | None = None
    ) -> Recorded:
        """Gather the rows and the event of one new object."""
        log = self._log
        at = log.at
        deposited_at = at if deposit.deposited_at is None else as_text(deposit.deposited_at)
        metadata = canonical_texts(deposit.metadata)
        algorithm, value = _NAMES[deposit.digest.algorithm], deposit.digest.value
        copies_json, copies_values = _prepare_copies(tuple(deposit.copies))
        owed = canonical_json(list(deposit.debts)) if deposit.debts else "[]"
        # Keys in sorted order, as canonical JSON wants them.
        body = (
            f'{{"copies":{copies_json},"debts":{owed},"deposited_at":"{deposited_at}",'
            f'"digest":"{algorithm}:{value.hex()}","metadata":{metadata},'
            f'"replaces":{"null" if replaces is None else replaces},"size":{deposit.size},'
            f'"strategy":{quote(deposit.strategy)}}}'
        )
        number = log.append(kind, body, ref=ref, object_id=log.next_seq)
        tenant, container = deposit.ref.tenant, deposit.ref.container
        self._objects.append(
            (
                number,
                tenant,
                container,
                deposit.ref.identifier,
                deposit.size,
                algorithm,
                value,
                metadata,
                deposit.strategy,
                deposited_at,
                _STORED,
            )
        )
        for offer, state, level in copies_values:
            self._copies.append((number, offer, state, level, at, ""))
        for offer, code, note in deposit.debts:
            self._debts.append((number, offer, _COPY_DEBT, code, at, storable(note)))
        if self._deletions_owed:
            self._settle(deposit, number)
        outcome = DepositOutcome.STORED if replaces is None else DepositOutcome.REPLACED
        return Recorded(number, number, outcome)

    def _settle(self, deposit: Deposit, number: int) -> None:
        """Deletions owed under this reference are overtaken where the new object now is."""
        offers = [offer for offer, _evidence in deposit.copies]
        settle_deletions(self._transaction, self._log, deposit.ref, number, offers)

    def _write_rows(self) -> None:
        """Write what was gathered; objects first, the others refer to them."""
        self._transaction.insert(objects, self._objects)
        self._transaction.insert(copies, self._copies)
        self._transaction.insert(debts, self._debts)
        self._objects, self._copies, self._debts = [], [], []

    # --- A reference that is known --------------------------------------------------------

    def _merge(self, number: int, deposit: Deposit, ref: str) -> Recorded:
        """The same bytes again: add what is new about copies and debts."""
        self._write_rows()  # the object may be one of this very batch
        merge = CopyMerge(self._transaction, number, self._log.at)
        added = merge.add_copies(deposit.copies)
        owed = merge.add_debts(deposit.debts)
        if self._recovering and not (added or owed or merge.paid):
            return Recorded(number, number, DepositOutcome.REPEATED)
        kind = EventKind.COPY_ADDED if added else EventKind.DEPOSIT_REPEATED
        body = {
            "copies": [[offer, evidence.name] for offer, evidence in deposit.copies],
            "added": added,
            "debts": owed,
            "paid": merge.paid,
        }
        event = self._log.append(kind, canonical_json(body), ref=ref, object_id=number)
        if self._deletions_owed:
            self._settle(deposit, number)
        return Recorded(number, event, DepositOutcome.REPEATED)

    def _meet_other_bytes(self, held: Held, deposit: Deposit, ref: str) -> Recorded:
        """Other bytes under a known reference: replace, report or refuse."""
        if self._recovering:
            return Recorded(held[0], held[0], DepositOutcome.CONFLICT)
        if not self._replacing:
            raise ObjectConflictError(_conflict_sentence(held, deposit), ref=deposit.ref)
        self._write_rows()
        transaction = self._transaction
        transaction.run(SET_OBJECT_STATE, (ObjectState.REPLACED.value, held[0]))
        transaction.run(_REPLACE_COPIES, (held[0],))
        transaction.run(_DROP_DEBTS, (held[0],))
        return self._add(deposit, ref, EventKind.OBJECT_REPLACED, replaces=held[0])


@lru_cache(maxsize=256)
def _prepare_copies(copies: tuple[tuple[str, Evidence], ...]) -> _PreparedCopies:
    """Copies as JSON and as values; nearly all deposits of an archive have the same ones."""
    text = canonical_json([[offer, level.name] for offer, level in copies])
    return text, [(offer, CopyState.of_held(level).value, level.value) for offer, level in copies]


def _same_bytes(held: Held, deposit: Deposit) -> bool:
    _number, size, algorithm, value = held
    digest = deposit.digest
    return size == deposit.size and algorithm == digest.algorithm and value == digest.value


def _conflict_sentence(held: Held, deposit: Deposit) -> str:
    """Why a deposit is refused, and what can be done."""
    _number, size, algorithm, value = held
    if size == deposit.size and algorithm != deposit.digest.algorithm:
        return (
            f"{deposit.ref} is stored with a {algorithm} digest, which cannot be compared with "
            f"{deposit.digest.algorithm}; deposit it with {algorithm}"
        )
    return (
        f"{deposit.ref} already holds other bytes ({size} bytes, {algorithm}:"
        f"{value.hex()[:16]}...; this deposit has {deposit.size} bytes); nothing was changed: "
        "choose another identifier"
    )
