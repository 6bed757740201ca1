"""Objects as files: where each one lies, and the record that lies with it. No I/O here.

Drivers that keep objects in directories (a local disk, a server reached over SFTP) share this
layout, so that a disk filled by one can be read by the other, or by a person with ``cat``.
"""

from coffre.tree.guide import GUIDE, GUIDE_NAME
from coffre.tree.layout import (
    LAYOUT_VERSION,
    MARKER,
    PARTS,
    QUARANTINE,
    RECORD_ATTRIBUTE,
    RECORDS,
    SERVICE,
    SHARDS,
    Place,
    container_folder,
    is_container,
    is_identifier,
    is_tenant,
    part_path,
    place_of,
    quarantine_folder,
    record_place,
    shard_of,
)
from coffre.tree.record import ObjectRecord, decode_record, encode_record, record_line

__all__ = [
    "GUIDE",
    "GUIDE_NAME",
    "LAYOUT_VERSION",
    "MARKER",
    "PARTS",
    "QUARANTINE",
    "RECORDS",
    "RECORD_ATTRIBUTE",
    "SERVICE",
    "SHARDS",
    "ObjectRecord",
    "Place",
    "container_folder",
    "decode_record",
    "encode_record",
    "is_container",
    "is_identifier",
    "is_tenant",
    "part_path",
    "place_of",
    "quarantine_folder",
    "record_line",
    "record_place",
    "shard_of",
]
