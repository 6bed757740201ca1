"""The engine: N verified copies of each object, on offers it is handed, and what is known of them.

It knows offers by id and never sees a connection. :class:`Engine` is what applications hold.
"""

from coffre.engine.auditing import Audit
from coffre.engine.containers import ContainerRights, rights_of
from coffre.engine.context import Limits
from coffre.engine.deleting import DeletionOrder
from coffre.engine.engine import Engine
from coffre.engine.errors import (
    BrakeError,
    InvalidOrderError,
    NoReadableCopyError,
    NotEnoughCopiesError,
    StillNeededError,
)
from coffre.engine.findings import AuditSummary, Finding, FindingCode
from coffre.engine.items import PutItem
from coffre.engine.outcomes import (
    CopyOutcome,
    CopyStatus,
    Deletion,
    ObjectStatus,
    RebuildSummary,
    Receipt,
    Refusal,
    RepairAction,
    RepairOutcome,
)
from coffre.engine.owing import Owed
from coffre.engine.reading import ObjectReader
from coffre.engine.retiring import Retirement
from coffre.engine.scope import AuditScope
from coffre.engine.strategy import Strategy, StrategyError, StrategyOffer
from coffre.engine.sweeping import SweepOutcome

__all__ = [
    "Audit",
    "AuditScope",
    "AuditSummary",
    "BrakeError",
    "ContainerRights",
    "CopyOutcome",
    "CopyStatus",
    "Deletion",
    "DeletionOrder",
    "Engine",
    "Finding",
    "FindingCode",
    "InvalidOrderError",
    "Limits",
    "NoReadableCopyError",
    "NotEnoughCopiesError",
    "ObjectReader",
    "ObjectStatus",
    "Owed",
    "PutItem",
    "RebuildSummary",
    "Receipt",
    "Refusal",
    "RepairAction",
    "RepairOutcome",
    "Retirement",
    "StillNeededError",
    "Strategy",
    "StrategyError",
    "StrategyOffer",
    "SweepOutcome",
    "rights_of",
]
