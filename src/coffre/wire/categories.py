"""Data categories: the ``{type}`` of a path, its container, and what may be done in it.

Order matters: several categories share a folder, and whoever starts from a folder gets the
first of them.

Source: offer protocol, 5.1 and 5.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType

from coffre.contract import check_name, check_tenant
from coffre.contract.errors import InvalidReferenceError


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of objects."""

    name: str
    """In a path, exactly so."""
    collection: str
    """In an existing engine's own interface; never in this protocol."""
    folder: str
    """In the name of the container, and the ``container`` of a reference here."""
    overwrite: bool
    """Other bytes may be put under a reference that is taken; without it, that is a conflict."""
    delete: bool
    """Objects may be deleted."""


CATEGORIES = (
    Category("UNIT", "units", "unit", True, True),
    Category("OBJECT", "objects", "object", False, True),
    Category("OBJECTGROUP", "objectgroups", "objectGroup", True, True),
    Category("LOGBOOK", "logbooks", "logbook", False, False),
    Category("REPORT", "reports", "report", False, False),
    Category("PROBATIVE_REPORT", "probativereports", "report", False, False),
    Category("MANIFEST", "manifests", "manifest", False, False),
    Category("PROFILE", "profiles", "profile", False, False),
    Category("STORAGELOG", "storagelog", "storagelog", False, False),
    Category("STORAGEACCESSLOG", "storageaccesslog", "storageaccesslog", False, False),
    Category("STORAGETRACEABILITY", "storagetraceability", "storagetraceability", False, False),
    Category("RULES", "rules", "rules", False, False),
    Category("BATCH_REPORT", "batch_report", "report", False, False),
    Category("REFERENTIAL_RULES_CSV", "referential_rules_csv", "rules", False, False),
    Category("REFERENTIAL_AGENCIES_CSV", "referential_agencies_csv", "report", False, False),
    Category("DIP", "dip", "dip", False, True),
    Category("AGENCIES", "agencies", "agencies", False, False),
    Category("BACKUP", "backup", "backup", False, False),
    Category("BACKUP_OPERATION", "backupoperations", "backup_operation", True, False),
    Category("UNIT_GRAPH", "unitgraph", "unitgraph", False, True),
    Category("OBJECTGROUP_GRAPH", "objectgroupgraph", "objectgroupgraph", False, True),
    Category("DISTRIBUTIONREPORTS", "distributionreports", "distribution_reports", True, True),
    Category(
        "ACCESSION_REGISTER_DETAIL",
        "accessionregistersdetail",
        "accessionregisterdetail",
        True,
        True,
    ),
    Category(
        "ARCHIVAL_TRANSFER_REPLY", "archivaltransferreply", "archivaltransferreply", False, False
    ),
    Category(
        "ACCESSION_REGISTER_SYMBOLIC",
        "accessionregisterssymbolic",
        "accessionregistersymbolic",
        True,
        True,
    ),
    Category("TMP", "tmp", "tmp", True, True),
)
"""The 26, in the order of the protocol."""

_BY_NAME = MappingProxyType({category.name: category for category in CATEGORIES})
_BY_FOLDER = MappingProxyType(
    {category.folder.lower(): category for category in reversed(CATEGORIES)}
)
_TENANT = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


def category_named(name: str) -> Category | None:
    """The category of a path; ``None`` when there is none of exactly that name."""
    return _BY_NAME.get(name)


def category_of(folder: str) -> Category | None:
    """The first category with that folder, whatever its case; ``None`` when there is none."""
    return _BY_FOLDER.get(folder.lower())


def require_category(container: str) -> Category:
    """The category under which the objects of a container are asked for.

    Raises:
        InvalidReferenceError: the protocol has no name for the container.
    """
    category = category_of(container)
    if category is None:
        raise InvalidReferenceError(
            f"the offer protocol knows no container {container!a}; use one of "
            + ", ".join(dict.fromkeys(each.folder for each in CATEGORIES))
        )
    return category


def container_name(tenant: int, folder: str, environment: str = "") -> str:
    """Write a container's name: ``[environment_]tenant_folder``.

    It is seen in entries of the offer log only.

    Raises:
        InvalidReferenceError: a part, or the whole, is not allowed.
    """
    check_tenant(tenant)
    name = f"{environment}_{tenant}_{folder}" if environment else f"{tenant}_{folder}"
    check_name(name, "container")
    return name


def parse_container(name: str, environment: str = "") -> tuple[int, str]:
    """Read a container's name back: the tenant, and the folder, which may hold ``_`` itself.

    Raises:
        InvalidReferenceError: of another environment, or without tenant or folder.
    """
    prefix = f"{environment}_" if environment else ""
    tenant, underscore, folder = name.removeprefix(prefix).partition("_")
    if not (name.startswith(prefix) and underscore and _TENANT.fullmatch(tenant)):
        of = f" of the environment {environment!a}" if environment else ""
        raise InvalidReferenceError(f"{name[:80]!a} is not the name of a container{of}")
    check_tenant(int(tenant))
    check_name(folder, "container")
    return int(tenant), folder
