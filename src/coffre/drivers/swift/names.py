"""Names: where an object, its segments and what was set aside lie in an account.

An object is ``<identifier>`` in ``coffre+<tenant>+<container>``. What its put stores before it
is ``<tenant>/<container>/<identifier>/<put>/<number>`` in ``coffre+segments``. What was set aside
is ``<tenant>/<container>/<identifier>/<put>`` in ``coffre+quarantine``.

``coffre`` is the parameter ``prefix``. A ``+`` is in no prefix, tenant or container of ours, and
the service's own containers have one only: no two offers, and no two references, share a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from coffre.contract import ContainerEntry, InvalidReferenceError, ObjectRef, check_name

LONGEST_CONTAINER = 256
"""Bytes of a container's name that every Swift takes."""
_FOLDED = "~"
"""Begins the last part of a name that was too long; the container's metadata tell it whole."""
_TENANT = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Spot:
    """One object of an account."""

    container: str
    name: str

    @property
    def path(self) -> str:
        """``/container/object``, escaped: what follows the account in a target."""
        return f"/{quote(self.container, safe='')}/{quote(self.name)}"


class Names:
    """The names of one offer."""

    def __init__(self, prefix: str) -> None:
        """Remember the first part of every container's name."""
        self._prefix = prefix
        self.segments = f"{prefix}+segments"
        """Container of segments and of records that are too long for headers."""
        self.quarantine = f"{prefix}+quarantine"
        """Container of what was set aside."""
        self.begin = f"{prefix}+"
        """With which the name of each of our containers begins."""

    def container(self, tenant: int, container: str) -> str:
        """Name of the Swift container that holds a container of ours."""
        name = f"{self.begin}{tenant}+{container}"
        if len(name) <= LONGEST_CONTAINER:
            return name
        return f"{self.begin}{tenant}+{_FOLDED}{sha256(container.encode()).hexdigest()}"

    def spot(self, ref: ObjectRef) -> Spot:
        """Where an object lies."""
        return Spot(self.container(ref.tenant, ref.container), ref.identifier)

    def beside(self, ref: ObjectRef, put: str, what: str) -> Spot:
        """Where something lies that a put stores before its object: a segment, a record."""
        return Spot(self.segments, f"{ref}/{put}/{what}")

    def aside(self, ref: ObjectRef, put: str) -> Spot:
        """Where an object lies once it was set aside; one put can be set aside only once."""
        return Spot(self.quarantine, f"{ref}/{put}")

    def told(self, name: str) -> ContainerEntry | None:
        """The container of ours that a Swift container holds, ``None`` when it holds none.

        That of a folded name is told with its folded part: see :func:`is_folded`.
        """
        tenant, plus, container = name.removeprefix(self.begin).partition("+")
        if not name.startswith(self.begin) or not plus or not _TENANT.fullmatch(tenant):
            return None
        if not container.startswith(_FOLDED) and not is_name(container):
            return None
        return ContainerEntry(tenant=int(tenant), container=container)


def is_folded(container: str) -> bool:
    """Whether a container was too long to be told by the name that holds it."""
    return container.startswith(_FOLDED)


def is_name(name: str) -> bool:
    """Whether a name can be that of an object or a container of ours."""
    try:
        check_name(name, "name")
    except InvalidReferenceError:
        return False
    return True


def put_of(name: str) -> tuple[ObjectRef, str] | None:
    """Reference and put of something that lies beside, ``None`` when it is not ours."""
    parts = name.split("/")
    if len(parts) != 5:
        return None
    try:
        return ObjectRef.parse("/".join(parts[:3])), parts[3]
    except InvalidReferenceError:
        return None
