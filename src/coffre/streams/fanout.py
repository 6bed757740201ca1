"""One source, read once and digested once, for several offers at the same time.

The calling thread reads the source into a ring of shared buffers; one thread digests; each
offer pulls from its own branch, in its own thread. A buffer is filled again only when
everyone has done with it, so memory is bounded by the ring whatever the object's size, and
the slowest offer sets the pace. One that stalls for too long is left behind.

Buffers are page aligned, so that a driver can hand them to the device as they are. Measured
on two cores: one, two and three durable copies cost about what the digest alone costs
(docs/explanation/performance.md).
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress

from coffre.contract import (
    Buffer,
    ByteStream,
    CoffreError,
    Content,
    Digest,
    DigestAlgorithm,
    DigestMismatchError,
    Hasher,
    OfferTimeoutError,
    SizeMismatchError,
    SourceChangedError,
    SourceError,
)
from coffre.streams.reading import CHUNK, ReadableStream, read_exactly
from coffre.streams.sources import FileStream
from coffre.streams.verifying import VerifyingStream

SLOTS = 4
"""Buffers in the ring."""
STALL = 120.0
"""Seconds without taking a buffer after which a branch is left behind."""


class _Consumer:
    """How far one reader of the ring has come; guarded by the ring's condition."""

    def __init__(self) -> None:
        self.released = 0
        """Chunks done with: the reader may hold chunk number ``released``, none before."""
        self.gone = False


class Fanout:
    """A pass over one source for several branches.

    Give ``branches`` to the offers' threads, then call :meth:`run` in the thread that owns the
    source. The locked sections only move counters; reading, digesting and writing happen
    outside them.
    """

    def __init__(
        self,
        source: Content,
        size: int,
        *,
        branches: int,
        algorithm: DigestAlgorithm = DigestAlgorithm.SHA512,
        announced: Digest | None = None,
        stall: float = STALL,
    ) -> None:
        """Prepare the ring; nothing is read yet.

        Args:
            source: what to read.
            size: bytes it must have.
            branches: number of offers to feed.
            algorithm: of the digest computed for all.
            announced: digest that the caller gave, under any algorithm; other bytes make every
                branch fail at its end, so that nothing is published.
            stall: seconds after which a branch that takes nothing is left behind.
        """
        self._source = source
        self._size = size
        self.algorithm = algorithm
        self._announced = announced
        self._stall = stall
        self._changed = threading.Condition()
        self._ring: list[Buffer] = [b""] * SLOTS
        self._store: list[mmap.mmap | None] = [None] * SLOTS
        self._filled = 0
        self._ended = False
        self._error: BaseException | None = None
        self._digests: dict[DigestAlgorithm, Digest] = {}
        self._digester = _Consumer()
        self._consumers = [self._digester]
        self.branches: Sequence[Content] = [_Branch(self) for _ in range(branches)]

    # --- the thread that owns the source -----------------------------------------------

    def run(self) -> Digest:
        """Read the source to its end, and return the digest of what was read.

        Raises:
            SourceError: the source failed, changed or vanished.
            SizeMismatchError: it has another length than announced.
            DigestMismatchError: it has another digest than announced.

        Whatever is raised here is raised at the end of every branch too.
        """
        digester = threading.Thread(target=self._digest, name="coffre-digest", daemon=True)
        digester.start()
        try:
            with self._source.open() as stream:
                self._fill(stream)
        except BaseException as error:
            self._finish(error)
            raise
        finally:
            digester.join()
        return self.digest()

    def _fill(self, stream: ByteStream) -> None:
        total = 0
        while True:
            slot = self._filled % SLOTS
            self._wait_for_room(self._filled - SLOTS)
            chunk = self._read(stream, slot)
            total += len(chunk)
            if not chunk or total > self._size:
                break
            with self._changed:
                self._ring[slot] = chunk
                self._filled += 1
                self._changed.notify_all()
        if total != self._size:
            read = f"more than {self._size}" if total > self._size else total
            raise SizeMismatchError(f"the source gave {read} bytes, {self._size} were announced")
        self._finish(None)

    def _read(self, stream: ByteStream, slot: int) -> Buffer:
        """One full chunk, as far as the source goes, in the slot's own buffer where possible."""
        if not isinstance(stream, FileStream):
            return read_exactly(stream, CHUNK)
        store = self._store[slot]
        if store is None:
            store = self._store[slot] = mmap.mmap(-1, CHUNK)
        whole = memoryview(store)
        count = 0
        while count < CHUNK and (more := stream.readinto(whole[count:])):
            count += more
        return whole[:count]

    def _wait_for_room(self, number: int) -> None:
        """Wait until everyone has done with chunk ``number``; leave behind who takes too long."""
        if number < 0:
            return
        with self._changed:
            while not self._changed.wait_for(lambda: not self._slow(number), self._stall):
                for consumer in self._slow(number):
                    # The digest is ours: it is waited for, however busy the machine is.
                    consumer.gone = consumer is not self._digester
                # A branch left behind may still hold the buffer: that one is not filled again.
                self._store[number % SLOTS] = None

    def _slow(self, number: int) -> list[_Consumer]:
        return [c for c in self._consumers if not c.gone and c.released <= number]

    def _finish(self, error: BaseException | None) -> None:
        with self._changed:
            self._ended = True
            self._error = self._error or error
            self._changed.notify_all()

    # --- the digest ----------------------------------------------------------------------

    def _digest(self) -> None:
        wanted = {self.algorithm} | ({self._announced.algorithm} if self._announced else set())
        hashers: dict[DigestAlgorithm, Hasher] = {name: name.new() for name in wanted}
        with suppress(BaseException):  # the pass failed: whoever asks for the digest is told
            for chunk in self._chunks(self._digester):
                for hasher in hashers.values():
                    hasher.update(chunk)
            found = {name: Digest(name, hasher.digest()) for name, hasher in hashers.items()}
            with self._changed:
                self._digests = found
        with self._changed:
            self._digester.gone = True
            self._changed.notify_all()

    def digest(self) -> Digest:
        """Digest of the source, once the pass is over; waits for it.

        Raises:
            CoffreError: the pass failed, or the digest is not the announced one.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._digester.gone and self._ended)
            self._raise_failure()
            found = self._digests
        announced = self._announced
        if announced is not None and not found[announced.algorithm].matches(announced):
            raise DigestMismatchError(
                f"the source has digest {found[announced.algorithm]}, announced was {announced}; "
                "nothing was stored"
            )
        return found[self.algorithm]

    def _raise_failure(self) -> None:
        error = self._error
        if isinstance(error, CoffreError):
            raise error
        if error is not None:
            raise SourceError("the source could not be read to its end") from error

    # --- the branches --------------------------------------------------------------------

    def _chunks(self, consumer: _Consumer) -> Iterator[Buffer]:
        """Chunks for one consumer; each is lent until the next one is asked for."""
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: consumer.released < self._filled or self._ended or consumer.gone
                )
                if consumer.gone:
                    raise OfferTimeoutError("the offer took nothing for too long, and was left")
                self._raise_failure()
                if consumer.released == self._filled:
                    return
                chunk = self._ring[consumer.released % SLOTS]
            try:
                yield chunk
            finally:
                with self._changed:
                    consumer.released += 1
                    self._changed.notify_all()

    def _reopen(self) -> ReadableStream:
        """The source once more, for a retry: it must give the bytes of this pass again."""
        return VerifyingStream(
            self._source.open(), self._size, self.digest, SourceChangedError, self.algorithm
        )


class _Branch:
    """What one offer pulls: the shared pass the first time, the source again after that."""

    def __init__(self, pass_: Fanout) -> None:
        self._pass = pass_
        self._consumer: _Consumer | None = _Consumer()
        pass_._consumers.append(self._consumer)

    def open(self) -> ByteStream:
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return self._pass._reopen()
        return _BranchStream(self._pass, consumer)

    def abandon(self) -> None:
        """Never opened, and never will be: nobody waits for it."""
        if self._consumer is not None:
            _let_go(self._pass, self._consumer)


class _BranchStream(ReadableStream):
    def __init__(self, pass_: Fanout, consumer: _Consumer) -> None:
        super().__init__()
        self._pass = pass_
        self._consumer = consumer

    def chunks(self) -> Iterator[Buffer]:
        yield from self._pass._chunks(self._consumer)
        self._pass.digest()  # raises here, before anything is published, if it is wrong

    def attests(self, algorithm: DigestAlgorithm) -> bool:
        return algorithm is self._pass.algorithm

    def attested(self, algorithm: DigestAlgorithm) -> Digest:
        return self._pass.digest()

    def close(self) -> None:
        _let_go(self._pass, self._consumer)


def _let_go(pass_: Fanout, consumer: _Consumer) -> None:
    with pass_._changed:
        consumer.gone = True
        pass_._changed.notify_all()
