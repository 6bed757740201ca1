"""One session with the Blob service: requests made, proved, sent; nothing is sent twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import format_datetime
from urllib.parse import quote
from weakref import WeakSet

from coffre.contract import (
    SYSTEM_CLOCK,
    Clock,
    ConnectionLostError,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    OfferUnavailableError,
)
from coffre.drivers.azure.credentials import Credential
from coffre.drivers.azure.errors import code_of, refusal
from coffre.drivers.azure.settings import Settings
from coffre.drivers.azure.signing import Query
from coffre.http import HttpAnswer, HttpRequest, HttpSession, HttpStream

EXTRA = "azure"
"""The extra of coffre that brings the library."""
_NO_HEADERS: Mapping[str, str] = {}


class Service:
    """Asks the service; used by one thread at a time."""

    def __init__(
        self, settings: Settings, credential: Credential, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        """Nothing is connected yet.

        Raises:
            DriverError: pycurl is not installed.
        """
        self.settings = settings
        self.clock = clock
        self.immutable = False
        """Whether single blobs can be made immutable, as the offer's container told."""
        self._credential = credential
        self._session = HttpSession(settings.site, extra=EXTRA)
        self._streams: WeakSet[HttpStream] = WeakSet()
        self._closed = False

    def ask(
        self,
        method: str,
        path: str,
        query: Query = (),
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | memoryview | None = None,
        *,
        ref: ObjectRef | None = None,
        limit: int = 4 * 1024 * 1024,
    ) -> HttpAnswer:
        """Ask, and hold the whole answer, whatever it says.

        Args:
            method: GET, HEAD, PUT or DELETE.
            path: below the account's, escaped.
            query: not escaped.
            headers: beside those that every request has.
            body: held in memory.
            ref: the object it is about, for errors.
            limit: bytes of the answer's body.

        Raises:
            OfferUnavailableError: or one of its kind: there is no answer.
        """
        with about(ref):
            request = self._request(method, path, query, headers, body, limit)
            return self._session.exchange(request)

    def open(
        self, path: str, headers: Mapping[str, str] = _NO_HEADERS, *, ref: ObjectRef | None = None
    ) -> HttpStream:
        """Read a blob as it comes; the stream ends with the session, at the latest."""
        with about(ref):
            stream = self._session.open(self._request("GET", path, (), headers, None, 0))
        self._streams.add(stream)
        return stream

    def _request(
        self,
        method: str,
        path: str,
        query: Query,
        headers: Mapping[str, str],
        body: bytes | memoryview | None,
        limit: int,
    ) -> HttpRequest:
        if self._closed:
            raise ConnectionLostError("the connection is closed", effect_unknown=False)
        sent = dict(headers)
        sent["x-ms-date"] = format_datetime(self.clock.now(), usegmt=True)
        sent["x-ms-version"] = self.settings.api_version
        signed = {**sent, "Content-Length": str(len(body))} if body else dict(sent)
        whole = self.settings.site.path + path
        added = self._credential.prove(method, whole, query, signed)
        if "Authorization" in signed:
            sent["Authorization"] = signed["Authorization"]
        pairs = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query]
        if added:
            pairs.append(added)
        target = f"{path}?{'&'.join(pairs)}" if pairs else path
        return HttpRequest(method, target, sent, body, limit)

    def done(
        self,
        method: str,
        path: str,
        query: Query = (),
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | memoryview | None = None,
        *,
        ref: ObjectRef | None = None,
        limit: int = 4 * 1024 * 1024,
    ) -> HttpAnswer:
        """As :meth:`ask`; anything but success is an error.

        Raises:
            OfferError: as the service's answer says.
        """
        answer = self.ask(method, path, query, headers, body, ref=ref, limit=limit)
        if not answer.done:
            raise self.refused(answer, ref, changing=method not in ("GET", "HEAD"))
        return answer

    def address(self, path: str) -> str:
        """URL of a blob, with what lets the service itself read it: never to be printed."""
        added = self._credential.prove("GET", path, (), {})
        return f"{self.settings.site.root}{path}" + (f"?{added}" if added else "")

    def refused(self, answer: HttpAnswer, ref: ObjectRef | None, *, changing: bool) -> OfferError:
        """The error for an answer that is not the one hoped for.

        Where each container of objects has one of the service's, a missing one holds nothing, as
        long as that of the offer is there.
        """
        absent = code_of(answer) == "ContainerNotFound" and ref is not None
        if absent and self.settings.each and not changing and self._offer_is_there():
            return ObjectNotFoundError("not held; nor is anything of its container", ref=ref)
        return refusal(answer, ref, changing=changing, clock=self.clock)

    def _offer_is_there(self) -> bool:
        path = f"/{self.settings.container}"
        return self.ask("HEAD", path, (("restype", "container"),)).done

    def close(self) -> None:
        """End the session, and what is still read from it."""
        self._closed = True
        self._session.close()
        for stream in list(self._streams):
            stream.close()


@contextmanager
def about(ref: ObjectRef | None) -> Iterator[None]:
    """Errors raised inside are about this object, unless they say otherwise."""
    try:
        yield
    except OfferError as error:
        error.ref = error.ref or ref
        raise


@contextmanager
def unseen() -> Iterator[None]:
    """What is asked inside leaves nothing that anybody sees: its effect is never in doubt."""
    try:
        yield
    except OfferUnavailableError as error:
        error.effect_unknown = False
        raise
