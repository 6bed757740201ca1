"""Bytes in motion: contents that can be opened again, copies that digest, one source for many.

No storage here, and the standard library only. Drivers use :func:`copy_digesting`, which
digests nothing twice; the engine uses :class:`Fanout`, which reads a source once for N offers.
Where a service has no locks, :class:`Writers` tells what is being written from what was left.
"""

from coffre.streams.digesting import Copied, check_received, copy_digesting
from coffre.streams.fanout import Branch, Fanout
from coffre.streams.filling import Filling, write_all
from coffre.streams.passing import Passage
from coffre.streams.reading import CHUNK, ReadableStream, chunks_of, read_exactly
from coffre.streams.sources import BytesContent, FileContent, OnceContent
from coffre.streams.spool import Spool
from coffre.streams.verifying import BoundedStream, VerifyingStream
from coffre.streams.writers import Whose, Writers

__all__ = [
    "CHUNK",
    "BoundedStream",
    "Branch",
    "BytesContent",
    "Copied",
    "Fanout",
    "FileContent",
    "Filling",
    "OnceContent",
    "Passage",
    "ReadableStream",
    "Spool",
    "VerifyingStream",
    "Whose",
    "Writers",
    "check_received",
    "chunks_of",
    "copy_digesting",
    "read_exactly",
    "write_all",
]
