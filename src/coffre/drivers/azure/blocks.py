"""Blocks: how an object of more than one request is sent.

Each block goes with its MD5, which the service checks before it keeps the block; the list that
makes them an object goes with its own. The MD5 of a whole blob is a property that the service
stores unlooked at when blocks are listed: it is neither sent nor believed here.

Blocks that no list names are seen by nobody, and vanish after a week, or once anything is stored
under their name.
"""

from __future__ import annotations

import base64
import hashlib
from uuid import uuid4

from coffre.contract import Buffer, ObjectRef, OfferFailedError
from coffre.drivers.azure.naming import Place
from coffre.drivers.azure.service import Service, unseen
from coffre.drivers.azure.settings import MEBIBYTE
from coffre.http import HttpAnswer

MAX_BLOCKS = 50_000
"""Blocks of one object, at most."""


def md5_of(data: Buffer) -> str:
    """As the service wants it in ``Content-MD5``."""
    digest = hashlib.md5(data, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def block_size_for(size: int, usual: int) -> int:
    """Bytes of each block of an object: the usual, unless there would be too many."""
    needed = -(-size // MAX_BLOCKS)
    return usual if needed <= usual else -(-needed // MEBIBYTE) * MEBIBYTE


def block_list(ids: list[str]) -> bytes:
    """The list that makes blocks an object: those just sent, never older ones of the name."""
    blocks = "".join(f"<Uncommitted>{one}</Uncommitted>" for one in ids)
    return f'<?xml version="1.0" encoding="utf-8"?><BlockList>{blocks}</BlockList>'.encode()


def check_echo(answer: HttpAnswer, sent: str, ref: ObjectRef) -> None:
    """Hold the MD5 that the service computed, where it tells it, against what was sent.

    Raises:
        OfferFailedError: it got other bytes, and took them all the same.
    """
    if answer.headers.get("Content-MD5", sent) != sent:
        raise OfferFailedError(
            "the service took other bytes than were sent: it does not check digests, and must "
            "not be used before it does",
            ref=ref,
        )


class Stager:
    """Gathers bytes into blocks and sends each one that is full."""

    def __init__(self, service: Service, place: Place, ref: ObjectRef, block_size: int) -> None:
        """Send nothing yet.

        Args:
            service: asked for each block.
            place: of the object.
            ref: for errors.
            block_size: bytes of each block but the last.
        """
        self._service = service
        self._place = place
        self._ref = ref
        self._writer = uuid4().hex
        self._buffer = memoryview(bytearray(block_size))
        self._filled = 0
        self.ids: list[str] = []
        """Of the blocks sent, in order; all of one length, and no other writer's."""

    def write(self, chunk: Buffer) -> None:
        """Take more bytes.

        Raises:
            OfferError: a block could not be sent; nothing is seen of the object.
        """
        rest = memoryview(chunk)
        while rest:
            taken = min(len(rest), len(self._buffer) - self._filled)
            self._buffer[self._filled : self._filled + taken] = rest[:taken]
            self._filled += taken
            rest = rest[taken:]
            if self._filled == len(self._buffer):
                self.flush()

    def flush(self) -> None:
        """Send what is left over."""
        if not self._filled:
            return
        block = self._buffer[: self._filled]
        name = base64.b64encode(f"{self._writer}{len(self.ids):08d}".encode()).decode()
        digest = md5_of(block)
        query = (("comp", "block"), ("blockid", name))
        headers = {"Content-MD5": digest}
        with unseen():
            answer = self._service.done(
                "PUT", self._place.path, query, headers, block, ref=self._ref
            )
            check_echo(answer, digest, self._ref)
        self.ids.append(name)
        self._filled = 0
