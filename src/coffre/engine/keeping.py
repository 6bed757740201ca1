"""Keeping aside: the bytes of one copy, held until the last of them is known to be right."""

from __future__ import annotations

import tempfile
import threading
from typing import BinaryIO, Protocol

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
from coffre.streams import BytesContent, Fanout, OnceContent, chunks_of


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
    try:
        copy_verified(offer, record, aside)
        aside.seek(0)
    except BaseException:
        aside.close()
        raise
    return aside


def copy_verified(offer: Offer, record: ObjectRecord, out: BinaryIO) -> None:
    """Copy an object to a file; digesting it and writing it go on at the same time.

    Raises:
        CoffreError: the bytes are not right, or could not be had; the file is worthless.
    """
    if record.size <= SMALL:
        with _opened(offer, record, verifying=True) as found:
            out.writelines(chunks_of(found.stream))
        return
    with _opened(offer, record, verifying=False) as found:
        _copy_in_two_threads(found, record, offer, out)


def _copy_in_two_threads(
    found: GetResult, record: ObjectRecord, offer: Offer, out: BinaryIO
) -> None:
    fanout = Fanout(
        OnceContent(found.stream),
        record.size,
        branches=1,
        algorithm=record.digest.algorithm,
        announced=record.digest,
    )
    problem: list[BaseException] = []
    writer = threading.Thread(
        target=_write_branch, args=(fanout.branches[0].open(), out, problem), name="coffre-get"
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


def _write_branch(branch: ByteStream, out: BinaryIO, problem: list[BaseException]) -> None:
    with branch:
        try:
            out.writelines(chunks_of(branch))
        except CoffreError:
            return  # the pass itself failed, and says so where it runs
        except OSError as error:
            problem.append(error)


def _opened(offer: Offer, record: ObjectRecord, *, verifying: bool) -> GetResult:
    request = GetRequest(ref=record.ref)
    if verifying:
        return offer.get(request, expected=record.digest, size=record.size)
    return offer.get(request, size=record.size)
