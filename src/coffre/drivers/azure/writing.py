"""Put: one request for an object of one block; blocks and a list for a larger one.

Either way one request makes the whole object visible, under ``If-None-Match: *`` unless it may
replace: of several writers exactly one is told that it stored. What is there already is read and
compared; only what lies in the archive tier is believed to be what its record says, and the
result then claims no look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coffre.contract import (
    Buffer,
    Evidence,
    ObjectConflictError,
    ObjectNotFoundError,
    OfferFailedError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
)
from coffre.drivers.azure.blocks import Stager, block_list, block_size_for, check_echo, md5_of
from coffre.drivers.azure.errors import code_of
from coffre.drivers.azure.naming import Layout, Place
from coffre.drivers.azure.reading import Held, digest_held, look, look_for
from coffre.drivers.azure.records import Record, identity, read_record
from coffre.drivers.azure.retaining import extend_retention, refuse_retained, retention_headers
from coffre.drivers.azure.service import Service
from coffre.drivers.azure.sidecars import forget, metadata_headers
from coffre.drivers.azure.signing import Query
from coffre.http import HttpAnswer
from coffre.streams import Copied, check_received, copy_digesting

ATTEMPTS = 8
"""Times that an object is sent in blocks at most, while other writers of it are quicker."""
_TAKEN = frozenset({"BlobAlreadyExists", "ConditionNotMet"})
"""Codes of a publication that came second."""
_SWEPT_AWAY = frozenset({"InvalidBlockList"})
"""Codes of one whose blocks are gone: a writer that publishes takes those of all others away."""


def put(service: Service, layout: Layout, request: PutRequest) -> PutResult:
    """Store one object; see ``Connection.put``."""
    writing = _Writing(service, layout, request)
    if request.replace and service.immutable:
        writing.refuse_retained()
    return writing.done()


class _Writing:
    """One put under way."""

    def __init__(self, service: Service, layout: Layout, request: PutRequest) -> None:
        self._service = service
        self._layout = layout
        self._request = request
        self._place: Place = layout.place_of(request.ref)
        self._published = False
        """Whether the service has said that it published: a failure from here on undoes nothing."""

    def refuse_retained(self) -> None:
        """A replacement would succeed, and hide what must be kept behind a new version."""
        held = self._held()
        if held is not None:
            refuse_retained(held, self._request.ref, self._service.clock.now())

    def done(self) -> PutResult:
        """Store it.

        Raises:
            OfferError: nothing was published, unless ``effect_unknown`` says that it may be.
        """
        try:
            if self._request.size <= self._service.settings.block_size:
                return self.in_one_request()
            return self.in_blocks()
        except OfferUnavailableError as error:
            error.effect_unknown |= self._published
            raise

    def in_one_request(self) -> PutResult:
        """The whole object is held in memory, and sent with its MD5."""
        pieces: list[bytes] = []
        copied = self._pull(lambda chunk: pieces.append(bytes(chunk)))
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        answer = self._publish((), {"x-ms-blob-type": "BlockBlob"}, body, copied)
        if answer.done:
            return self._stored(copied)
        # Some services let blocks of a writer that died be in the way of a single request; a
        # list of blocks takes their place, with them as with the others.
        return self._second(answer, copied) or self.in_blocks()

    def in_blocks(self) -> PutResult:
        """Blocks first, which nobody sees; then the list that makes them an object."""
        for _ in range(ATTEMPTS):
            result = self._attempt()
            if result is not None:
                return result
        raise OfferUnavailableError(
            "other writers of the object were always quicker; try again", ref=self._request.ref
        )

    def _attempt(self) -> PutResult | None:
        """Send the object; ``None`` when another writer came between: all is to be seen anew."""
        held = None if self._request.replace else self._held()
        if held is not None:
            # Gigabytes are not sent only to be refused at their end.
            return self._compare(held, self._pull(lambda _: None))
        ref, settings = self._request.ref, self._service.settings
        size = block_size_for(self._request.size, settings.block_size)
        stager = Stager(self._service, self._place, ref, size)
        copied = self._pull(stager.write)
        stager.flush()
        answer = self._publish((("comp", "blocklist"),), {}, block_list(stager.ids), copied)
        if not answer.done:
            return self._second(answer, copied)
        self._confirm(answer.headers.get("ETag", ""), copied)
        return self._stored(copied)

    def _pull(self, write: Callable[[Buffer], object]) -> Copied:
        request = self._request
        with request.content.open() as stream:
            copied = copy_digesting(stream, write, request.algorithm, at_most=request.size)
        check_received(request, copied)
        return copied

    def _beside(self, copied: Copied) -> dict[str, str]:
        """What is published with the bytes."""
        request, settings = self._request, self._service.settings
        headers = identity(copied.digest, copied.size)
        headers |= metadata_headers(self._service, self._layout, request.ref, request.metadata)
        if not request.replace:
            headers["If-None-Match"] = "*"
        if settings.tier is not None:
            headers["x-ms-access-tier"] = settings.tier.capitalize()
        if request.retain_until is not None:
            headers |= retention_headers(
                request.retain_until, settings.retention_mode, self._service.clock.now()
            )
        return headers

    def _publish(
        self, query: Query, headers: Mapping[str, str], body: bytes, copied: Copied
    ) -> HttpAnswer:
        """The one request that makes the object visible."""
        beside = self._beside(copied)
        digest = md5_of(body)
        sent = {"Content-MD5": digest, **headers, **beside}
        ref = self._request.ref
        answer = self._service.ask("PUT", self._place.path, query, sent, body, ref=ref)
        if answer.done:
            self._check(answer, digest)
            self._published = True
        else:
            self._forget(read_record(beside, ref), answer)
        return answer

    def _forget(self, record: Record, answer: HttpAnswer) -> None:
        """Remove the sidecar of what was not published; in doubt it is left to a sweep."""
        if record.elsewhere is None:
            return
        ref = self._request.ref
        refused = self._service.refused(answer, ref, changing=True)
        if isinstance(refused, OfferUnavailableError) and refused.effect_unknown:
            return
        held = self._held()
        # A gateway may have sent it twice, and we hear of the second time: then it is named.
        if held is None or held.record.elsewhere != record.elsewhere:
            forget(self._service, self._layout, ref, record)

    def _check(self, answer: HttpAnswer, digest: str) -> None:
        """Take back what was stored wrong, and nothing else: it was never good."""
        ref = self._request.ref
        try:
            check_echo(answer, digest, ref)
        except OfferFailedError:
            only_ours = {"If-Match": answer.headers.get("ETag", "")}
            self._service.ask("DELETE", self._place.path, (), only_ours, ref=ref)
            raise

    def _stored(self, copied: Copied) -> PutResult:
        # The service checked an MD5 of each request; nobody read what it holds.
        return PutResult(size=copied.size, digest=copied.digest, evidence=Evidence.PRESENT)

    def _confirm(self, etag: str, copied: Copied) -> None:
        """Ask for the size of what the list made, unless it is another's by now."""
        found = look(self._service, self._place, self._request.ref, {"If-Match": etag})
        if found is not None and found.size != copied.size:
            raise OfferFailedError(
                f"{copied.size} bytes were sent, and the service holds {found.size}",
                ref=self._request.ref,
            )

    # --- what is there already ------------------------------------------------------------

    def _second(self, answer: HttpAnswer, copied: Copied) -> PutResult | None:
        """A publication was refused: because the object is there, or for another reason."""
        code = code_of(answer)
        if code in _SWEPT_AWAY:
            return None
        if code not in _TAKEN or self._request.replace:
            raise self._service.refused(answer, self._request.ref, changing=True)
        held = self._held()
        return None if held is None else self._compare(held, copied)

    def _held(self) -> Held | None:
        try:
            return look_for(self._service, self._place, self._request.ref)
        except ObjectNotFoundError:
            return None

    def _compare(self, held: Held, copied: Copied) -> PutResult | None:
        """The same bytes succeed; others are a conflict; ``None`` when they are gone by now."""
        request, recorded = self._request, held.record.digest
        comparable = recorded is not None and recorded.algorithm is request.algorithm
        if held.size != copied.size or (comparable and recorded != copied.digest):
            raise self._conflict()
        try:
            evidence = self._look(held, copied)
            if request.retain_until is not None:
                extend_retention(self._service, self._place, request, held)
        except ObjectNotFoundError:
            return None
        return PutResult(
            size=copied.size, digest=copied.digest, evidence=evidence, already_there=True
        )

    def _look(self, held: Held, copied: Copied) -> Evidence:
        """Read what is held: a record stays as it was when bytes go bad, and tells nothing."""
        if not held.ready and held.record.digest == copied.digest:
            return Evidence.DECLARED
        ref = self._request.ref
        found = digest_held(self._service, self._place, ref, copied.digest.algorithm)
        if not found.matches(copied.digest):
            raise self._conflict()
        return Evidence.READ

    def _conflict(self) -> ObjectConflictError:
        return ObjectConflictError(
            "other bytes are held under this reference", ref=self._request.ref
        )
