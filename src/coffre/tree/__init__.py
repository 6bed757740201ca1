"""Objects as files: where each one lies, and the record that lies with it. No offer is read here.

Drivers that keep objects in directories (a local disk, a server reached over SFTP) share this
layout, so that a disk filled by one can be read by the other, or by a person with ``cat``.
"""

from coffre.tree.aside import ASIDE_REASON, ASIDE_RECORD, aside_of
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
from coffre.tree.marker import MARKER_BYTES, check_layout, new_marker
from coffre.tree.record import ObjectRecord, decode_record, encode_record, record_line
from coffre.tree.sorting import sorted_names

__all__ = [
    "ASIDE_REASON",
    "ASIDE_RECORD",
    "GUIDE",
    "GUIDE_NAME",
    "LAYOUT_VERSION",
    "MARKER",
    "MARKER_BYTES",
    "PARTS",
    "QUARANTINE",
    "RECORDS",
    "RECORD_ATTRIBUTE",
    "SERVICE",
    "SHARDS",
    "ObjectRecord",
    "Place",
    "aside_of",
    "check_layout",
    "container_folder",
    "decode_record",
    "encode_record",
    "is_container",
    "is_identifier",
    "is_tenant",
    "new_marker",
    "part_path",
    "place_of",
    "quarantine_folder",
    "record_line",
    "record_place",
    "shard_of",
    "sorted_names",
]
