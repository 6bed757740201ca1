"""Sidecars: metadata too long for a header, each in a blob of its own.

A sidecar is written under a new name before the object that names it is published, and never
changed: the object and its metadata are seen together or not at all. A writer that dies between
both leaves a sidecar that nobody names; ``sweeping`` removes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from uuid import uuid4

from coffre.contract import NO_METADATA, ObjectCorruptError, ObjectNotFoundError, ObjectRef
from coffre.drivers.azure.blocks import md5_of
from coffre.drivers.azure.naming import METADATA, Layout
from coffre.drivers.azure.records import Record, as_json, elsewhere, inline, parse_json
from coffre.drivers.azure.service import Service, unseen


def metadata_headers(
    service: Service, layout: Layout, ref: ObjectRef, metadata: Mapping[str, str]
) -> dict[str, str]:
    """Headers that carry the metadata, or say where they were just written."""
    found = inline(metadata)
    return _write(service, layout, ref, metadata) if found is None else found


def _write(
    service: Service, layout: Layout, ref: ObjectRef, metadata: Mapping[str, str]
) -> dict[str, str]:
    data = as_json(metadata).encode()
    name = uuid4().hex
    headers = {"x-ms-blob-type": "BlockBlob", "Content-MD5": md5_of(data), "If-None-Match": "*"}
    with unseen():
        service.done("PUT", layout.aside(METADATA, ref, name).path, (), headers, data, ref=ref)
    return elsewhere(f"{name} {hashlib.sha256(data).hexdigest()}")


def metadata_of(
    service: Service, layout: Layout, ref: ObjectRef, record: Record
) -> Mapping[str, str]:
    """The metadata of a record, wherever they are.

    Raises:
        ObjectCorruptError: they are not what was stored, or gone.
    """
    if record.elsewhere is None:
        return record.metadata
    name, _, digest = record.elsewhere.partition(" ")
    try:
        data = service.done("GET", layout.aside(METADATA, ref, name).path, ref=ref).body
    except ObjectNotFoundError as error:
        raise ObjectCorruptError(
            "the metadata of the object are gone, or it was replaced a moment ago", ref=ref
        ) from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise ObjectCorruptError("the metadata of the object are damaged", ref=ref)
    try:
        return parse_json(data) if data else NO_METADATA
    except ValueError as error:
        raise ObjectCorruptError("the metadata of the object cannot be read", ref=ref) from error


def forget(service: Service, layout: Layout, ref: ObjectRef, record: Record) -> None:
    """Remove the sidecar of an object that is gone; one that cannot be is left to a sweep."""
    if record.elsewhere is not None:
        name = record.elsewhere.partition(" ")[0]
        with unseen():
            service.ask("DELETE", layout.aside(METADATA, ref, name).path, ref=ref)
