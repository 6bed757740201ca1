"""Where an object lies: a container of the service and the name of a blob in it.

Layout *one*: everything in one container, under ``tenant/container/identifier``. No part of a
reference can hold a slash, so no two references share a name. What begins with a dot is ours:
``.quarantine/`` and ``.metadata/``; a tenant is a number, so nothing else begins so.

Layout *each*: one container for each tenant and container of objects, and the blob is named by
the identifier alone. A container's name there has small letters, digits and single hyphens, at
most 63: ``<offer>-<tenant>-<name>`` where the name is such, and ``<offer>-<tenant>-h0-<hash>``
where it is not, the true name being kept with the container. The first, of the offer's own name,
marks the offer and holds what begins with a dot.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import NamedTuple
from urllib.parse import quote

from coffre.contract import InvalidReferenceError, ObjectRef
from coffre.contract.identity import check_name

QUARANTINE = ".quarantine/"
METADATA = ".metadata/"
_HASHED = "h0-"
_PLAIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST = 63


class Place(NamedTuple):
    """One blob."""

    container: str
    blob: str

    @property
    def path(self) -> str:
        """Of its URL, below the account's, escaped."""
        return f"/{self.container}/{quote(self.blob, safe='/')}"

    def __str__(self) -> str:
        """For a person."""
        return f"{self.container}/{self.blob}"


class Space(NamedTuple):
    """The blobs of one tenant and container: those of one container with one beginning."""

    container: str
    prefix: str


class Layout:
    """Which blob is which object."""

    def __init__(self, container: str, *, each: bool) -> None:
        """Hold the offer's container, and whether each container of objects has its own."""
        self.container = container
        self.each = each

    def space_of(self, tenant: int, container: str) -> Space:
        """Where the objects of a container lie."""
        if not self.each:
            return Space(self.container, f"{tenant}/{container}/")
        return Space(f"{self.container}-{tenant}-{self._label(tenant, container)}", "")

    def _label(self, tenant: int, container: str) -> str:
        room = _LONGEST - len(f"{self.container}-{tenant}-")
        plain = _PLAIN.fullmatch(container) is not None and len(container) <= room
        if plain and not container.startswith(_HASHED):
            return container
        # 160 bits: two names that share them would have to be looked for for centuries.
        digest = hashlib.sha256(container.encode()).digest()[:20]
        return _HASHED + base64.b32encode(digest).decode().lower()

    def place_of(self, ref: ObjectRef) -> Place:
        """Where an object lies."""
        space = self.space_of(ref.tenant, ref.container)
        return Place(space.container, space.prefix + ref.identifier)

    def aside(self, beginning: str, ref: ObjectRef, name: str) -> Place:
        """A blob of ours about an object: its metadata, or its bytes in quarantine."""
        return Place(self.container, f"{beginning}{ref}/{name}")

    def tenant_of(self, container: str) -> tuple[int, str] | None:
        """Tenant and label that the name of a container tells, in the layout *each*."""
        tenant, _, label = container.removeprefix(f"{self.container}-").partition("-")
        if not container.startswith(f"{self.container}-") or not label or not _is_tenant(tenant):
            return None
        return int(tenant), label

    def holds(self, tenant: int, label: str, name: str) -> bool:
        """Whether a label is that of a container of objects of this name."""
        return is_name(name) and self._label(tenant, name) == label


def ref_aside(beginning: str, blob: str) -> ObjectRef | None:
    """The object that a blob of ours is about; ``None`` when it is nobody's of ours."""
    try:
        return ObjectRef.parse(blob.removeprefix(beginning).rpartition("/")[0])
    except InvalidReferenceError:
        return None


def is_name(text: str) -> bool:
    """Whether a text can be an identifier or the name of a container of objects."""
    try:
        check_name(text, "name")
    except InvalidReferenceError:
        return False
    return True


def _is_tenant(text: str) -> bool:
    return re.fullmatch(r"0|[1-9][0-9]{0,9}", text, re.ASCII) is not None
