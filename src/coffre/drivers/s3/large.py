"""Put of an object in parts: uploaded where nobody sees it, then published in one step.

Where the service completes an upload by condition, that is the step. Elsewhere the bytes are kept
aside, and a small put is (:mod:`coffre.drivers.s3.aside`). An object that is there already is
looked at first, so that the bytes are not sent to be refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256

from coffre.contract import (
    Digest,
    Evidence,
    OfferFailedError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
)
from coffre.drivers.s3 import live
from coffre.drivers.s3.aside import text_of
from coffre.drivers.s3.errors import lost_after
from coffre.drivers.s3.held import compared, give_up, refuse_another
from coffre.drivers.s3.looking import length_of, look
from coffre.drivers.s3.multipart import Parts, Upload
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.publishing import body_headers, confirmed, ensure_bucket, publish
from coffre.drivers.s3.records import (
    ASIDE,
    BESIDE,
    LARGE,
    RECORD,
    RECORDS,
    beside,
    encode,
    fits,
    new_token,
    write_beside,
)
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import Conditions
from coffre.drivers.s3.trials import Habits, completes_by_condition
from coffre.http import HttpAnswer
from coffre.streams import Copied, check_received, copy_digesting


def put(
    service: Service, habits: Habits, request: PutRequest, headers: dict[str, str]
) -> PutResult:
    """Store one large object.

    Args:
        service: with whom.
        habits: of the service.
        request: what to store.
        headers: of the object to come.
    """
    there = None if request.replace else _there(service, request)
    if there is not None:
        return there
    unconditional = request.replace or service.settings.conditions is Conditions.NONE
    token = new_token()
    live.begin(token)
    try:
        if unconditional or completes_by_condition(service):
            return _in_place(service, habits, request, headers, token)
        return _aside(service, habits, request, headers, token)
    except _AlreadyThere as found:
        return found.result
    finally:
        live.end(token)


def _there(service: Service, request: PutRequest) -> PutResult | None:
    """What is there already, held against the content, which is then read but not sent.

    Raises:
        ObjectConflictError: other bytes are there.
    """
    seen = look(service, request.ref, "put")
    if seen is None:
        return None
    refuse_another(request, seen)
    with request.content.open() as stream:
        copied = copy_digesting(stream, lambda _: None, request.algorithm, at_most=request.size)
    check_received(request, copied)
    there = compared(service, request, copied.digest, seen)
    if there is None:
        raise OfferUnavailableError("deleted while it was compared; put it again", ref=request.ref)
    return there


def _uploaded(
    service: Service, upload: Upload, habits: Habits, request: PutRequest
) -> tuple[Copied, list[str]]:
    """Send all the bytes, held against what was announced."""
    with (
        Parts(service, upload, habits, request.size) as parts,
        request.content.open() as stream,
    ):
        copied = copy_digesting(stream, parts.write, request.algorithm, at_most=request.size)
        check_received(request, copied)
        return copied, parts.finish()


def _in_place(
    service: Service, habits: Habits, request: PutRequest, headers: dict[str, str], token: str
) -> PutResult:
    """Upload under the object's own key, and complete by condition."""
    place = service.naming.place(request.ref)
    ensure_bucket(service, place, request)
    moment = service.clock.now()
    known = request.expected and encode(request, request.expected, moment)
    headers |= {RECORD: known} if known and fits(known) else {BESIDE: token}
    with Upload(service, place, headers, request.ref) as upload:
        copied, etags = _uploaded(service, upload, habits, request)
        with _given_up(service, RECORDS, request, token if BESIDE in headers else ""):
            if BESIDE in headers:
                line = encode(request, copied.digest, moment)
                _unseen(service, request, token, line)
            there = publish(
                service, request, copied.digest, lambda when: upload.complete(etags, when)
            )
            if there is not None:
                raise _AlreadyThere(there)
    return _stored(service, request, copied.digest)


class _AlreadyThere(Exception):  # noqa: N818 - not an error: the way out of what has to be undone
    def __init__(self, result: PutResult) -> None:
        super().__init__()
        self.result = result


def _unseen(service: Service, request: PutRequest, token: str, line: str) -> None:
    try:
        write_beside(service, request.ref, token, line)
    except OfferUnavailableError as error:
        raise lost_after(error) from error.__cause__


@contextmanager
def _given_up(service: Service, kind: str, request: PutRequest, token: str) -> Iterator[None]:
    """Remove what was written for an object that is not published, once that is sure."""
    try:
        yield
    except Exception as error:
        # Whoever is interrupted does not know whether the service goes on: a sweep finds it out.
        doubt = isinstance(error, OfferUnavailableError) and error.effect_unknown
        if token and not doubt:
            give_up(service, kind, request.ref, token)
        raise


def _stored(service: Service, request: PutRequest, digest: Digest) -> PutResult:
    size = confirmed(service, request)
    if size != request.size and not request.replace:
        raise OfferFailedError(
            f"{request.size} bytes were put, the service holds {size}", ref=request.ref
        )
    return PutResult(size=request.size, digest=digest, evidence=Evidence.PRESENT)


def _aside(
    service: Service, habits: Habits, request: PutRequest, headers: dict[str, str], token: str
) -> PutResult:
    """Upload under a key of its own, and publish by a small put."""
    place = beside(service, LARGE, request.ref, token)
    with Upload(service, place, headers, request.ref) as upload:
        copied, etags = _uploaded(service, upload, habits, request)
        _completed(upload, etags)
    with _given_up(service, LARGE, request, token):
        _check_length(service, place, request)
        there = _named(
            service, habits, request, copied.digest, place, _locks(headers) | {ASIDE: token}
        )
        if there is not None:
            raise _AlreadyThere(there)
    return PutResult(size=request.size, digest=copied.digest, evidence=Evidence.PRESENT)


def _completed(upload: Upload, etags: list[str]) -> None:
    try:
        answer = upload.complete(etags, {})
        if not answer.done:
            raise upload.refused(answer)
    except OfferUnavailableError as error:
        raise lost_after(error) from error.__cause__


def _check_length(service: Service, place: Place, request: PutRequest) -> None:
    try:
        answer = service.ask("HEAD", place, doing="put", ref=request.ref)
    except OfferUnavailableError as error:
        raise lost_after(error) from error.__cause__
    size = length_of(answer.headers, request.ref)
    if size != request.size:
        raise OfferFailedError(
            f"{request.size} bytes were put, the service holds {size}", ref=request.ref
        )


def _named(
    service: Service,
    habits: Habits,
    request: PutRequest,
    digest: Digest,
    bytes_at: Place,
    headers: dict[str, str],
) -> PutResult | None:
    """Publish the small object that names the bytes."""
    token = headers[ASIDE]
    line = encode(request, digest, service.clock.now())
    body = text_of(bytes_at)
    signed = sha256(body).hexdigest()
    headers |= {"content-type": "text/plain"} | body_headers(service, habits, body, signed)
    if fits(line):
        headers[RECORD] = line
    else:
        headers[BESIDE] = token
        _unseen(service, request, token, line)

    def act(condition: Mapping[str, str]) -> HttpAnswer:
        return service.ask(
            "PUT", service.naming.place(request.ref), headers={**headers, **condition}, body=body,
            digest=signed, doing="put", ref=request.ref, accept={404, 409, 412},
        )  # fmt: skip

    with _given_up(service, RECORDS, request, token if BESIDE in headers else ""):
        return publish(service, request, digest, act)


def _locks(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that forbid a deletion: what names the bytes is kept as long as they are."""
    return {name: value for name, value in headers.items() if name.startswith("x-amz-object-lock-")}
