"""Items: the objects of one bulk job, as the caller names them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from coffre.contract import NO_METADATA, ByteStream, Content, Digest, ObjectRef

Source = bytes | str | os.PathLike[str] | Content | BinaryIO | ByteStream
"""Bytes, a path, a content, or an open stream (which is read once, and kept aside)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutItem:
    """One object to store, alone or in a bulk job."""

    ref: ObjectRef
    """Where it goes."""
    source: Source
    """Its bytes. Nothing is opened before its turn."""
    name: str = ""
    """What to call the source in receipts and refusals; for a file, its path."""
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    """Names and values kept beside the object, such as the original ``name``."""
    digest: Digest | None = None
    """Digest that the caller announces; other bytes are refused, and leave nothing."""
    size: int | None = None
    """Length that the caller announces, in bytes; another is refused, and leaves nothing."""
