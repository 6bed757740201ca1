"""Quarantine: where bad bytes are kept, and the line that says why. No I/O here."""

from __future__ import annotations

import json
import uuid

from coffre.contract import SYSTEM_CLOCK, QuarantineRequest, as_text
from coffre.tree.layout import Place, place_of, quarantine_folder

# '+' is in no identifier: these names can never be that of the object beside them.
ASIDE_REASON = "+reason.json"
"""Name of the file that says why, beside the bytes."""
ASIDE_RECORD = "+record.json"
"""Name that the object's record gets beside the bytes, where it is a file."""


def aside_of(request: QuarantineRequest, size: int) -> tuple[Place, bytes]:
    """Where one object goes, a folder of its own, and the line that is written first.

    Args:
        request: the object, and why.
        size: its length now, in bytes.
    """
    moment = as_text(SYSTEM_CLOCK.now())
    reason = {"ref": str(request.ref), "reason": request.reason, "at": moment, "size": size}
    line = json.dumps(reason, ensure_ascii=False).encode() + b"\n"
    folder = quarantine_folder(request.ref, _token(moment))
    return Place(folder, place_of(request.ref).name), line


def _token(moment: str) -> str:
    """A time that a person can read, and something unique; no colon, which some tools refuse."""
    return f"{moment.replace(':', '')}-{uuid.uuid4().hex[:8]}"
