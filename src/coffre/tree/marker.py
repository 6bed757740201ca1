"""The marker: one line of JSON that makes a directory an offer. No I/O here.

Without it an empty directory may be the place of a disk, or a share, that is away.
"""

from __future__ import annotations

import json
import uuid

from coffre.contract import SYSTEM_CLOCK, ParameterError, as_text
from coffre.tree.layout import LAYOUT_VERSION, MARKER

MARKER_BYTES = 4096
"""Bytes of a marker that need be read; it has some hundred."""


def new_marker() -> bytes:
    """A marker for a new offer, with an identity of its own."""
    marker = {
        "layout": LAYOUT_VERSION,
        "id": uuid.uuid4().hex,
        "created_at": as_text(SYSTEM_CLOCK.now()),
    }
    return json.dumps(marker).encode() + b"\n"


def check_layout(marker: bytes, root: str) -> None:
    """Refuse a marker of a layout that this code does not know.

    Args:
        marker: what was read, :data:`MARKER_BYTES` at most.
        root: where, for a person.

    Raises:
        ParameterError: it is damaged, or of a newer layout.
    """
    try:
        layout = json.loads(marker)["layout"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ParameterError(f"{root}/{MARKER} is damaged: restore it, or ask") from None
    if layout != LAYOUT_VERSION:
        raise ParameterError(
            f"root {root} has layout {layout!r}, this coffre knows {LAYOUT_VERSION}: upgrade coffre"
        )
