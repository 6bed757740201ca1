"""Sweep: what puts have left beside objects that are not there (any more).

Something that lies beside is left over when no object was made by its put: neither the one under
its reference, nor one set aside. It goes when its writer is dead for certain, once it is as old as
was asked; when nothing can be known of its writer, once nothing was written for a day: a writer
gives up long before (:data:`~coffre.drivers.swift.segments.TOO_SLOW`), and were it to publish all
the same, the service would refuse a manifest whose segments are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from urllib.parse import quote

from coffre.contract import SYSTEM_CLOCK, ObjectRef, SweepRequest, SweepResult
from coffre.drivers.swift import records
from coffre.drivers.swift.answers import error_of, from_swift
from coffre.drivers.swift.listing import entries_of
from coffre.drivers.swift.names import Spot, put_of
from coffre.drivers.swift.place import Place
from coffre.drivers.swift.segments import remove
from coffre.drivers.swift.service import NEWEST
from coffre.drivers.swift.writers import is_alive

ELSEWHERE = 24 * 3600.0
"""Seconds for which the put of a writer that cannot be asked must have stood still."""


_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Left:
    """What one put has stored beside its object."""

    ref: ObjectRef
    put: str
    spots: list[Spot] = field(default_factory=list)
    size: int = 0
    latest: datetime = _NEVER


def sweep(place: Place, request: SweepRequest) -> SweepResult:
    """Remove leftovers; see ``SupportsSweep``."""
    removed = kept = freed = 0
    for left in _puts(place):
        if not _is_over(left, request.older_than):
            kept += not _is_needed(place, left)
        elif not _is_needed(place, left):
            remove(place.service, left.spots)
            removed += len(left.spots)
            freed += left.size
    return SweepResult(removed=removed, kept=kept, freed=freed)


def _puts(place: Place) -> Iterator[_Left]:
    """Every put that has something beside its object; in the order of names they stand together."""
    names = place.names
    entries = entries_of(place.service, f"/{quote(names.segments, safe='')}", "")
    for told, together in groupby(entries, key=lambda entry: put_of(str(entry["name"]))):
        if told is None:
            continue  # not ours: never touched
        left = _Left(*told)
        for entry in together:
            _add(left, names.segments, entry)
        yield left


def _add(left: _Left, container: str, entry: Mapping[str, object]) -> None:
    left.spots.append(Spot(container, str(entry["name"])))
    size = entry.get("bytes")
    left.size += size if isinstance(size, int) else 0
    left.latest = max(left.latest, _moment(entry.get("last_modified")))


def _moment(told: object) -> datetime:
    """When an entry was stored, UTC; now, where that cannot be read: it is kept."""
    try:
        return datetime.fromisoformat(str(told)).replace(tzinfo=UTC)
    except ValueError:
        return SYSTEM_CLOCK.now()


def _is_over(left: _Left, older_than: float) -> bool:
    """Whether its writer does nothing more with it."""
    alive = is_alive(left.put)
    if alive:
        return False
    age = (SYSTEM_CLOCK.now() - left.latest).total_seconds()
    return age >= (older_than if alive is False else max(older_than, ELSEWHERE))


def _is_needed(place: Place, left: _Left) -> bool:
    """Whether an object was made by that put: the one that is held, or one set aside.

    Raises:
        OfferError: that cannot be known now, and nothing is taken away.
    """
    held = place.names.spot(left.ref), place.names.aside(left.ref, left.put)
    return any(_is_made_by(place, spot, left.put) for spot in held)


def _is_made_by(place: Place, spot: Spot, put: str) -> bool:
    answer = place.service.ask("HEAD", spot.path, NEWEST)
    if answer.status == 404 and from_swift(answer.headers):
        return False
    if not answer.done:
        raise error_of(answer, safe=True)
    return records.put_in(answer.headers) == put
