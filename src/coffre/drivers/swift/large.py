"""Large objects being read: when the service breaks off, is it the line or the object?

Swift begins to send a large object before it has looked at all of its segments. One that is missing
or is another one shows as a connection that ends early, each time: taken for the line's fault, a
damaged copy would be *unavailable* for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import accumulate
from urllib.parse import quote

from coffre.contract import (
    Buffer,
    ConnectionLostError,
    ObjectCorruptError,
    ObjectRef,
    OfferError,
)
from coffre.drivers.swift.answers import from_swift
from coffre.drivers.swift.service import NEWEST, Service, answered
from coffre.http import HttpStream
from coffre.streams import ReadableStream


class LargeStream(ReadableStream):
    """The bytes of a large object, or the truth about its segments."""

    def __init__(
        self, service: Service, path: str, ref: ObjectRef, stream: HttpStream, offset: int
    ) -> None:
        """Watch a stream.

        Args:
            service: which is asked when the stream breaks off.
            path: of the object.
            ref: the object.
            stream: what to read; closed with this one.
            offset: of its first byte in the object.
        """
        self._service = service
        self._path = path
        self._ref = ref
        self._stream = stream
        self._position = offset

    def chunks(self) -> Iterator[Buffer]:
        """The bytes.

        Raises:
            ObjectCorruptError: a segment is missing or is another one.
            ConnectionLostError: the connection was cut before the end.
        """
        try:
            for chunk in self._stream.chunks():
                self._position += len(chunk)
                yield chunk
        except ConnectionLostError as error:
            if self._is_damaged():
                raise ObjectCorruptError(
                    f"a segment of {self._ref} is missing or is another one, "
                    f"at byte {self._position} or soon after it",
                    ref=self._ref,
                ) from error
            raise

    def _is_damaged(self) -> bool:
        """Whether the segment that was to come next is not what the manifest says; no, in doubt."""
        with suppress(OfferError, ValueError, KeyError, TypeError):
            query = f"{self._path}?multipart-manifest=get"
            answer = answered(self._service.ask("GET", query, NEWEST), self._ref, safe=True)
            segments = json.loads(answer.body)
            ends = accumulate(int(segment["bytes"]) for segment in segments)
            coming = [one for one, end in zip(segments, ends, strict=True) if end > self._position]
            # What came last may have been lost on its way: so the next one, too.
            return any(self._is_bad(one) for one in coming[:2])
        return False

    def _is_bad(self, segment: dict[str, object]) -> bool:
        answer = self._service.ask("HEAD", quote(str(segment["name"])), NEWEST)
        if answer.status == 404:
            return from_swift(answer.headers)
        headers = answered(answer, self._ref, safe=True).headers
        told = (headers.get("Etag", "").strip('"'), headers.get("Content-Length"))
        return told != (segment["hash"], str(segment["bytes"]))

    def close(self) -> None:
        """Close the stream underneath."""
        self._stream.close()
