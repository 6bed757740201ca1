"""The service: one session with it, on which requests are signed, sent, and their answers judged.

Nothing is sent twice and no redirect is followed. A request that was refused raises what the table
of errors says; the few refusals that an operation wants to judge itself are named by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256

from coffre.contract import (
    SYSTEM_CLOCK,
    Clock,
    ConnectionLostError,
    ForbiddenError,
    ObjectRef,
    OfferError,
    ParameterError,
)
from coffre.drivers.s3.credentials import Credentials, Renewing
from coffre.drivers.s3.errors import refusal
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.settings import Settings
from coffre.drivers.s3.signing import NO_PAYLOAD, Query, Signer, escaped_path, escaped_query
from coffre.http import HttpAnswer, HttpRequest, HttpSession, HttpStream

_SAFE = frozenset({"GET", "HEAD"})
_NOTHING: Mapping[str, str] = {}


class Service:
    """One session with an S3 service; used by one thread at a time."""

    def __init__(self, settings: Settings, clock: Clock = SYSTEM_CLOCK) -> None:
        """Remember how to reach it; nothing is connected yet."""
        self.settings = settings
        self.naming = settings.naming
        self.clock = clock
        self._session = HttpSession(settings.site, extra="s3")
        self._signer = Signer(settings.site.host, settings.region)
        self._credentials = Renewing(settings.source, clock)
        self._closed = False

    def sibling(self) -> Service:
        """Another session with the same service, for another thread."""
        return Service(self.settings, self.clock)

    def ask(
        self,
        method: str,
        place: Place,
        query: Query = (),
        *,
        headers: Mapping[str, str] = _NOTHING,
        body: bytes | memoryview | None = None,
        digest: str | None = None,
        doing: str,
        ref: ObjectRef | None = None,
        accept: Collection[int] = (),
    ) -> HttpAnswer:
        """Ask, and hold the whole answer in memory.

        Args:
            method: of HTTP.
            place: the object, or the bucket when its key is empty.
            query: unescaped.
            headers: names in lower case; all are signed.
            body: sent whole.
            digest: SHA-256 of the body in hexadecimal, where it is known; computed otherwise.
            doing: what is being done, for errors: "put", "delete".
            ref: the object, for errors.
            accept: statuses beside those of success that are returned for the caller to judge.

        Raises:
            OfferError: refused, or not answered.
        """
        payload = digest or (sha256(body).hexdigest() if body else NO_PAYLOAD)
        request = self._request(method, place, query, headers, body, payload)
        answer = self._session.exchange(request)
        if not answer.done and answer.status not in accept:
            raise self.refused(answer, doing, ref, safe=method in _SAFE)
        return answer

    def open(
        self,
        place: Place,
        *,
        headers: Mapping[str, str] = _NOTHING,
        doing: str,
        ref: ObjectRef | None = None,
        accept: Collection[int] = (),
    ) -> HttpStream | HttpAnswer:
        """Get an object as a stream; a refusal that is accepted comes as an answer.

        Raises:
            OfferError: refused, or not answered.
        """
        request = self._request("GET", place, (), headers, None, NO_PAYLOAD)
        stream = self._session.open(request)
        if 200 <= stream.status < 300:
            return stream
        with stream:
            answer = stream.whole()
        if answer.status not in accept:
            raise self.refused(answer, doing, ref, safe=True)
        return answer

    def refused(
        self, answer: HttpAnswer, doing: str, ref: ObjectRef | None, *, safe: bool
    ) -> OfferError:
        """The error for a refusal."""
        return refusal(answer, doing, ref, safe=safe, now=self.clock.now())

    def _request(
        self,
        method: str,
        place: Place,
        query: Query,
        headers: Mapping[str, str],
        body: bytes | memoryview | None,
        payload: str,
    ) -> HttpRequest:
        if self._closed:
            raise ConnectionLostError("the connection is closed", effect_unknown=False)
        path = self._path(place)
        asked = escaped_query(query) if query else ""
        signed = self._signer.signed(
            method,
            self.settings.site.path + path,
            asked,
            headers,
            payload,
            self._identity(),
            self.clock.now(),
        )
        target = f"{path}?{asked}" if asked else path
        return HttpRequest(method, target, signed, body)

    def _path(self, place: Place) -> str:
        if self.settings.virtual:
            return "/" + escaped_path(place.key)
        if not place.bucket:
            return "/"
        bucket = escaped_path(place.bucket)
        return f"/{bucket}/{escaped_path(place.key)}" if place.key else f"/{bucket}"

    def _identity(self) -> Credentials:
        # Of an open session, credentials that cannot be had are a refusal of the offer.
        try:
            return self._credentials()
        except ParameterError as error:
            raise ForbiddenError(error.message) from error

    def close(self) -> None:
        """End the session; closing twice is harmless."""
        self._closed = True
        self._session.close()


@contextmanager
def siblings(service: Service, count: int) -> Iterator[list[Service]]:
    """Sessions for other threads, closed on leaving."""
    made = [service.sibling() for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            one.close()
