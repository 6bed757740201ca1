"""Put: an object that fits in one part is one request.

Its bytes, its record and its name come into being together, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from coffre.contract import Buffer, Digest, Evidence, OfferError, PutRequest, PutResult
from coffre.drivers.s3 import large, live
from coffre.drivers.s3.held import give_up, let_go
from coffre.drivers.s3.locking import refuse_retained, retain_longer
from coffre.drivers.s3.looking import Seen, look
from coffre.drivers.s3.publishing import (
    body_headers,
    common_headers,
    publish,
    refuse_unconditional,
)
from coffre.drivers.s3.records import (
    BESIDE,
    RECORD,
    RECORDS,
    MissingBesideError,
    encode,
    fits,
    new_token,
    write_beside,
)
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import Checksum, Retention
from coffre.drivers.s3.trials import Habits, habits_of
from coffre.http import HttpAnswer
from coffre.streams import check_received, copy_digesting


def put(service: Service, request: PutRequest) -> PutResult:
    """Store one object; see ``Connection.put``."""
    headers = common_headers(service, request)
    habits = habits_of(service)
    refuse_unconditional(service, habits, request)
    old = _to_be_replaced(service, request) if request.replace else None
    if old is not None and service.settings.retention is not Retention.NONE:
        refuse_retained(service, request.ref, old)
    if request.size > service.settings.part_size:
        result = large.put(service, habits, request, headers)
    else:
        result = _put_whole(service, habits, request, headers)
    if not result.already_there:
        let_go(service, old)
    elif request.retain_until is not None:
        retain_longer(service, request.ref, request.retain_until)
    return result


def _to_be_replaced(service: Service, request: PutRequest) -> Seen | None:
    """What is there now; nothing that could be let go of an object whose bytes aside are gone."""
    try:
        return look(service, request.ref, "put")
    except MissingBesideError:
        return None


def _put_whole(
    service: Service, habits: Habits, request: PutRequest, headers: dict[str, str]
) -> PutResult:
    body, digest = _pulled(request)
    signed = sha256(body).hexdigest()
    line = encode(request, digest, service.clock.now())
    token = "" if fits(line) else new_token()
    headers |= {BESIDE: token} if token else {RECORD: line}
    headers |= body_headers(service, habits, body, signed)
    answers: list[HttpAnswer] = []

    def act(condition: Mapping[str, str]) -> HttpAnswer:
        place = service.naming.place(request.ref)
        answer = service.ask(
            "PUT", place, headers={**headers, **condition}, body=body, digest=signed, doing="put",
            ref=request.ref, accept={404, 409, 412},
        )  # fmt: skip
        answers.append(answer)
        return answer

    live.begin(token)
    try:
        if token:
            write_beside(service, request.ref, token, line)
        there = publish(service, request, digest, act)
        if token and there is not None:
            give_up(service, RECORDS, request.ref, token)
    except OfferError as error:
        if token and not getattr(error, "effect_unknown", False):
            give_up(service, RECORDS, request.ref, token)
        raise
    finally:
        live.end(token)
    if there is not None:
        return there
    return PutResult(
        size=len(body),
        digest=digest,
        evidence=_evidence(service, habits, headers, answers[-1], digest),
    )


def _evidence(
    service: Service,
    habits: Habits,
    headers: dict[str, str],
    answer: HttpAnswer,
    digest: Digest,
) -> Evidence:
    """``REPORTED`` when the service has computed the very digest, and says it again.

    It says again what it was sent without looking, unless a trial has shown that it looks; where
    the checksum was stated by somebody, none was made.
    """
    name = f"x-amz-checksum-{digest.algorithm.value}"
    tried = service.settings.checksum is Checksum.AUTO
    if not tried or habits.checksum is Checksum.NONE or name not in headers:
        return Evidence.PRESENT
    same = answer.headers.get(name) == headers[name]
    return Evidence.REPORTED if same else Evidence.PRESENT


def _pulled(request: PutRequest) -> tuple[bytes, Digest]:
    """All the bytes of a content, held against what was announced."""
    pieces: list[bytes] = []

    def take(chunk: Buffer) -> None:
        pieces.append(bytes(chunk))

    with request.content.open() as stream:
        copied = copy_digesting(stream, take, request.algorithm, at_most=request.size)
    check_received(request, copied)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces), copied.digest
