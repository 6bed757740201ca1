"""Reads an archive back with nothing of coffre: written from README-coffre.txt alone.

    python restore_by_hand.py ARCHIVE DESTINATION

Every object goes to DESTINATION under its reference, after its digest was checked. Prints one
JSON object: what each object is, by reference.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = {"sha3-512": "sha3_512"}


def objects(archive: Path) -> Iterator[tuple[str, Path]]:
    """Section 1: <tenant>/<container>/<xx>/<identifier>; whatever else is there is no object."""
    for path in sorted(archive.glob("*/*/*/*")):
        tenant, container, shard, identifier = path.relative_to(archive).parts
        if not re.fullmatch("[0-9]+", tenant) or not path.is_file():
            continue
        expected = hashlib.sha256(identifier.encode()).hexdigest()[:2]
        if shard == expected:
            yield f"{tenant}/{container}/{identifier}", path


def record_of(archive: Path, path: Path) -> dict[str, Any] | None:
    """Section 2: an extended attribute of the file, or a file under .coffre/records."""
    try:
        return dict(json.loads(os.getxattr(path, "user.coffre.record")))
    except OSError:
        beside = archive / ".coffre/records" / path.relative_to(archive)
        return dict(json.loads(beside.read_bytes())) if beside.exists() else None


def check(path: Path, record: dict[str, Any] | None) -> str:
    """Section 3: compute the digest, and compare it with the one in the record."""
    if record is None:
        return "no record"
    algorithm, value = record["digest"].split(":")
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, NAMES.get(algorithm, algorithm)).hexdigest()
    right = found == value and path.stat().st_size == record["size"]
    return "right" if right else "damaged"


def main(archive: Path, destination: Path) -> None:
    report = {}
    for ref, path in objects(archive):
        record = record_of(archive, path)
        target = destination / ref
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        report[ref] = {
            "state": check(path, record),
            "metadata": (record or {}).get("metadata", {}),
        }
    print(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
