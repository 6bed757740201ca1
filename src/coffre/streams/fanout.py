"""One source, read once and digested once, for several offers at the same time.

The calling thread reads the source into a ring of shared buffers; one thread digests; each
offer pulls from its own branch, in its own thread. Memory is bounded by the ring whatever the
object's size, and the slowest offer sets the pace. One that stalls for too long is left behind.

The last chunk of a branch is handed over only once the verdict on the whole source is known.
A driver that stops reading when it has all the bytes announced, as HTTP clients do, can
therefore not publish an object whose source turns out to be wrong.

Buffers are page aligned, so that a driver can hand them to the device as they are. Measured
on two cores: one, two and three durable copies cost about what the digest alone costs
(docs/explanation/performance.md).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from coffre.contract import (
    Buffer,
    ByteStream,
    CoffreError,
    Content,
    Digest,
    DigestAlgorithm,
    DigestMismatchError,
    Hasher,
    SizeMismatchError,
    SourceChangedError,
    SourceError,
)
from coffre.streams.reading import CHUNK, ReadableStream, read_exactly
from coffre.streams.ring import Ring, Taker, told
from coffre.streams.sources import FileStream
from coffre.streams.verifying import VerifyingStream

STALL = 120.0
"""Seconds without taking a buffer after which a branch is left behind."""


class Fanout:
    """A pass over one source for several branches.

    Give ``branches`` to the offers' threads, then call :meth:`run` in the thread that owns the
    source, or :meth:`cancel`: branches wait until one of them is called.
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
                branch fail before its end, so that nothing is published.
            stall: seconds after which a branch that takes nothing is left behind.
        """
        # Branches know the pass, not this object: without a cycle, the buffers go away with
        # the last who uses them, not when the collector comes by.
        self._pass = _Pass(source, size, algorithm, announced, Ring(stall))
        self.algorithm = algorithm
        self.branches: Sequence[Branch] = [Branch(self._pass) for _ in range(branches)]
        """One for each offer: contents to be opened, each in a thread of its own."""

    def run(self) -> Digest:
        """Read the source to its end, and return the digest of what was read.

        Raises:
            SourceError: the source failed, changed or vanished.
            SizeMismatchError: it has another length than announced.
            DigestMismatchError: it has another digest than announced.

        Whatever is raised here is raised in every branch too, before it has given all bytes.
        """
        return self._pass.run()

    @property
    def over(self) -> bool:
        """Whether the source was read, well or badly: branches may come to their end from now on.

        Before that, no offer has been given the last bytes, so none can have published.
        """
        return self._pass.ring.ended

    def cancel(self) -> None:
        """Give the pass up: every branch fails, and so does :meth:`run`."""
        self._pass.ring.end(SourceError("the source was not read: the pass was given up"))

    def digest(self) -> Digest:
        """Digest of the source, once the pass is over; waits for it.

        Raises:
            CoffreError: the pass failed, or the digest is not the announced one.
        """
        return self._pass.digest()


class _Pass:
    """What the branches share: the ring, the digest, and the source for who reads it again."""

    def __init__(
        self,
        source: Content,
        size: int,
        algorithm: DigestAlgorithm,
        announced: Digest | None,
        ring: Ring,
    ) -> None:
        self.source = source
        self.size = size
        self.algorithm = algorithm
        self.ring = ring
        self._announced = announced
        # The digest is ours: it is waited for, however busy the machine is.
        self._digester = ring.join(patience=True)
        self._digests: dict[DigestAlgorithm, Digest] = {}

    def run(self) -> Digest:
        digester = threading.Thread(target=self._digest, name="coffre-digest", daemon=True)
        try:
            digester.start()
            with self.source.open() as stream:
                self._fill(stream)
            # After the source is closed: an error there is an error of the pass.
            self.ring.end()
        except BaseException as error:
            self.ring.end(error)
            if isinstance(error, OSError) and not isinstance(error, CoffreError):
                raise told(error) from error
            raise
        finally:
            if digester.ident is not None:
                digester.join()
        return self.digest()

    def _fill(self, stream: ByteStream) -> None:
        total = 0
        for chunk in self._chunks(stream):
            total += len(chunk)
            if total > self.size:
                break
            self.ring.publish(chunk)
        if total != self.size:
            read = f"more than {self.size}" if total > self.size else total
            raise SizeMismatchError(f"the source gave {read} bytes, {self.size} were announced")

    def _chunks(self, stream: ByteStream) -> Iterator[Buffer]:
        """Chunks to publish, each made once its slot is free, in the ring's memory where it pays.

        Fresh memory for each chunk would cost as much as the copy: the kernel clears it first.
        """
        if isinstance(stream, FileStream):
            while chunk := self._read(stream):
                yield chunk
        elif isinstance(stream, ReadableStream):
            for lent in stream.chunks():
                for start in range(0, len(lent), CHUNK):
                    yield self._own(memoryview(lent)[start : start + CHUNK])
        else:
            self.ring.make_room()
            while chunk := read_exactly(stream, CHUNK):
                yield chunk
                self.ring.make_room()

    def _read(self, stream: FileStream) -> Buffer:
        """One full chunk, as far as the file goes."""
        self.ring.make_room()
        whole = self.ring.buffer()
        count = 0
        while count < CHUNK and (more := stream.readinto(whole[count:])):
            count += more
        return whole[:count]

    def _own(self, lent: memoryview) -> Buffer:
        """A chunk that stays: bytes that never change as they are, others copied."""
        self.ring.make_room()
        if isinstance(lent.obj, bytes):
            return lent
        whole = self.ring.buffer()
        whole[: len(lent)] = lent
        return whole[: len(lent)]

    def _digest(self) -> None:
        wanted = {self.algorithm} | ({self._announced.algorithm} if self._announced else set())
        hashers: dict[DigestAlgorithm, Hasher] = {name: name.new() for name in wanted}
        try:
            for chunk in self.ring.chunks(self._digester):
                for hasher in hashers.values():
                    hasher.update(chunk)
            self._digests = {name: Digest(name, made.digest()) for name, made in hashers.items()}
        except CoffreError:
            pass  # the pass failed: whoever asks for the digest is told
        except BaseException as error:  # noqa: BLE001 - of a thread of ours: told to all
            self.ring.end(error)
        finally:
            self.ring.leave(self._digester)

    def digest(self) -> Digest:
        self.ring.wait(lambda: self._digester.gone)
        found, announced = self._digests, self._announced
        if announced is not None and not found[announced.algorithm].matches(announced):
            raise DigestMismatchError(
                f"the source has digest {found[announced.algorithm]}, announced was {announced}; "
                "nothing was stored"
            )
        return found[self.algorithm]

    def reopen(self) -> ReadableStream:
        """The source once more, for a retry: it must give the bytes of this pass again."""
        return VerifyingStream(
            self.source.open(), self.size, self.digest, SourceChangedError, self.algorithm
        )


class Branch:
    """What one offer pulls: the shared pass the first time, the source again after that."""

    def __init__(self, pass_: _Pass) -> None:
        """Join the pass; made by :class:`Fanout`."""
        self._pass = pass_
        self._taker = pass_.ring.join()
        self._opened = False

    def open(self) -> ByteStream:
        """The shared pass the first time; later the source itself, held against the pass.

        Raises:
            SourceError: the source cannot be opened again.
        """
        if self._opened:
            self._pass.ring.leave(self._taker)  # a stream not closed must hold nobody up
            return self._pass.reopen()
        self._opened = True
        return _BranchStream(self._pass, self._taker)

    def abandon(self) -> None:
        """The offer has finished, well or badly, whether it opened the branch or not.

        Nobody waits for it from now on; call it whatever happened.
        """
        self._pass.ring.leave(self._taker)


class _BranchStream(ReadableStream):
    def __init__(self, pass_: _Pass, taker: Taker) -> None:
        super().__init__()
        self._pass = pass_
        self._taker = taker

    def chunks(self) -> Iterator[Buffer]:
        given = 0
        for chunk in self._pass.ring.chunks(self._taker):
            given += len(chunk)
            if given == self._pass.size:
                self._pass.digest()  # raises here, while what was given is not yet an object
            yield chunk
        self._pass.digest()

    def attests(self, algorithm: DigestAlgorithm) -> bool:
        return algorithm is self._pass.algorithm

    def attested(self, algorithm: DigestAlgorithm) -> Digest:
        return self._pass.digest()

    def close(self) -> None:
        self._pass.ring.leave(self._taker)
