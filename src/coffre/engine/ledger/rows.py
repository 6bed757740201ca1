"""Rows of the ledger's tables as the records that the engine knows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from coffre.contract import Digest, DigestAlgorithm, Evidence, ObjectRef
from coffre.engine.ledger.database import Row, Transaction
from coffre.engine.ledger.errors import LedgerDamagedError
from coffre.engine.ledger.records import (
    CopyRecord,
    CopyState,
    DebtKind,
    DebtRecord,
    LedgerHead,
    ObjectRecord,
    ObjectState,
)
from coffre.engine.ledger.statements import (
    READ_HEAD,
    copies_of,
    debts_of,
    objects_of_ids,
    padded,
)

# Looked up here: to call an enumeration takes as long as all the rest of a copy's row.
_ALGORITHMS = {algorithm.value: algorithm for algorithm in DigestAlgorithm}
_COPY_STATES = {state.value: state for state in CopyState}
_EVIDENCE = {evidence.value: evidence for evidence in Evidence}


def read_head(transaction: Transaction) -> LedgerHead:
    """Where the log ends.

    Raises:
        LedgerDamagedError: it has no end any more.
    """
    row = transaction.row(READ_HEAD)
    if row is None:
        raise LedgerDamagedError("the ledger has lost the end of its log; restore its backup")
    return LedgerHead(row[0], row[1])


def read_objects(transaction: Transaction, rows: Sequence[Row]) -> list[ObjectRecord]:
    """Make records of rows of ``objects``, with their copies and debts.

    Raises:
        LedgerDamagedError: a row holds what no version of coffre wrote.
    """
    copies_by_object: dict[int, list[CopyRecord]] = {row[0]: [] for row in rows}
    debts_by_object: dict[int, list[DebtRecord]] = {}
    try:
        for ids in padded(list(copies_by_object)):
            for row in transaction.rows(copies_of(len(ids)), ids):
                copies_by_object[row[0]].append(read_copy(row))
            for row in transaction.rows(debts_of(len(ids)), ids):
                debts_by_object.setdefault(row[0], []).append(read_debt(row))
        return [
            read_object(row, copies_by_object[row[0]], debts_by_object.get(row[0], ()))
            for row in rows
        ]
    except (ValueError, KeyError) as error:
        raise LedgerDamagedError(
            f"the ledger holds a record that cannot be read ({error}); verify it with "
            "`coffre audit --ledger`"
        ) from error


def read_object(row: Row, held: Iterable[CopyRecord], owed: Iterable[DebtRecord]) -> ObjectRecord:
    """One row of ``objects`` as a record."""
    return ObjectRecord(
        row[0],
        ObjectRef(tenant=row[1], container=row[2], identifier=row[3]),
        row[4],
        Digest(_ALGORITHMS[row[5]], bytes(row[6])),
        {} if row[7] == "{}" else json.loads(row[7]),
        row[8],
        datetime.fromisoformat(row[9]),
        ObjectState(row[10]),
        tuple(held),
        tuple(owed),
    )


def read_copy(row: Row) -> CopyRecord:
    """One row of ``copies`` as a record."""
    return CopyRecord(
        row[1],
        _COPY_STATES[row[2]],
        _EVIDENCE[row[3]],
        datetime.fromisoformat(row[4]),
        row[5],
    )


def read_debt(row: Row) -> DebtRecord:
    """One row of ``debts`` as a record."""
    return DebtRecord(
        row[0], row[1], DebtKind(row[2]), row[3], datetime.fromisoformat(row[4]), row[5]
    )


def objects_with_ids(transaction: Transaction, ids: Sequence[int]) -> list[ObjectRecord]:
    """Objects by number, in order; those that do not exist are left out."""
    rows: list[Row] = []
    for chunk in padded(ids):
        rows += transaction.rows(objects_of_ids(len(chunk)), chunk)
    return sorted(read_objects(transaction, rows), key=lambda record: record.id)
