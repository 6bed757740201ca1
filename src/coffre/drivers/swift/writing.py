"""Put: looked for, stored where nobody sees it, checked, then made to appear in one step.

1. Whether the reference is held already is asked first.
2. A small object is received into memory, and checked; the request that stores it carries its
   MD5, and the service refuses other bytes. A large one is stored in segments, then checked; its
   manifest carries the MD5 and the size of each, and the service refuses others.
3. Without ``replace`` the request that publishes says *only if there is none*. Swift looks at
   that when the request comes in, and takes no lock: of writers at the same moment several may
   pass. So who has published looks once more, and whoever was overtaken says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from coffre.contract import (
    SYSTEM_CLOCK,
    Evidence,
    ObjectConflictError,
    ObjectCorruptError,
    ObjectNotFoundError,
    OfferError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    as_text,
)
from coffre.drivers.swift import records
from coffre.drivers.swift.answers import error_of, from_swift
from coffre.drivers.swift.names import Spot
from coffre.drivers.swift.place import Place
from coffre.drivers.swift.reading import read_digest
from coffre.drivers.swift.receiving import Source, digest_received, md5_of, receive_whole
from coffre.drivers.swift.segments import (
    Uploaded,
    give_up,
    let_go,
    make_container,
    sizes_of,
)
from coffre.drivers.swift.service import NEWEST
from coffre.drivers.swift.writers import begin_put, end_put
from coffre.http import HttpAnswer
from coffre.streams import Copied
from coffre.tree import record_line

_TURNS = 4
"""Times that a put begins again because another writer was there at the same moment."""
_OVERTAKEN = (202, 409, 412)
"""Statuses of a put that came second. Swift says 202, *accepted*, of one that it dropped because a
server has a later object, or a later deletion: the clocks of its proxies differ."""
_AT_ONCE = 64 * 1024
"""Bytes of a body up to which the HTTP core takes it whole."""
_META = "x-object-meta-"
_ONLY_NEW = {"If-None-Match": "*"}


class _Staged:
    """An object whose bytes are here or in segments, checked, and not published yet."""

    def __init__(self, body: bytes | memoryview, copied: Copied, *, manifest: bool) -> None:
        self.body = body
        self.copied = copied
        self.manifest = manifest


def put(place: Place, request: PutRequest) -> PutResult:
    """Store one object; see ``Connection.put``."""
    name = begin_put()
    try:
        return _Put(place, request, name).done()
    finally:
        end_put(name)


class _Put:
    """One put, from its first question to its answer."""

    def __init__(self, place: Place, request: PutRequest, name: str) -> None:
        self._place = place
        self._service = place.service
        self._request = request
        self._name = name
        self._spot = place.names.spot(request.ref)
        self._beside = False
        """Whether anything may lie beside that has to be taken away when the put fails."""
        self._in_doubt = False
        """Whether an object may be there that needs what lies beside: a sweep looks, later."""
        self._published_once = False
        """Whether the service has said that it published: a failure from here on undoes nothing."""

    def done(self) -> PutResult:
        try:
            return self._stored()
        except BaseException as error:
            # Never while the service may have published it, whoever it was that interrupted us.
            if self._published_once and isinstance(error, OfferUnavailableError):
                error.effect_unknown = True
            lost = isinstance(error, OfferUnavailableError) and error.effect_unknown
            if self._beside and not self._in_doubt and not lost:
                self._give_up()
            raise

    def _give_up(self) -> None:
        give_up(self._service, self._place.names, self._request.ref, self._name)

    def _stored(self) -> PutResult:
        request = self._request
        small = request.size <= self._place.settings.buffer
        staged = self._in_memory() if small else None
        for _turn in range(_TURNS):
            held = self._held()
            if staged is not None and self._is_ours(held):
                return self._result(staged)  # a gateway sent it twice: we heard of the second time
            self._in_doubt = False
            if held is not None and not request.replace:
                copied = digest_received(request) if staged is None else staged.copied
                there = self._compared(copied, held)
                if there is not None:
                    if self._beside:
                        self._give_up()
                    return there
            if staged is None:
                staged = self._in_segments()
            self._in_doubt = True
            answer = self._publish(staged)
            self._in_doubt = answer.done or answer.status in _OVERTAKEN
            if answer.status in _OVERTAKEN:
                continue
            if not answer.done:
                raise self._refused(answer, staged)
            self._published_once = True
            done = self._published(staged, held)
            if done is not None:
                return done
        raise OfferUnavailableError(
            "other writers of this object were there each time; try again",
            ref=request.ref,
            effect_unknown=self._in_doubt,
        )

    # --- receiving ------------------------------------------------------------------------

    def _in_memory(self) -> _Staged:
        data, copied = receive_whole(self._request)
        # What is small is given to the library at once, rather than asked for by it.
        body = bytes(data) if len(data) <= _AT_ONCE else memoryview(data)
        return _Staged(body, copied, manifest=False)

    def _in_segments(self) -> _Staged:
        request = self._request
        sizes = sizes_of(request, self._place.settings.segment_size, self._service.limits)
        uploaded = Uploaded(self._service, self._place.names, request, self._name)
        with request.content.open() as stream:
            source = Source(request, stream)
            self._beside = True
            for size in sizes:
                uploaded.store(source, size)
            copied = source.ended()
        return _Staged(uploaded.manifest(), copied, manifest=True)

    # --- publishing -----------------------------------------------------------------------

    def _publish(self, staged: _Staged) -> HttpAnswer:
        headers = {"Content-Type": "application/octet-stream", records.PUT: self._name}
        headers |= self._record(staged.copied)
        if not self._request.replace:
            headers |= _ONLY_NEW
        query = "?multipart-manifest=put" if staged.manifest else ""
        if not staged.manifest:
            headers["ETag"] = md5_of(staged.body)
        return self._in_container(self._spot, query, headers, staged.body)

    def _record(self, copied: Copied) -> dict[str, str]:
        request = self._request
        line = record_line(
            request.ref, copied.size, copied.digest, as_text(SYSTEM_CLOCK.now()), request.metadata
        )
        headers = records.in_headers(line, self._service.limits)
        if headers is not None:
            return headers
        self._beside = True
        spot = self._place.names.beside(request.ref, self._name, records.RECORD)
        told = {"Content-Type": "application/json", "ETag": md5_of(line)}
        answer = self._in_container(spot, "", told, line)
        if not answer.done:
            raise error_of(answer, request.ref)
        return {records.BESIDE: str(len(line))}

    def _in_container(
        self, spot: Spot, query: str, headers: Mapping[str, str], body: bytes | memoryview
    ) -> HttpAnswer:
        """Put an object; its container is made when it is not there yet."""
        answer = self._service.ask("PUT", f"{spot.path}{query}", headers, body)
        if answer.status != 404 or not from_swift(answer.headers):
            return answer
        told = {}
        if spot is self._spot:  # a name that was folded is told by nothing else
            told = {"X-Container-Meta-Coffre-Container": self._request.ref.container}
        make_container(self._service, spot.container, told)
        return self._service.ask("PUT", f"{spot.path}{query}", headers, body)

    def _refused(self, answer: HttpAnswer, staged: _Staged) -> OfferError:
        if staged.manifest and answer.status == 400:
            return OfferUnavailableError(
                "the service finds other segments than were stored; nothing was published",
                ref=self._request.ref,
                effect_unknown=False,
            )
        if answer.status == 404 and from_swift(answer.headers):
            return OfferUnavailableError(
                "the container was made and is not there; try again",
                ref=self._request.ref,
                effect_unknown=False,
            )
        return error_of(answer, self._request.ref)

    # --- looking --------------------------------------------------------------------------

    def _held(self) -> HttpAnswer | None:
        """What is said of the object that is held now, ``None`` when there is none."""
        answer = self._service.ask("HEAD", self._spot.path, NEWEST)
        if answer.status == 404 and from_swift(answer.headers):
            return None
        if not answer.done:
            raise error_of(answer, self._request.ref, safe=True)
        return answer

    def _compared(self, copied: Copied, held: HttpAnswer) -> PutResult | None:
        """Hold what is there against what came, by its bytes, read now; ``None``: it is gone.

        What is the same is kept for good: a date of expiry that others gave it is taken away.

        Raises:
            ObjectConflictError: other bytes are there, and stay.
        """
        request = self._request
        try:
            same = copied == read_digest(self._place, request.ref, request.algorithm, copied.size)
        except ObjectNotFoundError:
            return None
        except ObjectCorruptError as error:
            raise ObjectConflictError(
                f"what {request.ref} holds cannot be read; set it aside, or replace it",
                ref=request.ref,
            ) from error
        if not same:
            raise ObjectConflictError(
                f"{request.ref} holds other bytes already; they stay as they are", ref=request.ref
            )
        if "X-Delete-At" in held.headers:
            self._keep_for_good(held)
        return PutResult(
            size=copied.size, digest=copied.digest, evidence=Evidence.READ, already_there=True
        )

    def _keep_for_good(self, held: HttpAnswer) -> None:
        # All metadata are given again: those left out of a POST are taken away.
        # An object that was stored meanwhile must not get the record of this one.
        now = self._held()
        if now is None or now.headers.get("X-Timestamp") != held.headers.get("X-Timestamp"):
            raise OfferUnavailableError(
                "another writer stored the object meanwhile; try again",
                ref=self._request.ref,
                effect_unknown=False,
            )
        kept = {name: text for name, text in held.headers.items() if name.startswith(_META)}
        headers = {**kept, "X-Remove-Delete-At": "true"}
        self._service.done("POST", self._spot.path, headers, b"", ref=self._request.ref)

    def _published(self, staged: _Staged, before: HttpAnswer | None) -> PutResult | None:
        """Look once more at what is there; ``None``: another object was, and is gone."""
        if before is not None:
            self._let_go_of(before)
        if self._request.replace:
            return self._result(staged)
        now = self._held()
        if now is None or self._is_ours(now):
            return self._result(
                staged
            )  # deleted since, if it is gone: it was there when it was said to be
        # Our own segments stay for a sweep, which sees whether nothing needs them any more.
        self._in_doubt = False
        self._beside = False
        return self._compared(staged.copied, now)

    def _is_ours(self, held: HttpAnswer | None) -> bool:
        return held is not None and records.put_in(held.headers) == self._name

    def _result(self, staged: _Staged) -> PutResult:
        copied = staged.copied
        return PutResult(size=copied.size, digest=copied.digest, evidence=Evidence.PRESENT)

    def _let_go_of(self, before: HttpAnswer) -> None:
        """What the object that was replaced has stored beside is not needed for long."""
        put_before = records.put_in(before.headers)
        if put_before is not None and records.lies_beside(before.headers):
            let_go(self._service, self._place.names, self._request.ref, put_before, replaced=True)
