"""Answers whose body is read as it comes, however large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from coffre.contract import Buffer, ConnectionLostError
from coffre.http.answering import Headers, HttpAnswer
from coffre.http.asking import ANSWER_LIMIT
from coffre.streams import ReadableStream

if TYPE_CHECKING:
    from coffre.http.wire import Wire


class HttpStream(ReadableStream):
    """The body of one answer: exactly the bytes announced, or an error.

    Holds the connection until it is read to its end or closed; closed before its end, the
    connection is dropped, since what is still to come on it belongs to nobody.
    """

    def __init__(self, wire: Wire, done: Callable[[Wire], None]) -> None:
        """Wrap an answer whose head is here.

        Args:
            wire: on which the body comes.
            done: takes the wire back once it can be used again, or was dropped.
        """
        self._wire: Wire | None = wire
        self._incoming = wire.incoming
        self._done = done
        self.status: int = wire.incoming.status
        """As the service said it; not only 200."""
        self.headers: Headers = wire.incoming.headers
        """Of the answer."""

    def chunks(self) -> Iterator[Buffer]:
        """The body, in pieces of up to a few hundred KiB, never gathered ahead of the reader.

        Raises:
            ConnectionLostError: the connection was cut before the end.
            OfferTimeoutError: nothing came for too long.
        """
        while self._wire is not None:
            if not self._wire.ours:
                raise ConnectionLostError("the stream belongs to another process")
            piece = self._incoming.take()
            if piece:
                yield piece
            elif self._wire.busy:
                self._turn(self._wire)
            else:
                self.close()

    def _turn(self, wire: Wire) -> None:
        try:
            wire.turn()
        except BaseException:
            self.close()
            raise

    def whole(self, limit: int = ANSWER_LIMIT) -> HttpAnswer:
        """The rest as an answer held in memory: how a refusal is read.

        Raises:
            ConnectionLostError: cut, or longer than ``limit`` bytes.
        """
        pieces, size = [], 0
        for piece in self.chunks():
            size += len(piece)
            if size > limit:
                self.close()
                raise ConnectionLostError(
                    f"the answer is longer than the {limit} bytes allowed", effect_unknown=False
                )
            pieces.append(piece)
        return HttpAnswer(self.status, self.headers, b"".join(pieces))

    def close(self) -> None:
        """Give the connection back, or drop it when there is more to come; twice is harmless."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.stop()
            self._done(wire)
