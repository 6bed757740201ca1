"""Holding: streams and listings that keep their connection until they are closed."""

from __future__ import annotations

from collections.abc import Iterator

from coffre.contract import (
    Buffer,
    ByteStream,
    CoffreError,
    Connection,
    Digest,
    DigestAlgorithm,
    ListEntry,
    Listing,
    ListRequest,
    ObjectRef,
    OfferFailedError,
)
from coffre.offer.sessions import Sessions, Signing
from coffre.offer.work import OpenWork
from coffre.streams import ReadableStream, VerifyingStream


class Hold:
    """A connection in use, counted as open work until it is released."""

    def __init__(self, sessions: Sessions, connection: Connection, work: OpenWork) -> None:
        """Take over an open connection, and a piece of work that has begun."""
        self._sessions = sessions
        self._connection: Connection | None = connection
        self._work = work

    def release(self) -> None:
        """Close the connection and end the work; releasing twice is harmless."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._sessions.end(connection)
            self._work.end()

    def signing(self, ref: ObjectRef | None = None) -> Signing:
        """A block that calls the driver."""
        return self._sessions.signing(ref)

    def __del__(self) -> None:
        # A stream that was dropped without being closed must not keep its offer open for ever.
        self.release()


class HeldStream(ReadableStream):
    """The bytes of one object; holds its connection until closed.

    Once it has failed, every further read fails in the same way: a cut is never an end.
    """

    def __init__(self, stream: ReadableStream, raw: ByteStream, ref: ObjectRef, hold: Hold) -> None:
        """Take everything over.

        Args:
            stream: the driver's stream, watched.
            raw: the driver's stream itself, to be closed.
            ref: the object, for errors.
            hold: released when this is closed.
        """
        self._stream = stream
        self._raw = raw
        self._hold = hold
        self._signing = hold.signing(ref)
        self._failure: CoffreError | None = None

    def chunks(self) -> Iterator[Buffer]:
        """The bytes, in order.

        Raises:
            OfferError: signed; they cannot be had to the end, or are not the right ones.
        """
        try:
            with self._signing:
                yield from self._stream.chunks()
        except CoffreError as error:
            self._failure = error
            raise

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes, all that remain when negative, ``b""`` at the end."""
        if self._failure is not None:
            raise self._failure
        return super().read(size)

    def attests(self, algorithm: DigestAlgorithm) -> bool:
        """Only what is verified here is attested: a driver's stream is not believed."""
        return isinstance(self._stream, VerifyingStream) and self._stream.attests(algorithm)

    def attested(self, algorithm: DigestAlgorithm) -> Digest:
        """The digest that was verified."""
        return self._stream.attested(algorithm)

    def close(self) -> None:
        """Close the object and release the connection; closing twice is harmless."""
        try:
            with self._signing:
                self._raw.close()
        finally:
            self._hold.release()


class HeldListing(Listing):
    """A listing that holds its connection, checks the order and signs what goes wrong."""

    def __init__(self, listing: Listing, request: ListRequest, hold: Hold) -> None:
        """Take over the driver's listing.

        Args:
            listing: as the driver gave it, its limit applied.
            request: what was asked.
            hold: released when this is closed.
        """
        super().__init__(listing)
        self._listing = listing
        self._last = request.after
        self._hold = hold
        self._signing = hold.signing()

    def __next__(self) -> ListEntry:
        """The next entry.

        Raises:
            OfferFailedError: it does not come after the one before; a defect of the driver.
            OfferError: the offer failed; the listing is not complete.
        """
        with self._signing:
            entry = next(self._listing, None)
            if entry is not None:
                return self._after_the_last(entry)
        self.complete = self._listing.complete
        raise StopIteration

    def _after_the_last(self, entry: ListEntry) -> ListEntry:
        last, self._last = self._last, entry.identifier
        if last is not None and entry.identifier <= last:
            raise OfferFailedError(
                f"the driver listed {entry.identifier!r} after {last!r}; "
                "this is a defect of the driver"
            )
        return entry

    def close(self) -> None:
        """Close the listing and release the connection; closing twice is harmless."""
        try:
            with self._signing:
                self._listing.close()
        finally:
            self._hold.release()
