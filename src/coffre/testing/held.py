"""What a memory offer holds: objects, bytes set aside, and what dead writers left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from coffre.contract import NO_METADATA, Digest, ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One object at rest."""

    data: bytes
    recorded: Digest
    """Digest of the bytes as they were received; stays when they are damaged."""
    recorded_size: int
    """Their length then."""
    stored_at: datetime
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    retain_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """Bytes that were set aside."""

    ref: ObjectRef
    data: bytes
    reason: str
    place: str


@dataclass(frozen=True, slots=True)
class Leftover:
    """A part that a writer left when it died."""

    size: int
    left_at: datetime
