"""Listings: one line for each object, and an end mark, since a status cannot be taken back.

A listing is answered with 200 before anybody knows whether it can be finished. Its last line says
that it was: a listing without it is a part of one, however well HTTP ended.

Source: offer protocol, 6.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring_ascii as quote

from coffre.contract import Buffer, ListEntry
from coffre.wire.documents import read_json, record_in, size_in, text_in
from coffre.wire.errors import BodyError, ListingCutError

END = b"{}"
"""The last line, literally, and without a line break after it."""
PIECE = 64 * 1024
"""Bytes that are gathered before they are handed on."""
MAX_LINE = 64 * 1024
"""Longest line that is read, in bytes; the longest identifier has 5000 characters."""

_USUAL = re.compile(rb'\{"objectId":"([A-Za-z0-9_@.-]+)","size":(0|[1-9][0-9]{0,17})\}')


def write_listing(entries: Iterable[ListEntry]) -> Iterator[bytes]:
    """Write a listing, piece by piece.

    An error of the entries passes through, and no end mark is given: cut the connection then,
    without the last chunk of a chunked answer.

    Args:
        entries: in any order; pulled as they are written.
    """
    pending = bytearray()
    for entry in entries:
        pending += f'{{"objectId":{quote(entry.identifier)},"size":{entry.size}}}\n'.encode()
        if len(pending) >= PIECE:
            yield bytes(pending)
            pending.clear()
    yield bytes(pending) + END


def read_listing(chunks: Iterable[Buffer]) -> Iterator[ListEntry]:
    """Read a listing, as its bytes come in.

    Entries are given as they come; they are the whole only once this ends without an error.

    Args:
        chunks: the body, cut anywhere; read to its end.

    Yields:
        The objects, in the order of the offer. Identifiers are not checked: what another offer
        holds is told as it is.

    Raises:
        ListingCutError: the body ended without the end mark.
        BodyError: a line that is no entry, a line without end, or more after the end mark.
    """
    ended = False
    for line, whole in _lines(chunks):
        text = line.rstrip(b"\r")
        if ended and text:
            raise BodyError("the listing goes on after its end mark")
        if text == END:
            ended = True
        elif whole and not ended:
            yield _entry(text)
    if not ended:
        raise ListingCutError("the listing was cut: its end mark is missing; list again")


def _lines(chunks: Iterable[Buffer]) -> Iterator[tuple[bytes, bool]]:
    """Each line, and whether a line break follows: without one, a number may have been cut."""
    pending = b""
    for chunk in chunks:
        *lines, pending = (pending + bytes(chunk)).split(b"\n")
        for line in lines:
            yield line, True
        if len(pending) > MAX_LINE:
            raise BodyError(f"the listing has a line of more than {MAX_LINE} bytes")
    yield pending, False


def _entry(line: bytes) -> ListEntry:
    usual = _USUAL.fullmatch(line)
    if usual is not None:
        return ListEntry(identifier=usual[1].decode("ascii"), size=int(usual[2]))
    record = record_in(read_json(line, limit=MAX_LINE), "a line of the listing")
    return ListEntry(identifier=text_in(record, "objectId"), size=size_in(record, "size"))
