"""Keeping aside: the bytes of one copy, held until the last of them is known to be right."""

from __future__ import annotations

import os
import tempfile
import threading
from typing import Protocol

from coffre.contract import (
    ByteStream,
    CoffreError,
    DigestMismatchError,
    GetRequest,
    GetResult,
    ObjectCorruptError,
    SourceError,
)
from coffre.engine.distribution import SMALL
from coffre.engine.ledger import ObjectRecord
from coffre.offer import Offer
from coffre.streams import BytesContent, Fanout, Filling, OnceContent, chunks_of, write_all
from coffre.streams.sources import FileStream


class Readable(Protocol):
    """What an object is read from."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, all that remain when negative, ``b""`` at the end."""
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...


def kept_aside(offer: Offer, record: ObjectRecord, directory: str | None) -> Readable:
    """The whole object, known to be right: in memory when small, else in an unnamed file."""
    if record.size <= SMALL:
        with _opened(offer, record, verifying=True) as found:
            data = b"".join(bytes(chunk) for chunk in chunks_of(found.stream))
        return BytesContent(data, record.digest).open()
    try:
        aside = tempfile.TemporaryFile(dir=directory, prefix="coffre-get-")  # noqa: SIM115
    except OSError as error:
        raise SourceError(f"no place to keep the bytes aside: {error.strerror}") from error
    with aside:
        copy_verified(offer, record, aside.fileno())
        return FileStream(os.dup(aside.fileno()), "the bytes kept aside")


def copy_verified(offer: Offer, record: ObjectRecord, out: int) -> None:
    """Copy an object to an open file; digesting it and writing it go on at the same time.

    Args:
        offer: where a copy is.
        record: the object.
        out: descriptor of an empty file, at its first byte.

    Raises:
        CoffreError: the bytes are not right, or could not be had; the file is worthless.
    """
    if record.size <= SMALL:
        with _opened(offer, record, verifying=True) as found:
            for chunk in chunks_of(found.stream):
                write_all(out, chunk)
        return
    with _opened(offer, record, verifying=False) as found:
        _copy_in_two_threads(found, record, offer, out)


def _copy_in_two_threads(found: GetResult, record: ObjectRecord, offer: Offer, out: int) -> None:
    fanout = Fanout(
        OnceContent(found.stream),
        record.size,
        branches=1,
        algorithm=record.digest.algorithm,
        announced=record.digest,
    )
    problem: list[BaseException] = []
    writer = threading.Thread(
        target=_write_branch,
        args=(fanout.branches[0].open(), Filling(out, record.size), problem),
        name="coffre-get",
    )
    writer.start()
    try:
        fanout.run()
    except DigestMismatchError as error:
        corrupt = ObjectCorruptError(
            f"the copy is not the object: its bytes do not have digest {record.digest}",
            ref=record.ref,
        )
        corrupt.offer = offer.id
        raise corrupt from error
    finally:
        writer.join()
    if problem:
        raise SourceError(f"the bytes could not be kept aside: {problem[0]}") from problem[0]


def _write_branch(branch: ByteStream, out: Filling, problem: list[BaseException]) -> None:
    with branch:
        try:
            for chunk in chunks_of(branch):
                out.write(chunk)
            out.finish()
        except CoffreError:
            return  # the pass itself failed, and says so where it runs
        except OSError as error:
            problem.append(error)


def _opened(offer: Offer, record: ObjectRecord, *, verifying: bool) -> GetResult:
    request = GetRequest(ref=record.ref)
    if verifying:
        return offer.get(request, expected=record.digest, size=record.size)
    return offer.get(request, size=record.size)
