"""Legal holds: the service keeps one for each object, and we keep whose it is, in a tag.

The service's own flag is what forbids the deletion; the tag only names the case, so it is written
before the flag is raised and taken away after it was lowered.
"""

from __future__ import annotations

from coffre.contract import (
    HoldResult,
    LiftHoldRequest,
    ObjectRef,
    PlaceHoldRequest,
    UnsupportedOperationError,
)
from coffre.drivers.s3.documents import element, parse_answer, texts
from coffre.drivers.s3.locking import change_lock, is_held
from coffre.drivers.s3.looking import Seen, require
from coffre.drivers.s3.service import Service

TAG = "coffre-hold"
"""Key of the tag that names a hold."""
UNNAMED = "legal-hold"
"""Id of a hold that somebody else has placed."""


def place_hold(service: Service, request: PlaceHoldRequest) -> HoldResult:
    """Place a hold; see ``SupportsLegalHold``."""
    seen = require(service, request.ref, "hold")
    there = holds_of(service, seen)
    if there and there != {request.id}:
        raise UnsupportedOperationError(
            f"S3 keeps one hold for each object, and it is under {min(there)!r}; nothing changed",
            ref=request.ref,
        )
    if not there:
        tags = _tags(service, seen)
        _write_tags(service, seen, tags | {TAG: request.id})
        change_lock(service, seen, "legal-hold", _flag("ON"))
    return HoldResult(holds=frozenset({request.id}))


def lift_hold(service: Service, request: LiftHoldRequest) -> HoldResult:
    """Lift a hold; see ``SupportsLegalHold``."""
    seen = require(service, request.ref, "lift a hold")
    there = holds_of(service, seen)
    if request.id not in there:
        return HoldResult(holds=there)
    change_lock(service, seen, "legal-hold", _flag("OFF"))
    tags = _tags(service, seen)
    tags.pop(TAG, None)
    _write_tags(service, seen, tags)
    return HoldResult(holds=frozenset())


def holds_of(service: Service, seen: Seen) -> frozenset[str]:
    """Ids of the holds that an object is under."""
    if not is_held(seen):
        return frozenset()
    return frozenset({_tags(service, seen).get(TAG, UNNAMED)})


def _flag(state: str) -> bytes:
    return element("LegalHold", texts(Status=state)).encode()


def _tags(service: Service, seen: Seen) -> dict[str, str]:
    answer = service.ask(
        "GET", seen.place, [("tagging", "")], doing="read tags", ref=_ref(seen), accept={404}
    )
    if answer.status == 404:  # some services have no empty set of tags
        return {}
    found = parse_answer(answer.body, "Tagging")
    tags = (one for kind in found.all("TagSet") for one in kind.all("Tag"))
    return {one.text("Key"): one.text("Value") for one in tags}


def _write_tags(service: Service, seen: Seen, tags: dict[str, str]) -> None:
    inside = (element("Tag", texts(Key=key, Value=value)) for key, value in tags.items())
    body = element("Tagging", element("TagSet", *inside)).encode()
    service.ask("PUT", seen.place, [("tagging", "")], body=body, doing="write tags", ref=_ref(seen))


def _ref(seen: Seen) -> ObjectRef:
    return seen.kept.ref
