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
        super().__init__()
        self._stream = stream
        self._size = size
        self._wrong = wrong
        self._seen = 0

    def chunks(self) -> Iterator[Buffer]:
        """The bytes, counted.

        Raises:
            CoffreError: as made by ``wrong``, on too few or too many bytes.
        """
        for chunk in chunks_of(self._stream):
            self._seen += len(chunk)
            if self._seen > self._size:
                raise self._wrong(f"more than the expected {self._size} bytes were read")
            yield chunk
        if self._seen != self._size:
            raise self._wrong(f"{self._seen} bytes were read, {self._size} were expected")

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
    ) -> None:
        """Watch a stream.

        Args:
            stream: what to read; closed with this one.
            size: bytes it must give.
            expected: their digest, or a function that tells it once the end is reached.
            wrong: makes the error for wrong bytes, from a sentence.
            algorithm: of the digest, needed when ``expected`` is a function.
        """
        super().__init__(stream, size, wrong)
        self._expected = expected
        self._algorithm = expected.algorithm if isinstance(expected, Digest) else algorithm
        self._verified: Digest | None = None

    def chunks(self) -> Iterator[Buffer]:
        """The bytes; before the last of them, the verdict.

        Raises:
            CoffreError: as made by ``wrong``, on a wrong length or digest.
        """
        if self._algorithm is None:
            raise TypeError("an algorithm is needed to verify against a digest not yet known")
        hasher = self._algorithm.new()
        for chunk in super().chunks():
            hasher.update(chunk)
            if self._seen == self._size:
                self._verify(Digest(self._algorithm, hasher.digest()))
            yield chunk
        if self._verified is None:  # nothing was given, and nothing was expected
            self._verify(Digest(self._algorithm, hasher.digest()))

    def _verify(self, found: Digest) -> None:
        expected = self._expected if isinstance(self._expected, Digest) else self._expected()
        if not found.matches(expected):
            raise self._wrong(f"digest {found} was read, {expected} was expected")
        self._verified = found

    def attests(self, algorithm: DigestAlgorithm) -> bool:
        """The digest that is verified is the one attested."""
        return algorithm is self._algorithm

    def attested(self, algorithm: DigestAlgorithm) -> Digest:
        """The digest just verified."""
        if self._verified is None:
            raise LookupError("the stream was not read to its end")
        return self._verified
