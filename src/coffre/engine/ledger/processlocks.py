"""Claims of an embedded ledger where the kernel has no locks of open file descriptions.

The older kind of lock belongs to a process as a whole: its threads do not exclude each other,
and closing any descriptor of the file gives all of them up (POSIX.1, ``fcntl``). So one process
opens each file of claims once, keeps it open, and notes what its own claims hold. Otherwise all
is as in :mod:`~coffre.engine.ledger.filelocks`: the same file, the same numbers, given back by
the kernel when the process dies.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterable, Sequence

from coffre.contract import ObjectRef
from coffre.engine.ledger.claims import Claim, Claims, busy, number_of
from coffre.engine.ledger.filelocks import open_claims, path_of_claims, unclaimable


class _File:
    """One file of claims, as this process has it open."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = open_claims(path)
        self._lock = threading.Lock()
        self._mine: set[int] = set()

    def lock(self, number: int) -> bool:
        """Lock one number; whether nobody else, in this process or another, holds it."""
        with self._lock:
            if number in self._mine:
                return False
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            except (BlockingIOError, PermissionError):
                return False
            self._mine.add(number)
            return True

    def unlock(self, numbers: Iterable[int]) -> None:
        """Give numbers back that :meth:`lock` gave."""
        with self._lock:
            for number in numbers:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, number)
                self._mine.discard(number)


_files: dict[str, _File] = {}
"""By path. Never closed: see above. A forked child begins with none, for it holds nothing."""
os.register_at_fork(after_in_child=_files.clear)


class ProcessClaim(Claim):
    """Numbers that this process has locked."""

    __slots__ = ("_file", "_numbers")

    def __init__(self, file: _File, numbers: Sequence[int]) -> None:
        """Take over these locks."""
        self._file = file
        self._numbers = numbers

    def release(self) -> None:
        """See :meth:`Claim.release`. In a forked child there is nothing to unlock."""
        numbers, self._numbers = self._numbers, ()
        if _files.get(self._file.path) is self._file:
            self._file.unlock(numbers)


class ProcessClaims(Claims):
    """Claims on the references of one SQLite file."""

    def __init__(self, database: str) -> None:
        """Keep them beside a database; nothing is made before the first claim."""
        self._path = path_of_claims(database)

    def take(self, refs: Iterable[ObjectRef]) -> Claim:
        """See :meth:`Claims.take`."""
        by_number = {number_of(ref): ref for ref in refs}
        file = self._file()
        taken: list[int] = []
        try:
            for number in sorted(by_number, reverse=True):
                if not file.lock(number):
                    raise busy(by_number[number])
                taken.append(number)
        except BaseException as error:
            file.unlock(taken)
            if isinstance(error, OSError):
                raise unclaimable(self._path, error) from error
            raise
        return ProcessClaim(file, taken)

    def is_taken(self, ref: ObjectRef) -> bool:
        """See :meth:`Claims.is_taken`. Asked by trying, which others may meet for a moment."""
        file, number = self._file(), number_of(ref)
        if not file.lock(number):
            return True
        file.unlock([number])
        return False

    def _file(self) -> _File:
        # Of two threads that open it at once, one leaves its own open: closing would unlock.
        return _files.get(self._path) or _files.setdefault(self._path, _File(self._path))
