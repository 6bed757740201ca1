"""Streams that hold what passes against what it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from coffre.contract import (
    Buffer,
    ByteStream,
    CoffreError,
    Digest,
    DigestAlgorithm,
)
from coffre.streams.reading import ReadableStream, chunks_of


class BoundedStream(ReadableStream):
    """A stream that must give exactly so many bytes, or raises: a cut is never taken for an end.

    Source: offer protocol, 6.4 exact size rule.
    """

    def __init__(self, stream: ByteStream, size: int, wrong: Callable[[str], CoffreError]) -> None:
        """Watch a stream.

        Args:
            stream: what to read; closed with this one.
            size: bytes it must give.
            wrong: makes the error for a wrong length, from a sentence.
        """
        self._stream = stream
        self._size = size
        self._wrong = wrong

    def chunks(self) -> Iterator[Buffer]:
        """The bytes, counted.

        Raises:
            CoffreError: as made by ``wrong``, on too few or too many bytes.
        """
        seen = 0
        for chunk in chunks_of(self._stream):
            seen += len(chunk)
            if seen > self._size:
                raise self._too_many()
            yield chunk
        if seen != self._size:
            raise self._too_few(seen)

    def _too_many(self) -> CoffreError:
        return self._wrong(f"more than the expected {self._size} bytes were read")

    def _too_few(self, seen: int) -> CoffreError:
        return self._wrong(f"{seen} bytes were read, {self._size} were expected")

    def attests(self, algorithm: DigestAlgorithm) -> bool:
        """Whatever the stream underneath can attest."""
        return isinstance(self._stream, ReadableStream) and self._stream.attests(algorithm)

    def attested(self, algorithm: DigestAlgorithm) -> Digest:
        """As the stream underneath computed it."""
        if isinstance(self._stream, ReadableStream):
            return self._stream.attested(algorithm)
        return super().attested(algorithm)

    def close(self) -> None:
        """Close the stream underneath."""
        self._stream.close()


class VerifyingStream(BoundedStream):
    """A stream whose digest must be the expected one: the verdict comes before the last chunk.

    Whoever has been given all the bytes has the right ones, even if it reads by their number
    and never asks for the end; whoever stops before knows nothing.
    """

    def __init__(
        self,
        stream: ByteStream,
        size: int,
        expected: Digest | Callable[[], Digest],
        wrong: Callable[[str], CoffreError],
        algorithm: DigestAlgorithm | None = None,
        *,
        cut: Callable[[str], CoffreError] | None = None,
    ) -> None:
        """Watch a stream.

        Args:
            stream: what to read; closed with this one.
            size: bytes it must give.
            expected: their digest, or a function that tells it once the end is reached.
            wrong: makes the error for wrong bytes, from a sentence.
            algorithm: of the digest, needed when ``expected`` is a function.
            cut: makes the error for a wrong number of bytes; ``wrong`` does when it is ``None``.
        """
        super().__init__(stream, size, cut or wrong)
        self._other = wrong
        self._expected = expected
        self._algorithm = expected.algorithm if isinstance(expected, Digest) else algorithm
        self._verified: Digest | None = None

    def chunks(self) -> Iterator[Buffer]:
        """The bytes; before the last of them, the verdict.

        Raises:
            CoffreError: as made by ``cut`` and ``wrong``, on a wrong length or digest.
        """
        if self._algorithm is None:
            raise TypeError("an algorithm is needed to verify against a digest not yet known")
        hasher = self._algorithm.new()
        seen = 0
        # Counted here too, not by the chunks of the base: one generator less for each object.
        for chunk in chunks_of(self._stream):
            seen += len(chunk)
            if seen > self._size:
                raise self._too_many()
            hasher.update(chunk)
            if seen == self._size:
                self._verify(self._algorithm, hasher.digest())
            yield chunk
        if seen != self._size:
            raise self._too_few(seen)
        if self._verified is None:  # nothing was given, and nothing was expected
            self._verify(self._algorithm, hasher.digest())

    def _verify(self, algorithm: DigestAlgorithm, value: bytes) -> None:
        expected = self._expected if isinstance(self._expected, Digest) else self._expected()
        if expected.algorithm is not algorithm or expected.value != value:
            found = Digest(algorithm, value)
            raise self._other(f"digest {found} was read, {expected} was expected")
        self._verified = expected

    def attests(self, algorithm: DigestAlgorithm) -> bool:
        """The digest that is verified is the one attested."""
        return algorithm is self._algorithm

    def attested(self, algorithm: DigestAlgorithm) -> Digest:
        """The digest just verified."""
        if self._verified is None:
            raise LookupError("the stream was not read to its end")
        return self._verified
