"""Get and stat: bytes as the program sends them, and what it says of an object."""

from __future__ import annotations

from collections.abc import Iterator

from coffre.contract import (
    Buffer,
    Connection,
    DigestAlgorithm,
    Evidence,
    GetRequest,
    GetResult,
    StatRequest,
    StatResult,
    UnsupportedOperationError,
)
from coffre.drivers.process.exchange import Exchange
from coffre.drivers.process.protocol import WireError
from coffre.drivers.process.session import Session
from coffre.streams import ReadableStream

WINDOW = 2
"""Frames that the program may send ahead of the reader: one is read while the next one comes."""


def get(session: Session, request: GetRequest, connection: Connection) -> GetResult:
    """Open one object; see ``Connection.get``.

    Args:
        session: where to ask.
        request: what to open.
        connection: kept for as long as the stream is: it ends the program when it is forgotten.
    """
    exchange = session.begin("get", _fields(request), request.ref, frames=WINDOW, streams=True)
    try:
        answer = exchange.answer()
        with exchange.ending_the_session():
            size = answer.whole("size")
            length = size - request.offset if request.length is None else request.length
            if length < 0 or request.offset + length > size:
                raise WireError("the program gives a range that lies outside the object")
            return GetResult(
                stream=ProgramStream(session, exchange, length, connection),
                size=size,
                metadata=answer.metadata("metadata"),
                recorded=answer.digest_or_none("recorded"),
            )
    except BaseException:
        session.give_up(exchange, wait=False)
        raise


def _fields(request: GetRequest) -> dict[str, object]:
    fields: dict[str, object] = {"ref": str(request.ref)}
    if request.offset:
        fields["offset"] = request.offset
    if request.length is not None:
        fields["length"] = request.length
    if not request.describe:
        fields["describe"] = False
    return fields


class ProgramStream(ReadableStream):
    """Bytes as they come: exactly so many, or an error. A program that dies is never an end."""

    def __init__(
        self, session: Session, exchange: Exchange, length: int, connection: Connection
    ) -> None:
        """Read what a request streams.

        Args:
            session: for giving the request up.
            exchange: the request.
            length: bytes it must give.
            connection: kept.
        """
        self._session = session
        self._connection = connection
        self._exchange = exchange
        self._missing = length

    def chunks(self) -> Iterator[Buffer]:
        """The bytes, one frame after the other."""
        while (data := self._exchange.data()) is not None:
            self._missing -= len(data)
            if self._missing < 0:
                self._refuse("the program sends more bytes than it announced")
            yield data
            # After the last byte only the end can come, for which nothing is granted.
            self._exchange.consumed(data, more=self._missing > 0)
        if self._missing:
            self._refuse(f"the program ends {self._missing} bytes before it should")

    def _refuse(self, reason: str) -> None:
        with self._exchange.ending_the_session():
            raise WireError(reason)

    def close(self) -> None:
        """Have the program stop, if it has not come to the end."""
        self._session.give_up(self._exchange, wait=False)


def stat(session: Session, request: StatRequest, can: frozenset[DigestAlgorithm]) -> StatResult:
    """Ask about one object; see ``Connection.stat``.

    Args:
        session: where to ask.
        request: what to ask.
        can: algorithms under which the program digests.
    """
    fields: dict[str, object] = {"ref": str(request.ref)}
    if request.digest is not None:
        if request.digest not in can:
            raise UnsupportedOperationError(
                f"the program cannot digest under {request.digest}; nothing was sent",
                ref=request.ref,
            )
        fields["digest"] = str(request.digest)
    with session.begin("stat", fields, request.ref) as exchange:
        answer = exchange.answer()
        with exchange.ending_the_session():
            digest = answer.digest_or_none("digest")
            if (digest and digest.algorithm) is not request.digest:
                raise WireError("the program did not give the digest that was asked for")
            return StatResult(
                size=answer.whole("size"),
                evidence=Evidence.PRESENT if digest is None else Evidence.REPORTED,
                digest=digest,
                recorded=answer.digest_or_none("recorded"),
                recorded_size=answer.whole_or_none("recorded_size"),
                metadata=answer.metadata("metadata"),
                stored_at=answer.moment_or_none("stored_at"),
            )
