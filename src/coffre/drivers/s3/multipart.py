"""Multipart: the parts of one upload, sent side by side, in bounded memory.

Whoever writes fills one buffer after the other; threads send those that are full, each on a
session of its own. There are as many buffers as threads, and one to be filled: a writer that is
faster than the service waits for one. Nothing is visible before the upload is completed.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from hashlib import sha256
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from coffre.contract import (
    Buffer,
    ObjectRef,
    OfferError,
    OfferFailedError,
    OfferUnavailableError,
)
from coffre.drivers.s3 import live
from coffre.drivers.s3.documents import completion, parse, parse_answer
from coffre.drivers.s3.errors import lost_after
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.publishing import body_headers
from coffre.drivers.s3.service import Service, siblings
from coffre.drivers.s3.settings import Checksum
from coffre.drivers.s3.trials import Habits, checksum_headers
from coffre.http import HttpAnswer

BEGUN = ("InitiateMultipartUploadResult", "InitiateMultipartUpload")
"""Names of the document that tells the id of an upload; the second is rclone's."""


MOST_HELD = 48 * 1024 * 1024
"""Bytes of parts held for one put, unless a single part is larger than half of it."""


class Upload:
    """One multipart upload, aborted on leaving unless it was completed."""

    def __init__(
        self, service: Service, place: Place, headers: Mapping[str, str], ref: ObjectRef
    ) -> None:
        """Begin it; the headers are those of the object to come.

        Raises:
            OfferError: it could not be begun; nothing is visible.
        """
        self._service = service
        self._place = place
        self._ref = ref
        self._done = False
        self._completing = False
        try:
            answer = service.ask(
                "POST", place, [("uploads", "")], headers=headers, doing="put", ref=ref
            )
            document = parse_answer(answer.body, *BEGUN)
        except OfferUnavailableError as error:
            raise lost_after(error) from error.__cause__
        self.id = document.text("UploadId")
        if not self.id:  # a part would be taken for a whole object
            raise OfferFailedError("the service names an upload without an id", ref=ref)
        live.begin(self.id)

    def send(
        self, service: Service, number: int, body: memoryview, habits: Habits, checksums: bool
    ) -> str:
        """Send one part, from any thread; its ETag, which names it when the upload is completed.

        Raises:
            OfferError: it was not stored; nothing is visible.
        """
        digest = sha256(body).hexdigest()
        headers = body_headers(service, habits, body, digest) if checksums else {}
        if not checksums and not habits.signed_payload:
            headers = checksum_headers(Checksum.MD5, body, digest)
        query = [("partNumber", str(number)), ("uploadId", self.id)]
        try:
            answer = service.ask(
                "PUT", self._place, query, headers=headers, body=body, digest=digest,
                doing="put a part", ref=self._ref,
            )  # fmt: skip
        except OfferUnavailableError as error:
            raise lost_after(error) from error.__cause__
        return answer.headers.get("etag", "")

    def complete(self, etags: list[str], condition: Mapping[str, str]) -> HttpAnswer:
        """Make an object of the parts.

        A success that is none (a service begins its answer before it knows) is an error, after
        which nobody knows.

        Raises:
            OfferError: refused by anything but the condition.
        """
        self._completing = True
        answer = self._service.ask(
            "POST", self._place, [("uploadId", self.id)], headers=condition,
            body=completion(etags), doing="put", ref=self._ref, accept={404, 409, 412},
        )  # fmt: skip
        if not answer.done:
            return answer
        found = parse(answer.body)
        if found is not None and found.name == "Error":
            raise self.refused(answer)
        parse_answer(answer.body, "CompleteMultipartUploadResult")
        self._done = True
        return answer

    def refused(self, answer: HttpAnswer) -> OfferError:
        """The error for a completion that was refused."""
        return self._service.refused(answer, "put", self._ref, safe=False)

    def __enter__(self) -> Self:
        """Send parts."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the service forget the parts, unless they are an object, or may be one."""
        doubt = isinstance(error, OfferUnavailableError) and error.effect_unknown
        # Whoever is interrupted does not know whether the service goes on.
        doubt = doubt or (self._completing and not isinstance(error, Exception))
        if not self._done and not doubt:
            with suppress(OfferError):
                self._service.ask("DELETE", self._place, [("uploadId", self.id)], doing="tidy up")
        live.end(self.id)


class Parts:
    """Bytes that are written one after the other, and leave part by part."""

    def __init__(self, service: Service, upload: Upload, habits: Habits, size: int) -> None:
        """Make the buffers and the threads.

        Args:
            service: whose settings say how many and how large.
            upload: takes the parts.
            habits: of the service.
            size: bytes that will come.
        """
        settings = service.settings
        self._upload = upload
        self._habits = habits
        self._part = settings.part_of(size)
        # One buffer more than threads, and no more of them than the memory of a put allows.
        room = max(MOST_HELD // self._part - 1, 1)
        threads = min(settings.parallel, room, -(-size // self._part))
        self._buffers: SimpleQueue[bytearray] = SimpleQueue()
        for _ in range(threads + 1):
            self._buffers.put(bytearray(self._part))
        self._services: SimpleQueue[Service] = SimpleQueue()
        self._stack = ExitStack()
        for one in self._stack.enter_context(siblings(service, threads)):
            self._services.put(one)
        self._threads = ThreadPoolExecutor(threads, "coffre-s3")
        self._sent: list[Future[str]] = []
        self._buffer: bytearray | None = None
        self._filled = 0

    def write(self, chunk: Buffer) -> None:
        """Take bytes, which are only lent.

        Raises:
            OfferError: a part could not be sent.
        """
        view = memoryview(chunk).cast("B")
        while view:
            buffer = self._free_buffer()
            count = min(len(view), self._part - self._filled)
            buffer[self._filled : self._filled + count] = view[:count]
            self._filled += count
            view = view[count:]
            if self._filled == self._part:
                self._leave()

    def _free_buffer(self) -> bytearray:
        if self._buffer is None:
            self._buffer = self._buffers.get()
            self._raise_failure()
        return self._buffer

    def _raise_failure(self) -> None:
        for one in self._sent:
            if one.done() and one.exception() is not None:
                one.result()

    def _leave(self) -> None:
        buffer, self._buffer = self._buffer, None
        if buffer is not None:
            number, filled = len(self._sent) + 1, self._filled
            self._sent.append(self._threads.submit(self._send, number, buffer, filled))
        self._filled = 0

    def _send(self, number: int, buffer: bytearray, filled: int) -> str:
        service = self._services.get()
        try:
            body = memoryview(buffer)[:filled]
            # The object's own checksum would be one of checksums; MD5 is of the part alone.
            plain = self._habits.checksum in (Checksum.NONE, Checksum.MD5)
            return self._upload.send(service, number, body, self._habits, plain)
        finally:
            self._services.put(service)
            self._buffers.put(buffer)

    def finish(self) -> list[str]:
        """Send the last part, and wait until all have arrived; their ETags in order.

        Raises:
            OfferError: one has not.
        """
        self._leave()
        return [one.result() for one in self._sent]

    def __enter__(self) -> Self:
        """Write."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for the parts that are on their way; those that are not yet will not leave."""
        self._threads.shutdown(cancel_futures=True)
        self._stack.close()
