"""Recording what an audit saw: one event for all that is well, one for each thing that is not.

An event for each successful check would make the log grow with every audit by as much as all
deposits together. The successes of a batch share one event, which holds, by offer and evidence,
the ranges of object ids that were looked at and the SHA-512 of the list of checks. The list is
not kept: ranges and expected digests give it back, line by line, whenever it must be proved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, update

from coffre.contract import Digest, DigestAlgorithm, Evidence
from coffre.engine.ledger.chain import canonical_json, storable
from coffre.engine.ledger.database import Row, Transaction
from coffre.engine.ledger.eventlog import EventLog
from coffre.engine.ledger.records import Check, CopyState, DebtKind, EventKind
from coffre.engine.ledger.schema import copies, debts
from coffre.engine.ledger.statements import (
    DROP_DEBT,
    constant,
    debts_of,
    objects_of_ids,
    padded,
)

# Reading the name or the value of an enumeration's member costs as much as a line of the digest.
_LEVELS = {level: level.name for level in Evidence}
_STATES: dict[CopyState | None, str] = {None: "", **{state: state.value for state in CopyState}}
_KINDS = {
    CopyState.CORRUPT: EventKind.COPY_CORRUPT,
    CopyState.MISSING: EventKind.COPY_MISSING,
    None: EventKind.COPY_UNKNOWN,
}
_CHECK_COPY = (
    update(copies)
    .where(
        copies.c.object_id == bindparam("object"),
        copies.c.offer == bindparam("on_offer"),
        # A copy overwritten, deleted or retired since it was looked at stays so.
        copies.c.state != constant(CopyState.DELETED),
        copies.c.state != constant(CopyState.REPLACED),
        copies.c.state != constant(CopyState.RETIRED),
    )
    .values(
        state=bindparam("to_state"),
        evidence=bindparam("to_evidence"),
        checked_at=bindparam("at"),
        detail=bindparam("to_detail"),
    )
)


def record_checks(transaction: Transaction, log: EventLog, checks: Sequence[Check]) -> int:
    """Record a batch of checks; the number of the last event, 0 for an empty batch.

    A failed check becomes the copy's state and a debt; one that could not be made becomes an
    event and nothing else (law 2); a successful one pays the debt of a copy that came back.

    Raises:
        ValueError: a check of an object that the ledger does not know.
    """
    if not checks:
        return 0
    known = _objects(transaction, checks)
    owed = _debts(transaction, checks)
    seen = [check for check in checks if check.state is not None]
    transaction.run_each(_CHECK_COPY, [_copy_row(check, log.at) for check in seen])
    good = [check for check in checks if check.state is CopyState.VERIFIED]
    for check in good:
        if (check.object_id, check.offer) in owed:
            _pay(transaction, log, check, known)
    for check in checks:
        if check.state is not CopyState.VERIFIED:
            _record_failure(transaction, log, check, known, owed)
    if good:
        log.append(EventKind.COPIES_CHECKED, canonical_json(summarise(good, known)))
    return log.next_seq - 1


def summarise(checks: Sequence[Check], known: Mapping[int, Row]) -> dict[str, object]:
    """The body of the event that stands for these successful checks."""
    groups: dict[str, dict[str, list[int]]] = {}
    for check in checks:
        offer = groups.setdefault(check.offer, {})
        offer.setdefault(_LEVELS[check.evidence], []).append(check.object_id)
    return {
        "count": len(checks),
        "digest": f"sha512:{digest_of_checks(checks, known)}",
        "offers": {
            offer: {level: write_ranges(ids) for level, ids in levels.items()}
            for offer, levels in groups.items()
        },
    }


def digest_of_checks(checks: Iterable[Check], known: Mapping[int, Row]) -> str:
    """SHA-512 of the list: one line per check, sorted, ``id offer evidence algorithm:hex``."""
    lines = sorted(
        f"{check.object_id} {check.offer} {_LEVELS[check.evidence]} "
        f"{known[check.object_id][5]}:{known[check.object_id][6].hex()}\n"
        for check in checks
    )
    return hashlib.sha512("".join(lines).encode()).hexdigest()


def write_ranges(numbers: Iterable[int]) -> str:
    """Numbers as ranges: ``1-256,260``. An audit goes by id, so this is short."""
    ranges: list[list[int]] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def read_ranges(text: str) -> list[int]:
    """The numbers that :func:`write_ranges` wrote.

    Raises:
        ValueError: not ranges.
    """
    numbers: list[int] = []
    for part in text.split(","):
        first, _dash, last = part.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return numbers


def _objects(transaction: Transaction, checks: Sequence[Check]) -> dict[int, Row]:
    ids = list(dict.fromkeys(check.object_id for check in checks))
    known: dict[int, Row] = {}
    for chunk in padded(ids):
        known.update((row[0], row) for row in transaction.rows(objects_of_ids(len(chunk)), chunk))
    unknown = [number for number in ids if number not in known]
    if unknown:
        raise ValueError(f"checks of objects that the ledger does not know: {unknown[:5]}")
    return known


def _debts(transaction: Transaction, checks: Sequence[Check]) -> set[tuple[int, str]]:
    """Copies owed among what was checked: object and offer."""
    ids = list(dict.fromkeys(check.object_id for check in checks))
    owed: set[tuple[int, str]] = set()
    for chunk in padded(ids):
        rows = transaction.rows(debts_of(len(chunk)), chunk)
        owed.update((row[0], row[1]) for row in rows if row[2] == DebtKind.COPY)
    return owed


def _copy_row(check: Check, at: str) -> Row:
    detail = storable(check.detail)
    return (_STATES[check.state], check.evidence.value, at, detail, check.object_id, check.offer)


def _pay(transaction: Transaction, log: EventLog, check: Check, known: Mapping[int, Row]) -> None:
    transaction.run(DROP_DEBT, (check.object_id, check.offer, DebtKind.COPY.value))
    body = {"kind": DebtKind.COPY.value, "note": "found verified", "offer": check.offer}
    ref = _ref(known[check.object_id])
    log.append(EventKind.DEBT_PAID, canonical_json(body), ref=ref, object_id=check.object_id)


def _record_failure(
    transaction: Transaction,
    log: EventLog,
    check: Check,
    known: Mapping[int, Row],
    owed: set[tuple[int, str]],
) -> None:
    code = check.code or ("unknown" if check.state is None else f"copy-{check.state}")
    row = known[check.object_id]
    expected = Digest(DigestAlgorithm(row[5]), row[6])
    body = {
        "code": code,
        "detail": check.detail,
        "evidence": check.evidence.name,
        "expected": str(expected),
        "offer": check.offer,
    }
    kind = _KINDS[check.state]
    log.append(kind, canonical_json(body), ref=_ref(row), object_id=check.object_id)
    key = (check.object_id, check.offer)
    if check.state is not None and row[10] == "stored" and key not in owed:
        owed.add(key)
        debt = (*key, DebtKind.COPY.value, code, log.at, storable(check.detail))
        transaction.insert(debts, [debt])


def _ref(row: Row) -> str:
    return f"{row[1]}/{row[2]}/{row[3]}"
