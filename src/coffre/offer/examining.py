"""Examining: objects read whole, one after the other, over one connection, and digested here.

An audit reads every copy that an offer holds, and most are small: to open and close a connection
for each of them would cost as much as reading them.
"""

from __future__ import annotations

from functools import partial
from types import TracebackType
from typing import Self

from coffre.contract import Connection, Digest, GetRequest, GetResult, ObjectCorruptError, ObjectRef
from coffre.offer.checks import check_small, watched
from coffre.offer.retry import Retrier
from coffre.offer.sessions import Sessions
from coffre.offer.work import OpenWork
from coffre.streams import CHUNK


class Examination:
    """Reads of several objects of one offer, by one thread; holds a connection until its end.

    Whatever fails ends the connection: what is read next, the same object again for instance,
    comes over a fresh one.
    """

    def __init__(self, sessions: Sessions, retrier: Retrier, work: OpenWork) -> None:
        """Nothing is opened before the first read.

        Args:
            sessions: opens the connections.
            retrier: tries again to open an object.
            work: where each read is counted as under way.
        """
        self._sessions = sessions
        self._retrier = retrier
        self._work = work
        self._connection: Connection | None = None
        self.bytes_read = 0
        """What was read of the object asked for last, however that ended."""

    @property
    def offer(self) -> str:
        """Id of the offer that is read."""
        return self._sessions.offer

    def read(self, ref: ObjectRef, size: int, digest: Digest) -> None:
        """Read one object to its end, in bounded memory. Only its opening is tried again.

        Args:
            ref: the object.
            size: length in bytes that it must have.
            digest: digest that it must have.

        Raises:
            ObjectCorruptError: another size, or other bytes.
            OfferUnavailableError: the offer was closed, or the object could not be read on.
            CoffreError: as the contract says of ``Connection.get``.
        """
        self.bytes_read = 0
        request = GetRequest(ref=ref, describe=False)
        with self._work:
            result = self._retrier.run(partial(self._open, request))
            try:
                with self._sessions.signing(ref), result:
                    self._read_through(result, request, size, digest)
            except BaseException:
                self.close()
                raise

    def _open(self, request: GetRequest) -> GetResult:
        with self._sessions.signing(request.ref):
            if self._connection is None:
                self._connection = self._sessions.connect()
            try:
                self._sessions.check(request, self._connection)
                return self._connection.get(request)
            except BaseException:
                self.close()
                raise

    def _read_through(
        self, result: GetResult, request: GetRequest, size: int, digest: Digest
    ) -> None:
        """Read to the end; the verdict comes before the last bytes are counted."""
        try:
            if size <= CHUNK:
                check_small(result, request, expected=digest, size=size)
                self.bytes_read = size
                return
            for chunk in watched(result, request, expected=digest, size=size).chunks():
                self.bytes_read += len(chunk)
        except ObjectCorruptError:
            if result.size == size:  # else none was read
                self.bytes_read = size
            raise

    def close(self) -> None:
        """Let the connection go; closing twice is harmless, and a later read opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._sessions.end(connection)

    def __enter__(self) -> Self:
        """Read inside the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the connection go."""
        self.close()
