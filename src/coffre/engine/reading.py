"""Reading an object back: the first offer by rank that gives the right bytes.

*Verified* (the default): the bytes are kept aside and digested, and the first one is handed
over only once the last one was right; an offer that is down, lost the object or gives wrong
bytes is passed over for the next, and what it did is noted. *Streaming*: bytes pass as they
come, and wrong ones show at the end, as an error; nothing can be passed over by then.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from coffre.contract import (
    ByteStream,
    CoffreError,
    Digest,
    GetRequest,
    GetResult,
    ObjectNotFoundError,
    ObjectRef,
    SourceError,
)
from coffre.engine.context import Context
from coffre.engine.distribution import SMALL
from coffre.engine.errors import NoReadableCopyError
from coffre.engine.ledger import CopyState, EventKind, ObjectRecord
from coffre.engine.looking import look
from coffre.offer import Offer
from coffre.streams import BytesContent, Fanout, OnceContent, chunks_of


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class ObjectReader:
    """An object opened for reading. Close it, or leave the context it came from."""

    ref: ObjectRef
    size: int
    """Bytes."""
    digest: Digest
    """The expected digest, which the bytes have."""
    offer: str
    """The offer whose copy this is."""
    verified: bool
    """The bytes were held against the digest before the first one is given."""
    stream: _Readable
    passed_over: list[tuple[str, str]] = field(default_factory=list)
    """Offers tried before, each with the code of what was wrong there."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, all that remain when negative, ``b""`` at the end.

        Raises:
            ObjectCorruptError: in streaming mode, at the end: what was read is not the object.
        """
        return self.stream.read(size)

    def close(self) -> None:
        """Release what it holds."""
        self.stream.close()


def find(context: Context, ref: ObjectRef) -> ObjectRecord:
    """The object as the ledger knows it.

    Raises:
        ObjectNotFoundError: it is not stored, or was deleted.
    """
    record = context.ledger.find(ref)
    if record is None:
        raise ObjectNotFoundError(f"{ref} is not stored", ref=ref)
    return record


def holders(context: Context, record: ObjectRecord, only: str | None = None) -> Iterator[Offer]:
    """Offers to read from: those believed to hold a good copy first, each group by rank."""
    strategy = context.strategies.get(record.strategy)
    order = {} if strategy is None else {copy.offer: copy.rank for copy in strategy.copies}
    last = len(order) + 1
    copies = sorted(
        (copy for copy in record.copies if only is None or copy.offer == only),
        key=lambda c: (c.state is not CopyState.VERIFIED, order.get(c.offer, last), c.offer),
    )
    return (context.offers[copy.offer] for copy in copies if copy.offer in context.offers)


@contextmanager
def get(
    context: Context, ref: ObjectRef, *, verified: bool = True, only: str | None = None
) -> Iterator[ObjectReader]:
    """Open an object for reading.

    Args:
        context: the engine's surroundings.
        ref: the object.
        verified: keep the bytes aside until they are known to be right.
        only: read from this offer, or fail.

    Raises:
        ObjectNotFoundError: it is not stored.
        NoReadableCopyError: no offer gave the right bytes; each reason is told.
    """
    record = find(context, ref)

    def open_at(offer: Offer) -> _Readable:
        if not verified:
            request = GetRequest(ref=ref)
            return offer.get(request, expected=record.digest, size=record.size).stream
        return _kept_aside(offer, record, context.limits.spool_directory)

    reader = _first_good(context, record, only, open_at, verified=verified)
    try:
        yield reader
    finally:
        reader.close()


def fetch(context: Context, ref: ObjectRef, path: Path, *, overwrite: bool = False) -> ObjectReader:
    """Write an object to a file, which appears whole and verified, or not at all.

    Raises:
        ObjectNotFoundError: it is not stored.
        NoReadableCopyError: no offer gave the right bytes; each reason is told.
        SourceError: the file cannot be written, or exists and ``overwrite`` is unset.
    """
    record = find(context, ref)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".coffre-get-") as aside:

            def open_at(offer: Offer) -> _Readable:
                aside.seek(0)
                aside.truncate()
                _copy_verified(offer, record, cast(BinaryIO, aside.file))
                return aside

            reader = _first_good(context, record, None, open_at, verified=True)
            aside.flush()
            _put_in_place(aside.name, path, overwrite=overwrite)
            with suppress(FileNotFoundError):  # leaving wants to remove a name that moved
                aside.close()
    except FileNotFoundError:
        if not path.exists():
            raise SourceError(f"{path.parent} is not a directory") from None
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    return reader


def _put_in_place(aside: str, path: Path, *, overwrite: bool) -> None:
    umask = os.umask(0)
    os.umask(umask)
    os.chmod(aside, 0o666 & ~umask)  # a temporary file is private; the one asked for is not
    if overwrite:
        os.replace(aside, path)
    else:
        os.link(aside, path)


def _first_good(
    context: Context,
    record: ObjectRecord,
    only: str | None,
    open_at: Callable[[Offer], _Readable],
    *,
    verified: bool,
) -> ObjectReader:
    """Try offers in order; note what was wrong with those passed over."""
    passed_over: list[tuple[str, str]] = []
    reasons: list[str] = []
    for offer in holders(context, record, only):
        try:
            stream = open_at(offer)
        except CoffreError as error:
            passed_over.append((offer.id, error.code))
            reasons.append(f"{offer.id}: {error}")
            continue
        _note(context, record, passed_over)
        return ObjectReader(
            ref=record.ref,
            size=record.size,
            digest=record.digest,
            offer=offer.id,
            verified=verified,
            stream=stream,
            passed_over=passed_over,
        )
    _note(context, record, passed_over)
    told = "; ".join(reasons) or "no offer that is configured holds one"
    raise NoReadableCopyError(f"{record.ref} could not be read ({told})", ref=record.ref)


def _note(context: Context, record: ObjectRecord, passed_over: list[tuple[str, str]]) -> None:
    """Look again at what failed, and record what is certain; a read never fails for that."""
    for name, code in passed_over:
        if code not in ("object-not-found", "object-corrupt", "digest-mismatch", "size-mismatch"):
            continue  # nothing is known of the copy (law 2)
        seen = look(context.offers.get(name), record)
        if seen.state in (CopyState.MISSING, CopyState.CORRUPT):
            kind = (
                EventKind.COPY_MISSING
                if seen.state is CopyState.MISSING
                else EventKind.COPY_CORRUPT
            )
            with suppress(CoffreError):
                context.ledger.record_copy(
                    record.id,
                    name,
                    state=seen.state,
                    evidence=seen.evidence,
                    kind=kind,
                    code=seen.code,
                    detail=seen.detail,
                )


def _kept_aside(offer: Offer, record: ObjectRecord, directory: str | None) -> _Readable:
    """The whole object, known to be right: in memory when small, else in an unnamed file."""
    if record.size <= SMALL:
        with _opened(offer, record, verifying=True) as found:
            data = b"".join(bytes(chunk) for chunk in chunks_of(found.stream))
        return BytesContent(data, record.digest).open()
    aside = tempfile.TemporaryFile(dir=directory, prefix="coffre-get-")  # noqa: SIM115
    try:
        _copy_verified(offer, record, aside)
        aside.seek(0)
    except BaseException:
        aside.close()
        raise
    return aside


def _copy_verified(offer: Offer, record: ObjectRecord, out: BinaryIO) -> None:
    """Copy an object to a file; digesting it and writing it go on at the same time.

    Raises:
        CoffreError: the bytes are not right, or could not be had; the file is worthless.
    """
    if record.size <= SMALL:
        with _opened(offer, record, verifying=True) as found:
            out.writelines(chunks_of(found.stream))
        return
    with _opened(offer, record, verifying=False) as found:
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
    return offer.get(request)
