"""Checks of requests: none is ignored in part, none is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from coffre.conformance.bench import Bench
from coffre.conformance.broken import NotTried, expect, raises, same
from coffre.conformance.check import check, check_each
from coffre.conformance.contents import ScriptedContent
from coffre.conformance.session import DATA, Session
from coffre.contract import (
    BulkPutRequest,
    Capability,
    DigestAlgorithm,
    ObjectConflictError,
    PutRequest,
    PutResult,
    RetainedError,
    SupportsBulkPut,
    UnsupportedOperationError,
)
from coffre.streams import BytesContent

SOON = timedelta(seconds=20)
"""How long an object would be retained by a driver that retains and does not say so."""


def metadata(session: Session) -> bool:
    """Put with a name and a value."""
    session.put("it", metadata={"name": "value"})
    return dict(session.stat("it").metadata) == {"name": "value"}


def replacing(session: Session) -> bool:
    """Put other bytes, to take the place of those held."""
    session.put("it")
    session.put("it", b"other bytes", replace=True)
    return session.read("it") == b"other bytes"


def part(session: Session) -> bool:
    """Get three bytes from the third on."""
    session.put("it")
    return session.read("it", offset=2, length=3) == DATA[2:5]


def start(session: Session) -> bool:
    """Get all bytes from the third on."""
    session.put("it")
    return session.read("it", offset=2) == DATA[2:]


def digest(session: Session) -> bool:
    """Ask for a digest of what is held."""
    session.put("it")
    told = session.stat("it", DigestAlgorithm.SHA256)
    return told.digest == DigestAlgorithm.SHA256.of(DATA)


def retained(session: Session) -> bool:
    """Put with a date before which nobody may delete."""
    until = datetime.now(UTC) + SOON
    content = BytesContent(DATA)
    request = PutRequest(ref=session.ref("it"), content=content, size=10, retain_until=until)
    session.store(request)
    try:
        session.delete("it")
    except RetainedError:
        return True
    return False


USES: dict[Capability, tuple[Callable[[Session], bool], ...]] = {
    Capability.METADATA: (metadata,),
    Capability.REPLACE: (replacing,),
    Capability.RANGE_READ: (part, start),
    Capability.OFFER_DIGEST: (digest,),
    Capability.RETENTION: (retained,),
}
"""Requests that need a capability; each tells whether it was honoured."""


@check_each("request.refused", USES)
def what_is_not_declared_is_refused_and_never_ignored(bench: Bench, capability: Capability) -> None:
    """A request that needs it is sent all the same, as nobody above a driver ever does."""
    if bench.has(capability):
        raise NotTried(f"the driver declares {capability.value!r}")
    for use in USES[capability]:
        with bench.session() as session:
            try:
                honoured = use(session)
            except (UnsupportedOperationError, ObjectConflictError):
                session.delete("it")
                continue
            expect(honoured, f"{(use.__doc__ or '').rstrip('.')}: done as if it had not been asked")
            bench.remark(f"{capability.value!r} works, and is not declared: nobody will use it")
            session.delete("it")


@check("request.refused")
def a_refused_put_leaves_nothing(bench: Bench) -> None:
    """Where a request is refused for what it needs, nothing of it is done."""
    missing = [capability for capability in USES if not bench.has(capability)]
    wanted = {Capability.METADATA: metadata, Capability.RETENTION: retained}
    uses = [use for capability, use in wanted.items() if capability in missing]
    if not uses:
        raise NotTried("the driver declares all that a put can need")
    for use in uses:
        with bench.session() as session:
            try:
                use(session)
            except UnsupportedOperationError:
                session.absent("it")


@check("request.kept")
def the_same_request_can_be_sent_again(bench: Bench) -> None:
    """One request is put to two sessions, and three times to one; it stays what it was."""
    given = {"name": "value"} if bench.has(Capability.METADATA) else {}
    before = dict(given)
    content = BytesContent(DATA)
    expected = DigestAlgorithm.SHA512.of(DATA)
    ref = bench.ref("it")
    request = PutRequest(ref=ref, content=content, size=10, expected=expected, metadata=given)
    with bench.session() as session, bench.session() as other:
        for one in (session, session, other):
            one.store(request)
        session.delete("it")
        session.store(request)
    same(given, before, "the metadata that was given, afterwards")
    kept = (request.ref, request.size, request.expected, content.data)
    same(kept, (ref, 10, expected, DATA), "the request afterwards")
    same(bench.at_rest("it"), DATA, "the bytes held")


@check("request.kept")
def what_comes_back_is_not_what_was_given(bench: Bench) -> None:
    """The caller changes its own metadata after the put; what is kept does not follow."""
    bench.need(Capability.METADATA)
    given = {"name": "value"}
    with bench.session() as session:
        session.put("it", metadata=given)
        given["name"] = "changed afterwards"
        same(dict(session.stat("it").metadata), {"name": "value"}, "the metadata by stat")


@check("request.refused")
def a_request_is_refused_before_its_content_is_opened(bench: Bench) -> None:
    """A put whose date cannot be kept: its source is not even looked at."""
    if bench.has(Capability.RETENTION):
        raise NotTried("the driver declares 'retention'")
    content = ScriptedContent(DATA)
    request = PutRequest(
        ref=bench.ref("it"),
        content=content,
        size=10,
        retain_until=datetime.now(UTC) + SOON,
    )
    with bench.session() as session:
        with raises(UnsupportedOperationError, "a put that is to be retained"):
            session.store(request)
        same(content.opened, 0, "how often the content of a refused put was opened")


@check("request.refused", needs=[Capability.BULK_PUT])
def a_field_in_one_put_of_many_is_refused(bench: Bench) -> None:
    """One put of three asks for what cannot be kept; it is refused, alone or with the others."""
    fields = _fields_that_are_not_kept(bench)
    content = ScriptedContent(DATA)
    plain = [
        PutRequest(ref=bench.ref(name), content=BytesContent(DATA), size=10) for name in ("a", "z")
    ]
    asks = replace(
        PutRequest(ref=bench.ref("it"), content=content, size=10),
        **fields,  # type: ignore[arg-type]
    )
    with bench.session() as session:
        for put in (plain[0], asks, plain[1]):
            bench.stored(put.ref)
        service = cast(SupportsBulkPut, session.connection)
        request = BulkPutRequest(puts=[plain[0], asks, plain[1]])
        try:
            outcomes = session.do("bulk put of 3", lambda: service.bulk_put(request))
        except UnsupportedOperationError:
            same(session.names(), [], "the container, all of them refused")
        else:
            same(len(outcomes), 3, "the number of outcomes")
            if isinstance(outcomes[1], PutResult) and _honoured(session, fields):
                bench.remark("a bulk put keeps what is not declared: nobody will use it")
                return
            kinds = [type(one) for one in outcomes]
            owed = [PutResult, UnsupportedOperationError, PutResult]
            same(kinds, owed, "the outcomes, the second of which cannot be honoured")
        session.absent("it")
    same(content.opened, 0, "how often the content of the refused put was opened")


def _honoured(session: Session, fields: Mapping[str, object]) -> bool:
    """Whether what was not declared was done all the same: that breaks no duty."""
    if "metadata" in fields:
        return dict(session.stat("it").metadata) == fields["metadata"]
    try:
        session.delete("it")
    except RetainedError:
        return True
    return False


def _fields_that_are_not_kept(bench: Bench) -> dict[str, object]:
    """Fields of a put that need what the session does not declare."""
    if not bench.has(Capability.RETENTION):
        return {"retain_until": datetime.now(UTC) + SOON}
    if not bench.has(Capability.METADATA):
        return {"metadata": {"name": "value"}}
    raise NotTried("the driver declares all that a put can be seen to need")
