"""Trials: what this very service honours, found out once for each process, never guessed.

A service that does not know a condition or a checksum accepts it in silence, so each is tried
with what must be refused. The trials write small objects with fixed names below ``.coffre/trials``;
whoever may not delete leaves no more than those.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from threading import Lock

from coffre.contract import OfferError, OfferUnavailableError
from coffre.drivers.s3.documents import completion, parse_answer
from coffre.drivers.s3.errors import lost_after
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import Checksum, Conditions, Retention

_BODY = b"coffre has tried here what this service refuses; this object means nothing more.\n"
_OTHER = b"other bytes"
CREATE_ONLY: dict[str, str] = {"if-none-match": "*"}
"""Header of a write that must not replace anything."""
_REFUSALS = frozenset(range(400, 500)) | {501}


@dataclass(frozen=True, slots=True)
class Habits:
    """What a service honours."""

    conditional_put: bool
    """A put on the condition that nothing is there is refused when something is."""
    signed_payload: bool
    """A body that is not the one that was signed is refused."""
    checksum: Checksum
    """What else is sent, and checked by the service."""


_known: dict[tuple[str, ...], Habits] = {}
_known_complete: dict[tuple[str, ...], bool] = {}
_lock = Lock()
"""Held while trials are made: threads that put at once need them once, not each."""


def _unlock() -> None:
    """A thread of the parent may have held the lock, and does not exist in the child."""
    global _lock
    _lock = Lock()


os.register_at_fork(after_in_child=_unlock)


def habits_of(service: Service) -> Habits:
    """What the service honours; tried the first time it is asked in this process.

    Raises:
        OfferError: the trials could not be made; nothing else was done.
    """
    name = _name(service)
    found = _known.get(name)
    if found is None:
        with _lock:
            found = _known.get(name) or _tried(service)
            _known[name] = found
    return found


def completes_by_condition(service: Service) -> bool:
    """Whether a multipart upload can be completed on the condition that nothing is there.

    Raises:
        OfferError: the trial could not be made; nothing else was done.
    """
    stated = service.settings.conditions
    if stated is not Conditions.AUTO:
        return stated is Conditions.ALL
    if not habits_of(service).conditional_put:
        return False
    name = _name(service)
    found = _known_complete.get(name)
    if found is None:
        with _lock:
            found = _known_complete.get(name)
            if found is None:
                found = _known_complete[name] = _Trials(service).completes()
    return found


def forget() -> None:
    """Forget what was found out, so that it is tried again."""
    _known.clear()
    _known_complete.clear()


def _name(service: Service) -> tuple[str, ...]:
    settings = service.settings
    own = settings.naming.own("")
    return settings.site.url, own.bucket, own.key, settings.conditions, settings.checksum


def _tried(service: Service) -> Habits:
    settings, trials = service.settings, _Trials(service)
    auto = settings.conditions is Conditions.AUTO
    conditional = trials.puts() if auto else settings.conditions is not Conditions.NONE
    if settings.checksum is not Checksum.AUTO:
        return Habits(conditional, True, settings.checksum)
    signed = trials.refuses({}, hashlib.sha256(_OTHER).hexdigest())
    return Habits(conditional, signed, trials.checksum(signed))


def checksum_headers(kind: Checksum, body: bytes | memoryview, sha256: str) -> dict[str, str]:
    """Headers that let the service hold a body against a checksum.

    The algorithm is named as well: some services ignore a value that comes alone.

    Args:
        kind: which.
        body: what is sent.
        sha256: its SHA-256 in hexadecimal, which is known in any case.
    """
    if kind is Checksum.MD5:
        md5 = hashlib.md5(body, usedforsecurity=False).digest()
        return {"content-md5": base64.b64encode(md5).decode()}
    if kind is Checksum.SHA256:
        value = bytes.fromhex(sha256)
    elif kind is Checksum.SHA512:
        value = hashlib.sha512(body).digest()
    else:
        return {}
    return {
        "x-amz-sdk-checksum-algorithm": kind.value.upper(),
        f"x-amz-checksum-{kind.value}": base64.b64encode(value).decode(),
    }


class _Trials:
    def __init__(self, service: Service) -> None:
        self._service = service

    def puts(self) -> bool:
        """Whether a second put is refused. A trial of before may have left the first."""
        right = CREATE_ONLY | self._wanted()
        return any(self._put("condition", right, accept={412, 501}) == 412 for _ in range(2))

    def _wanted(self) -> dict[str, str]:
        """What a bucket with object lock wants with each put."""
        locked = self._service.settings.retention is not Retention.NONE
        return checksum_headers(Checksum.MD5, _BODY, "") if locked else {}

    def checksum(self, signed: bool) -> Checksum:
        """The best checksum that is checked; none when the signed payload is, and nothing else."""
        for kind in (Checksum.SHA512, Checksum.SHA256):
            if self._keeps(kind) and self.refuses(self._wrong(kind), None):
                return kind
        if not signed and self.refuses(self._wrong(Checksum.MD5), None):
            return Checksum.MD5
        return Checksum.NONE

    def _wrong(self, kind: Checksum) -> dict[str, str]:
        return checksum_headers(kind, _OTHER, hashlib.sha256(_OTHER).hexdigest())

    def _keeps(self, kind: Checksum) -> bool:
        """Whether the right checksum is accepted, and said again."""
        headers = checksum_headers(kind, _BODY, hashlib.sha256(_BODY).hexdigest())
        name = f"x-amz-checksum-{kind.value}"
        answer = self._service.ask(
            "PUT",
            self._service.naming.own(f"trials/{kind.value}"),
            headers=headers,
            body=_BODY,
            doing="try a checksum",
            accept=_REFUSALS,
        )
        return answer.done and answer.headers.get(name) == headers[name]

    def refuses(self, headers: Mapping[str, str], digest: str | None) -> bool:
        """Whether a body is refused that is not the one its headers speak of."""
        # A key of its own for each trial: one service makes the object of before unreadable.
        headers = headers or self._wanted()
        return self._put("digest", headers, digest, accept={400, 501}) == 400

    def _put(
        self,
        name: str,
        headers: Mapping[str, str],
        digest: str | None = None,
        *,
        accept: Collection[int],
    ) -> int:
        try:
            return self._service.ask(
                "PUT",
                self._service.naming.own(f"trials/{name}"),
                headers=headers,
                body=_BODY,
                digest=digest,
                doing="try what the service honours",
                accept=accept,
            ).status
        except OfferUnavailableError as error:
            raise lost_after(error) from error.__cause__

    def completes(self) -> bool:
        """Whether the completion of an upload is refused where something is."""
        service = self._service
        place = service.naming.own("trials/condition")
        self.puts()  # something is there now
        try:
            upload = parse_answer(
                service.ask("POST", place, [("uploads", "")], doing="try an upload").body,
                "InitiateMultipartUploadResult",
                "InitiateMultipartUpload",
            ).text("UploadId")
            part = [("partNumber", "1"), ("uploadId", upload)]
            etag = service.ask(
                "PUT", place, part, headers=self._wanted(), body=_BODY, doing="try an upload"
            ).headers
            answer = service.ask(
                "POST",
                place,
                [("uploadId", upload)],
                headers=CREATE_ONLY,
                body=completion([etag.get("etag", "")]),
                doing="try an upload",
                accept=_REFUSALS,
            )
            if not answer.done:
                self._abort(upload)
        except OfferUnavailableError as error:
            raise lost_after(error) from error.__cause__
        return answer.status == 412

    def _abort(self, upload: str) -> None:
        place = self._service.naming.own("trials/condition")
        try:
            self._service.ask("DELETE", place, [("uploadId", upload)], doing="try an upload")
        except OfferError:
            return  # it is small, and a sweep finds it
