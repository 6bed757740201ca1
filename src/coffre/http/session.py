"""Sessions: what drivers hold."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from coffre.contract import Buffer
from coffre.http.answering import HttpAnswer
from coffre.http.asking import HttpRequest
from coffre.http.library import require_pycurl
from coffre.http.receiving import HttpStream
from coffre.http.site import Site

if TYPE_CHECKING:
    from coffre.http.wire import Wire


class HttpSession:
    """One kept connection to one site; used by one thread at a time.

    Nothing is sent twice and no redirect is followed. A connection that was closed while it
    rested is noticed before the next request and replaced. In the child of a fork, a session
    connects anew and leaves its parent's connection alone.

    Errors are those of the contract: ``OfferUnavailableError`` when the service was not reached,
    ``OfferTimeoutError`` when nothing moved, ``ConnectionLostError`` when no answer or only a
    part of one came. Their ``effect_unknown`` is true when something of the request may have
    reached the service, and the request is not one that only reads.
    """

    def __init__(self, site: Site, *, extra: str = "s3") -> None:
        """Remember the site; nothing is connected yet.

        Args:
            site: where, and under which conditions.
            extra: of coffre, that brings the library; named when it is missing.

        Raises:
            DriverError: pycurl is not installed.
        """
        require_pycurl(extra)
        self._site = site
        self._wire: Wire | None = None
        self._closed = False

    @property
    def site(self) -> Site:
        """Where, and under which conditions."""
        return self._site

    def exchange(self, request: HttpRequest) -> HttpAnswer:
        """Ask, and hold the whole answer in memory: for small objects and for all the rest.

        Raises:
            OfferUnavailableError: or one of its kind, as told above.
            InvalidRequestError: the request could not be sent as it is; nothing was.
        """
        wire = self._ready()
        wire.ask(request, request.answer_limit)
        return wire.answer()

    def send(self, request: HttpRequest, length: int, chunks: Iterable[Buffer]) -> HttpAnswer:
        """Ask with a body that is pulled while it is sent, in bounded memory.

        The last bytes leave only once the source has ended where it said; a source that raises,
        or has another length, cuts the connection. A service that answers before it has read the
        body is heard, and the rest is not sent.

        Args:
            request: without a body of its own.
            length: bytes of the body.
            chunks: the body (``coffre.streams.chunks_of``); each buffer is only lent.

        Raises:
            SizeMismatchError: the source has another length.
            OfferUnavailableError: or one of its kind, as told above.

        Whatever the source raises passes through unchanged.
        """
        wire = self._ready()
        wire.ask_sending(request, length, chunks, request.answer_limit)
        return wire.answer()

    def open(self, request: HttpRequest) -> HttpStream:
        """Ask, and return once the head of the answer is here; the body is read as it comes.

        The stream takes the connection with it: should something else be asked before it is
        closed, that goes over a connection of its own.
        """
        wire = self._ready()
        wire.ask(request, None)
        while wire.busy and not wire.answered():
            wire.turn()
        self._wire = None
        return HttpStream(wire, self._returned)

    def _returned(self, wire: Wire) -> None:
        if self._wire is None and wire.ours and not self._closed:
            self._wire = wire
        else:
            wire.close()

    def _ready(self) -> Wire:
        wire = self._wire
        if wire is not None and wire.ours:
            wire.stop()  # a request that was broken off from outside
            return wire
        if wire is not None:
            wire.close()
        from coffre.http.wire import Wire  # imports pycurl, which is an extra

        self._closed = False
        self._wire = Wire(self._site)
        return self._wire

    def close(self) -> None:
        """Close the connection; twice is harmless, and a later request would open one.

        A stream that is still open keeps its own until it is closed.
        """
        self._closed = True
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def __enter__(self) -> Self:
        """Use the session; it is closed on leaving."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the session."""
        self.close()
