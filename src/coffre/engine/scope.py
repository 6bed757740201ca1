"""Scope: what an audit covers."""

from __future__ import annotations

from dataclasses import dataclass

from coffre.contract import ObjectRef
from coffre.engine.ledger import ObjectRecord, ObjectState


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditScope:
    """What an audit covers; everything, unless it says otherwise."""

    tenant: int | None = None
    container: str | None = None
    offers: tuple[str, ...] | None = None

    def covers(self, record: ObjectRecord) -> bool:
        """Whether an object is in scope."""
        return record.state is ObjectState.STORED and self.reaches(record.ref)

    def reaches(self, ref: ObjectRef) -> bool:
        """Whether a reference is in scope."""
        return self.tenant in (None, ref.tenant) and self.container in (None, ref.container)

    def names(self, offer: str) -> bool:
        """Whether an offer is in scope."""
        return self.offers is None or offer in self.offers

    def to_json(self) -> dict[str, object]:
        """As the ledger keeps it."""
        offers = None if self.offers is None else sorted(self.offers)
        return {"container": self.container, "offers": offers, "tenant": self.tenant}
