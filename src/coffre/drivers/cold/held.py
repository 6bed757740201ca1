"""Objects as the catalogue knows them."""

from __future__ import annotations

from dataclasses import dataclass

from coffre.contract import Digest, ObjectCorruptError, ObjectNotFoundError, ObjectRef
from coffre.drivers.cold.catalogue import Row
from coffre.drivers.cold.library import Library

_COLUMNS = (
    "objects.id, tenant, container, identifier, objects.size, digest, record, token, "
    "archive, tape, position, damage"
)
_QUERY = " ".join(
    ("SELECT", _COLUMNS, "FROM objects LEFT JOIN archives ON archives.id = objects.archive")
)


@dataclass(frozen=True, slots=True)
class Held:
    """One object, and where its bytes are: on disk, on tape, or on both."""

    id: int
    ref: ObjectRef
    size: int
    """Length, in bytes."""
    digest: Digest
    """Expected digest, written once, at the put."""
    record: bytes
    """What travels with the object, as one line."""
    token: str | None
    """Name of its file on disk; ``None`` when it is on tape only."""
    archive: int | None
    """Number of the archive that it is packed in; ``None`` when it is on disk only."""
    tape: int | None
    position: int | None
    """Byte of the archive at which it begins."""
    damage: str | None
    """What was found wrong with its bytes when they were last read; ``None`` for nothing."""

    @property
    def readable(self) -> bool:
        """Whether a ``get`` would give its bytes now."""
        return self.token is not None and self.damage is None

    def refuse_damage(self) -> None:
        """Refuse to give bytes that were found to be wrong.

        Raises:
            ObjectCorruptError: they were.
        """
        if self.damage is not None:
            step = "repair it from another copy"
            if self.token is None:
                step += ", or ask for access once more to have the tape read again"
            raise ObjectCorruptError(f"{self.ref}: {self.damage}; {step}", ref=self.ref)


def find(library: Library, ref: ObjectRef) -> Held | None:
    """What a reference holds."""
    rows = select(
        library,
        "WHERE tenant = ? AND container = ? AND identifier = ?",
        ref.tenant,
        ref.container,
        ref.identifier,
    )
    return rows[0] if rows else None


def held(library: Library, ref: ObjectRef) -> Held:
    """What a reference holds.

    Raises:
        ObjectNotFoundError: nothing.
    """
    found = find(library, ref)
    if found is None:
        raise ObjectNotFoundError(f"{ref} is not held here", ref=ref)
    return found


def select(library: Library, condition: str, *values: object) -> list[Held]:
    """The objects that meet a condition, written in SQL by this room alone."""
    return [_held(row) for row in library.catalogue.all(f"{_QUERY} {condition}", *values)]


def _held(row: Row) -> Held:
    id, tenant, container, identifier, size, digest, *rest = row
    ref = ObjectRef(tenant=tenant, container=container, identifier=identifier)
    return Held(id, ref, size, Digest.parse(digest), *rest)


def forget(library: Library, found: Held, now: float) -> bool:
    """Remove an object's row, inside a transaction; whether it was still there.

    Whoever waits for it waits no longer: its reference holds nothing, and counts as readable.
    """
    catalogue = library.catalogue
    existed = catalogue.do("DELETE FROM objects WHERE id = ?", found.id) > 0
    catalogue.do(
        "UPDATE requests SET ready = max(asked, ?) WHERE ready IS NULL AND id IN "
        "(SELECT request FROM wanted WHERE object = ?) AND NOT EXISTS "
        "(SELECT 1 FROM wanted JOIN objects ON objects.id = wanted.object "
        "WHERE wanted.request = requests.id AND token IS NULL AND damage IS NULL)",
        now,
        found.id,
    )
    catalogue.do("DELETE FROM wanted WHERE object = ?", found.id)
    catalogue.do("DELETE FROM recalls WHERE object = ?", found.id)
    return existed
