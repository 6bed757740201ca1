"""One kept connection: asks, sends and receives, one request at a time.

libcurl sends a request again by itself when a kept connection dies before its answer begins.
We do not let it (:meth:`Wire._permitted`): whether an effect may be had twice is for those
above to say, who can ask the service first.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import pycurl

from coffre.contract import Buffer
from coffre.http.answering import HttpAnswer
from coffre.http.asking import HttpRequest
from coffre.http.errors import broken, error_of, stalled
from coffre.http.forking import let_go_in_children, never_free
from coffre.http.incoming import Incoming
from coffre.http.outgoing import Outgoing
from coffre.http.preparing import prepare
from coffre.http.site import Site
from coffre.http.sockets import Sockets
from coffre.http.turning import Stalled, Turning

_SMALL = 64 * 1024
"""Bytes of body up to which libcurl is given all of it at once, and sends it with the head."""

_NOBODY = -1
"""Instead of the process whose connection it is, once that is another one."""


class Wire:
    """libcurl's easy handle, its connection, and the request that is under way on it."""

    def __init__(self, site: Site) -> None:
        """Make the handle; the connection is made by the first request."""
        self._site = site
        self._pid = os.getpid()
        self._sockets = Sockets()
        self._turning = Turning(site.stall_timeout)
        self._out = Outgoing()
        self.incoming = Incoming()
        self._asked = 0
        self._method = ""
        self._safe = True
        self._streamed = False
        self._headless = False
        self._fresh = False
        self.busy = False
        """A request is under way; its answer has not ended."""
        self._easy = self._made()
        let_go_in_children(self)

    def _made(self) -> pycurl.Curl:
        easy = pycurl.Curl()
        prepare(easy, self._site)
        easy.setopt(pycurl.SOCKOPTFUNCTION, self._sockets.opened)
        easy.setopt(pycurl.PREREQFUNCTION, self._permitted)
        easy.setopt(pycurl.HEADERFUNCTION, self.incoming.lines.append)
        easy.setopt(pycurl.WRITEFUNCTION, self.incoming.pieces.append)
        easy.setopt(pycurl.READFUNCTION, self._out.give)
        return easy

    @property
    def ours(self) -> bool:
        """Whether this process made it, rather than the one it was forked from."""
        return self._pid == os.getpid()

    def _permitted(self, *_addresses: object) -> int:
        """Let the head be sent (``CURLOPT_PREREQFUNCTION``): once, not twice."""
        self._asked += 1
        self.incoming.lines.clear()  # a proxy that was asked for a tunnel has answered already
        return pycurl.PREREQFUNC_OK if self._asked == 1 else pycurl.PREREQFUNC_ABORT

    def ask(self, request: HttpRequest, limit: int | None) -> None:
        """Begin a request whose body, if any, is in memory.

        Args:
            request: what to send.
            limit: bytes of the answer's body, at most; ``None`` when a reader takes them away.

        Raises:
            InvalidRequestError: nothing was sent.
        """
        body = request.body
        if body is not None and (len(body) > _SMALL or not isinstance(body, bytes)):
            self.ask_sending(request, len(body), (body,), limit)
            return
        easy = self._addressed(request)
        if body is not None:
            easy.setopt(pycurl.POSTFIELDS, body)
        else:
            self._without_body(request)
        self._begin(request, limit)

    def _without_body(self, request: HttpRequest) -> None:
        headless = request.method == "HEAD"
        if headless is not self._headless or not headless:
            self._easy.setopt(pycurl.NOBODY if headless else pycurl.HTTPGET, 1)
            self._headless = headless

    def ask_sending(
        self, request: HttpRequest, length: int, chunks: Iterable[Buffer], limit: int | None
    ) -> None:
        """Begin a request whose body is pulled while it is sent.

        Raises:
            InvalidRequestError, SizeMismatchError: nothing was sent.
        """
        easy = self._addressed(request)
        self._out.begin(chunks, length)
        if length == 0:
            self._out.end()
            easy.setopt(pycurl.POSTFIELDS, b"")
        else:
            easy.setopt(pycurl.UPLOAD, 1)
            easy.setopt(pycurl.INFILESIZE_LARGE, length)
        self._begin(request, limit)

    def _addressed(self, request: HttpRequest) -> pycurl.Curl:
        lines = request.lines()
        easy = self._easy
        easy.setopt(pycurl.URL, self._site.root + request.target)
        easy.setopt(pycurl.HTTPHEADER, lines)
        if self._headless and request.method != "HEAD":
            # Giving a body does not undo it: the next put would be sent without its bytes.
            easy.setopt(pycurl.NOBODY, 0)
            self._headless = False
        return easy

    def _begin(self, request: HttpRequest, limit: int | None) -> None:
        easy = self._easy
        # Last, since every way of giving a body sets a method of its own.
        easy.setopt(pycurl.CUSTOMREQUEST, request.method)
        fresh = not self._sockets.kept_quiet()
        if fresh is not self._fresh:
            easy.setopt(pycurl.FRESH_CONNECT, int(fresh))
            self._fresh = fresh
        self._asked = 0
        self._method = request.method
        self._safe = request.safe
        self.incoming.begin(limit)
        self.busy = True
        self._after(self._turning.start(easy))

    def answered(self) -> bool:
        """Whether the head of the answer is here."""
        return self._asked > 0 and self.incoming.answered()

    def turn(self) -> None:
        """Wait for the next movement; ``busy`` says whether there is more to come.

        Raises:
            OfferUnavailableError: or one of its kind; the connection is gone.
        """
        if self.incoming.lines:
            self._sockets.hasten()
        try:
            running = self._turning.turn()
        except Stalled:
            error = stalled(self._site, asked=self._asked > 0, safe=self._safe)
            self.stop()
            raise error from None
        except BaseException:
            self.stop()
            raise
        self._after(running)

    def _after(self, running: bool) -> None:
        if self.incoming.too_much:
            self.stop()
            limit = self.incoming.limit
            raise broken(
                self._site, f"the answer is longer than the {limit} bytes allowed", safe=self._safe
            )
        if running:
            return
        code, detail = self._turning.outcome()
        if code == 0:
            doubt = self._doubt()
            self._end(-1 if doubt else self._easy.getinfo(pycurl.ACTIVESOCKET))
            if doubt:
                raise broken(self._site, doubt, safe=self._safe)
            return
        refused = code == pycurl.E_SEND_ERROR and self._salvaged()
        self._end(-1)
        if not refused:
            raise self._error(code, detail)

    def _doubt(self) -> str | None:
        """Why an answer that libcurl takes for whole might be a part of one."""
        incoming = self.incoming
        if not self.answered():
            return "the answer was cut in its head"
        if self._method != "GET" or self._easy.getinfo(pycurl.CONTENT_LENGTH_DOWNLOAD_T) >= 0:
            return None
        # Cut before its first byte, such an answer looks like an empty one.
        body = incoming.has_body or incoming.status in (200, 206)
        if body and "transfer-encoding" not in incoming.headers:
            return "the end of the answer was not announced, and cannot be told from a cut"
        return None

    def _salvaged(self) -> bool:
        """Whether the service refused before it broke the connection on which we were sending.

        libcurl no longer looks once it could not send; what the service said is still there.
        """
        if self._site.secure or self.incoming.lines:
            return False
        return self.incoming.salvage(self._sockets.unread(_SMALL))

    def _error(self, code: int, detail: str) -> BaseException:
        if self._out.failure is not None:
            return self._out.failure
        return error_of(code, detail, self._site, asked=self._asked > 0, safe=self._safe)

    def answer(self) -> HttpAnswer:
        """Turn until the answer is here, and give it.

        Raises:
            OfferUnavailableError: or one of its kind; the connection is gone.
        """
        while self.busy:
            self.turn()
        incoming = self.incoming
        return HttpAnswer(incoming.status, incoming.headers, incoming.take())

    def stop(self) -> None:
        """Give up the request that is under way, and its connection with it."""
        if self.busy:
            self._end(-1)

    def _end(self, kept: int) -> None:
        self.busy = False
        self._turning.stop(self._easy)
        self._sockets.keep_only(kept)
        self._out.let_go()

    def close(self) -> None:
        """Close the connection; closing twice is harmless. In another process: let go of it."""
        if not self.ours:
            self.abandon()
            return
        self.stop()
        self._turning.close()
        self._easy.close()
        self._sockets.keep_only(-1)

    def abandon(self) -> None:
        """In the child of a fork: be of no use, and leave the parent's connection alone."""
        if self._pid == _NOBODY:
            return
        self._pid = _NOBODY
        self.busy = False
        self._turning.abandon()
        never_free(self._easy)
        self._sockets.abandon()
