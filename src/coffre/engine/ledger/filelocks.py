"""Claims of an embedded ledger: locks of the kernel on a file beside the database.

A claim is one open file description on ``<database>-claims`` that locks, for each reference, the
byte whose offset is the reference's number. The file stays empty: a lock needs no byte to be
there. Source: fcntl_locking(2), "Open file description locks", Linux 3.15.

- Descriptions exclude each other whoever opened them: processes, threads, two ledgers of one.
- The kernel lets go when the last descriptor of a description is closed, by ``kill -9`` too.
- A ``fork`` copies descriptors. The child closes its copies at once, so that a claim dies with
  the process that took it. Releasing unlocks before it closes, and so does not wait for a child
  that was made by other means than :func:`os.fork`, or has not got that far.
- The file is opened anew for each claim. If somebody removes it, it is made again, and claims
  taken before and after do not see each other; what is recorded is still decided by the ledger.

Where the kernel has no such locks (macOS, the BSDs), :mod:`~coffre.engine.ledger.processlocks`
stands in.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterable

from coffre.contract import ObjectRef
from coffre.engine.ledger.claims import Claim, Claims, busy, number_of
from coffre.engine.ledger.errors import LedgerError

_FLOCK = struct.Struct("hhqqi4x")
"""``struct flock`` of Linux: type, whence, start, length, process (0 for these locks)."""
_EVERYTHING = _FLOCK.pack(fcntl.F_UNLCK, os.SEEK_SET, 0, 0, 0)
_BUSY = (errno.EAGAIN, errno.EACCES)


class FileClaim(Claim):
    """One open file description, and the locks it holds."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        """Take over a descriptor with its locks."""
        self._descriptor = descriptor
        _held.add(self)

    def release(self) -> None:
        """See :meth:`Claim.release`."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            _held.discard(self)
            _let_go(descriptor)

    def disown(self) -> None:
        """Close the copy that a forked child was given; the parent's locks stay."""
        os.close(self._descriptor)
        self._descriptor = -1


_held: set[FileClaim] = set()
"""Every claim that this process holds."""


class FileClaims(Claims):
    """Claims on the references of one SQLite file."""

    def __init__(self, database: str) -> None:
        """Keep them beside a database; nothing is made before the first claim."""
        self._path = path_of_claims(database)

    def take(self, refs: Iterable[ObjectRef]) -> Claim:
        """See :meth:`Claims.take`."""
        by_number = {number_of(ref): ref for ref in refs}
        descriptor = open_claims(self._path)
        try:
            # In one order everywhere: of two that want the same, one gets all of it. From the
            # last on, since the kernel looks for a lock's place from the first on.
            for number in sorted(by_number, reverse=True):
                lock = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, number, 1, 0)
                fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, lock)
            return FileClaim(descriptor)
        except OSError as error:
            _let_go(descriptor)
            if error.errno in _BUSY:
                raise busy(by_number[number]) from None
            raise unclaimable(self._path, error) from error
        except BaseException:
            _let_go(descriptor)
            raise

    def is_taken(self, ref: ObjectRef) -> bool:
        """See :meth:`Claims.is_taken`."""
        question = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, number_of(ref), 1, 0)
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                answer: bytes = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, question)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            return False  # nobody ever claimed anything
        except OSError as error:
            raise unclaimable(self._path, error) from error
        kind: int = _FLOCK.unpack(answer)[0]
        return kind != fcntl.F_UNLCK


def path_of_claims(database: str) -> str:
    """The file of claims beside a database: one, whatever links lead to the database."""
    return os.path.realpath(database) + "-claims"


def open_claims(path: str) -> int:
    """Open the file of claims, made if there is none; its descriptor.

    Raises:
        LedgerError: it cannot be opened or made.
    """
    try:
        try:
            return os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return _make(path)
    except OSError as error:
        raise unclaimable(path, error) from error


def unclaimable(path: str, error: OSError) -> LedgerError:
    """What an error of the file of claims means to whoever uses the ledger."""
    return LedgerError(
        f"no object can be claimed in {path} ({error.strerror}); check that this user may write "
        "the file and its folder, and that the folder is on a local disk"
    )


def _make(path: str) -> int:
    """Make the file for whoever may write the database, as SQLite does for its own."""
    model = os.stat(path.removesuffix("-claims"))
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.geteuid() == 0:
            os.fchown(descriptor, model.st_uid, model.st_gid)
        if os.fstat(descriptor).st_uid == os.geteuid():  # else another process was first
            os.fchmod(descriptor, model.st_mode & 0o666)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _let_go(descriptor: int) -> None:
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _EVERYTHING)
    finally:
        os.close(descriptor)


def _disown_all() -> None:
    """In a forked child: what the parent holds is the parent's."""
    for claim in _held:
        claim.disown()
    _held.clear()


os.register_at_fork(after_in_child=_disown_all)
