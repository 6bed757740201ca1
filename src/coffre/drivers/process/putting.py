"""Put: the program asks for bytes, gets them as the content gives them, and publishes when told.

Nothing is published by accident: a content that fails, or is not what was announced, ends in a
``CANCEL``, and so does everything else that keeps the ``COMMIT`` from being sent.
"""

from __future__ import annotations

from coffre.contract import (
    Buffer,
    Digest,
    Evidence,
    OfferFailedError,
    PutRequest,
    PutResult,
    as_text,
)
from coffre.drivers.process.exchange import Exchange
from coffre.drivers.process.fields import Fields
from coffre.drivers.process.protocol import MAX_DATA, WireError
from coffre.drivers.process.session import Session
from coffre.streams import Copied, check_received, copy_digesting

_CLAIMS = {str(level): level for level in (Evidence.DECLARED, Evidence.PRESENT, Evidence.REPORTED)}
"""What a program can say of what it stored; only we can say that we have read it."""


def put(session: Session, request: PutRequest) -> PutResult:
    """Store one object; see ``Connection.put``."""
    with session.begin("put", _fields(request), request.ref) as exchange:
        copied = _send(exchange, request)
        check_received(request, copied)
        exchange.commit({"size": copied.size, "digest": str(copied.digest)})
        answer = exchange.answer()
        with exchange.ending_the_session():
            return _result(request, copied, answer)


def _fields(request: PutRequest) -> dict[str, object]:
    """The request; fields that have their default are left out."""
    fields: dict[str, object] = {
        "ref": str(request.ref),
        "size": request.size,
        "algorithm": str(request.algorithm),
    }
    if request.expected is not None:
        fields["expected"] = str(request.expected)
    if request.metadata:
        fields["metadata"] = dict(request.metadata)
    if request.replace:
        fields["replace"] = True
    if request.retain_until is not None:
        fields["retain_until"] = as_text(request.retain_until)
    return fields


def _send(exchange: Exchange, request: PutRequest) -> Copied:
    """Pull the content through to the program; the content's own errors pass unchanged."""
    exchange.await_credit()  # before the content is opened: it may not be wanted at all

    def write(data: Buffer) -> None:
        view = memoryview(data).cast("B")
        for start in range(0, len(view), MAX_DATA):
            exchange.await_credit()
            exchange.send_data(view[start : start + MAX_DATA])

    with request.content.open() as stream:
        return copy_digesting(stream, write, request.algorithm, at_most=request.size)


def _result(request: PutRequest, copied: Copied, answer: Fields) -> PutResult:
    size, digest = answer.whole("size"), answer.digest_or_none("digest")
    if size != copied.size or _differs(digest, copied.digest):
        raise OfferFailedError(
            f"the program says it holds {size} bytes with digest {digest}; sent were "
            f"{copied.size} with {copied.digest}",
            ref=request.ref,
        )
    evidence = _CLAIMS.get(answer.text("evidence", str(Evidence.PRESENT)))
    if evidence is None or (evidence is Evidence.REPORTED and digest is None):
        raise WireError("the program claims more of what it stored than it can know")
    return PutResult(
        size=size,
        # Of the bytes as they were sent: the program's own, if it has one, is the same.
        digest=copied.digest,
        evidence=evidence,
        already_there=answer.flag("already_there"),
        durable=answer.flag("durable"),
    )


def _differs(told: Digest | None, sent: Digest) -> bool:
    """Whether the program digested other bytes; one under another algorithm says nothing here."""
    return told is not None and told.algorithm is sent.algorithm and not told.matches(sent)
