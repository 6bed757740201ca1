"""Layout: ``<tenant>/<container>/<shard>/<identifier>``, relative to the root of an offer.

The shard is the first two hexadecimal digits of the SHA-256 of the identifier: 256 folders a
container, so that ten million objects leave some forty thousand names in each, whatever the
identifiers look like. Nothing a file system might fold or refuse can appear in a name, since an
:class:`~coffre.contract.ObjectRef` is valid by construction; and no identifier begins with a
dot, so ``.coffre``, where the driver keeps its own things, can never be an object.

All paths are relative, with ``/``.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import NamedTuple

from coffre.contract import InvalidReferenceError, ObjectRef, check_name

LAYOUT_VERSION = 1
"""Written in the marker; another number is a layout that this code does not know."""
SERVICE = ".coffre"
"""Folder for everything that is not an object."""
MARKER = f"{SERVICE}/offer.json"
"""Proves that a root is an offer, and not the empty mount point of a disk that is away."""
PARTS = f"{SERVICE}/parts"
"""Objects being written, where a file system cannot hold them without a name."""
QUARANTINE = f"{SERVICE}/quarantine"
"""Bad bytes, kept for a person to look at."""
RECORDS = f"{SERVICE}/records"
"""Records of the objects whose file cannot carry its own."""
RECORD_ATTRIBUTE = "user.coffre.record"
"""Extended attribute that holds the record of an object."""
SHARDS = tuple(f"{number:02x}" for number in range(256))
"""Names of the folders below a container."""

_TENANT = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


class Place(NamedTuple):
    """Where a file lies."""

    folder: str
    name: str

    @property
    def path(self) -> str:
        """Folder and name together."""
        return f"{self.folder}/{self.name}"


def shard_of(identifier: str) -> str:
    """Name of the folder that holds an identifier, inside its container."""
    return SHARDS[sha256(identifier.encode()).digest()[0]]


def container_folder(tenant: int, container: str) -> str:
    """Folder that holds the shards of a container, once the name is known to be allowed.

    Raises:
        InvalidReferenceError: the protocol does not allow the name.
    """
    check_name(container, "container")
    return f"{int(tenant)}/{container}"


def place_of(ref: ObjectRef) -> Place:
    """Where the bytes of an object lie."""
    identifier = ref.identifier
    return Place(f"{ref.tenant}/{ref.container}/{shard_of(identifier)}", identifier)


def record_place(place: Place) -> Place:
    """Where the record of an object lies, when its file cannot carry it.

    A tree of its own, because a name of 255 bytes leaves no room for a suffix.
    """
    return Place(f"{RECORDS}/{place.folder}", place.name)


def part_path(token: str) -> str:
    """Name for bytes being written.

    Args:
        token: letters and digits that nobody else uses.
    """
    return f"{PARTS}/{token}.part"


def quarantine_folder(ref: ObjectRef, token: str) -> str:
    """Folder for one quarantined object; ``token`` makes it unique."""
    return f"{QUARANTINE}/{ref.tenant}/{ref.container}/{token}"


def is_tenant(name: str) -> bool:
    """Whether a name found in a root is a tenant's folder."""
    return _TENANT.fullmatch(name) is not None


def is_container(name: str) -> bool:
    """Whether a name found in a tenant's folder is a container's."""
    return _is_allowed(name)


def is_identifier(name: str, shard: str) -> bool:
    """Whether a name found in a shard is an object's, and in the shard where it is looked for."""
    return _is_allowed(name) and shard_of(name) == shard


def _is_allowed(name: str) -> bool:
    try:
        check_name(name, "name")
    except InvalidReferenceError:
        return False
    return True
