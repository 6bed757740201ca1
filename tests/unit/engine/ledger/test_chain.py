from __future__ import annotations

import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from coffre.engine.ledger.chain import (
    GENESIS,
    canonical_event,
    canonical_json,
    canonical_texts,
    link,
)
from coffre.engine.ledger.database import Row
from coffre.engine.ledger.verification import ChainVerifier

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too


@given(
    st.integers(1), ANY_TEXT, ANY_TEXT, ANY_TEXT, st.none() | ANY_TEXT, st.none() | st.integers(1)
)
def test_an_event_has_one_spelling(
    seq: int, at: str, kind: str, author: str, ref: str | None, number: int | None
) -> None:
    body = {"b": [1, None], "a": author}
    event = {
        "at": at,
        "author": author,
        "body": body,
        "kind": kind,
        "object": number,
        "ref": ref,
        "seq": seq,
    }

    spelled = canonical_event(seq, at, kind, author, ref, number, canonical_json(body))

    assert spelled.decode("ascii") == canonical_json(event)


@given(st.dictionaries(ANY_TEXT, ANY_TEXT))
def test_metadata_have_one_spelling(metadata: dict[str, str]) -> None:
    assert canonical_texts(metadata) == canonical_json(metadata)
    assert json.loads(canonical_texts(metadata)) == metadata


def test_a_link_is_sha512_of_what_came_before_and_of_the_event() -> None:
    assert link(GENESIS, b"event") == hashlib.sha512(bytes(64) + b"event").digest()


def log_of(bodies: list[str]) -> list[Row]:
    rows: list[Row] = []
    previous = GENESIS
    for seq, text in enumerate(bodies, 1):
        fields = ("2024-05-01T12:00:00.000000Z", "object-deposited", "tester", f"0/object/{seq}")
        body = canonical_json({"text": text})
        digest = link(previous, canonical_event(seq, *fields, seq, body))
        rows.append((seq, *fields, seq, body, previous, digest))
        previous = digest
    return rows


def found_in(rows: list[Row], head: tuple[int, bytes]) -> list[str]:
    chain = ChainVerifier()
    found = [finding.code for row in rows for finding in chain.examine(row)]
    return found + [finding.code for finding in chain.examine_end(head)]


logs = st.lists(st.text(max_size=3), min_size=2, max_size=8).map(log_of)


def end_of(rows: list[Row]) -> tuple[int, bytes]:
    return rows[-1][0], rows[-1][8]


@given(logs)
def test_an_untouched_log_is_sound(rows: list[Row]) -> None:
    assert found_in(rows, end_of(rows)) == []


@given(logs, st.data())
def test_any_changed_field_of_any_event_is_found(rows: list[Row], data: st.DataObject) -> None:
    head = end_of(rows)
    victim = data.draw(st.integers(0, len(rows) - 1))
    field = data.draw(st.integers(0, 8))
    row = list(rows[victim])
    row[field] = row[field] + 1 if isinstance(row[field], int) else row[field] + row[field][:1]
    rows[victim] = tuple(row)

    assert found_in(rows, head)


@given(logs, st.data())
def test_an_event_rewritten_with_a_fitting_digest_is_found(
    rows: list[Row], data: st.DataObject
) -> None:
    head = end_of(rows)
    victim = data.draw(st.integers(0, len(rows) - 1))
    seq, at, kind, author, ref, number, _body, previous, _digest = rows[victim]
    body = canonical_json({"text": "forged"})
    forged = link(previous, canonical_event(seq, at, kind, author, ref, number, body))
    rows[victim] = (seq, at, kind, author, ref, number, body, previous, forged)

    assert set(found_in(rows, head)) <= {"chain-broken", "head-changed"}
    assert found_in(rows, head)


@given(logs, st.data())
def test_any_run_of_removed_events_is_found(rows: list[Row], data: st.DataObject) -> None:
    head = end_of(rows)
    start = data.draw(st.integers(0, len(rows) - 1))
    stop = data.draw(st.integers(start + 1, len(rows)))
    del rows[start:stop]

    assert "events-missing" in found_in(rows, head)


@given(logs, st.data())
def test_two_events_that_changed_places_are_found(rows: list[Row], data: st.DataObject) -> None:
    head = end_of(rows)
    first = data.draw(st.integers(0, len(rows) - 2))
    second = data.draw(st.integers(first + 1, len(rows) - 1))
    keep_numbers = data.draw(st.booleans())
    one, other = rows[first], rows[second]
    rows[first], rows[second] = other, one
    if keep_numbers:
        rows[first], rows[second] = (one[0], *other[1:]), (other[0], *one[1:])

    assert found_in(rows, head)


@given(logs)
def test_an_event_added_past_the_noted_end_is_found(rows: list[Row]) -> None:
    assert found_in(rows, end_of(rows[:-1])) == ["head-changed"]


@given(logs, st.data())
def test_renumbering_over_a_removed_event_is_found(rows: list[Row], data: st.DataObject) -> None:
    head = end_of(rows)
    gone = data.draw(st.integers(0, len(rows) - 2))
    rows = rows[:gone] + [(row[0] - 1, *row[1:]) for row in rows[gone + 1 :]]

    assert found_in(rows, head)
