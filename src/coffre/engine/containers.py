"""Containers: what may be done with the objects of each kind.

Source: offer protocol, 5.1, whose table this is; a container that it does not name is
write-once and can be deleted from by order, like ``object``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerRights:
    """What a container allows."""

    overwrite: bool = False
    """Other bytes may be put under a reference that is taken; without it, that is a conflict."""
    delete: bool = True
    """Objects can be deleted, by order; without it, never."""


WRITE_ONCE = ContainerRights()
"""Never overwritten, deleted by order only."""
KEPT = ContainerRights(delete=False)
"""Never overwritten, never deleted."""
FREE = ContainerRights(overwrite=True)
"""Can be overwritten, and deleted by order."""
GROWING = ContainerRights(overwrite=True, delete=False)
"""Can be overwritten, never deleted."""

PROTOCOL_CONTAINERS: Mapping[str, ContainerRights] = {
    "unit": FREE,
    "object": WRITE_ONCE,
    "objectGroup": FREE,
    "logbook": KEPT,
    "report": KEPT,
    "manifest": KEPT,
    "profile": KEPT,
    "storagelog": KEPT,
    "storageaccesslog": KEPT,
    "storagetraceability": KEPT,
    "rules": KEPT,
    "dip": WRITE_ONCE,
    "agencies": KEPT,
    "backup": KEPT,
    "backup_operation": GROWING,
    "unitgraph": WRITE_ONCE,
    "objectgroupgraph": WRITE_ONCE,
    "distribution_reports": FREE,
    "accessionregisterdetail": FREE,
    "archivaltransferreply": KEPT,
    "accessionregistersymbolic": FREE,
    "tmp": FREE,
}
"""Rights of the containers that the offer protocol names."""


def rights_of(container: str, configured: Mapping[str, ContainerRights]) -> ContainerRights:
    """Rights of a container: as configured, else as the protocol says, else write-once."""
    return configured.get(container) or PROTOCOL_CONTAINERS.get(container, WRITE_ONCE)
