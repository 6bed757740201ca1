"""Bulk put: many objects written aside, flushed together, named, flushed together.

A flush waits for the device, whatever it flushes: one for a hundred objects costs what one for
a single object does. Each object is still whole or not at all, and none is acknowledged
before it is durable. One that fails, or whose content does, stops nobody.

Many objects go in groups, each a step behind the next: while one group is flushed, the next is
written aside, and one flush of the file system serves the bytes of a group and the names of the
group before.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from coffre.contract import (
    SYSTEM_CLOCK,
    BulkPutRequest,
    CoffreError,
    PutRequest,
    PutResult,
    as_text,
)
from coffre.drivers.filesystem.errors import offer_error, translating
from coffre.drivers.filesystem.flushing import (
    start_write_back,
    sync_file_system,
    syncfs_tells_errors,
)
from coffre.drivers.filesystem.refusing import refuse_retention
from coffre.drivers.filesystem.root import Root
from coffre.drivers.filesystem.writing import Staged, publish, result_of, stage

TOGETHER = 64
"""Objects of a group at most; each of two groups holds as many files open."""
WORTH_A_SYNC = 16
"""Objects from which one flush of the whole file system is cheaper than one for each folder."""

Outcome = PutResult | CoffreError
"""What became of one object."""
Numbered = Sequence[tuple[int, PutRequest]]
"""Requests, each with its place among all of them."""
Group = dict[int, Staged]
"""Objects on their way, by their place in the request."""
Failures = dict[int, CoffreError]
"""Why objects of a group were not made durable."""


def bulk_put(root: Root, request: BulkPutRequest) -> Sequence[Outcome]:
    """Store several objects; see ``SupportsBulkPut``."""
    many = len(request.puts) >= WORTH_A_SYNC and syncfs_tells_errors()
    putting = _Many(root) if many else _Few(root)
    return putting.run(request.puts)


def _together() -> int:
    """How many files to open for a group: most of the limit is left to everybody else."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return TOGETHER if allowed == resource.RLIM_INFINITY else max(1, min(TOGETHER, allowed // 8))


class _Few:
    """Some objects: each file is flushed, and each folder."""

    each = True
    """Whatever has files of its own is flushed by itself, not with the file system."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._moment = as_text(SYSTEM_CLOCK.now())
        self._outcomes: dict[int, Outcome] = {}
        self._there: set[int] = set()

    def run(self, puts: Sequence[PutRequest]) -> list[Outcome]:
        numbered = list(enumerate(puts))
        step = _together()
        groups = [numbered[start : start + step] for start in range(0, len(numbered), step)]
        self._put(groups)
        return [self._outcomes[index] for index in range(len(puts))]

    def _put(self, groups: Sequence[Numbered]) -> None:
        for puts in groups:
            staged: Group = {}
            try:
                self._stage(puts, staged)
                named = self._publish(staged, self._flush_bytes(staged))
            finally:
                _let_go(staged)
            self._acknowledge(named, _flush_folders(self._root, named))

    def _stage(self, puts: Numbered, staged: Group) -> None:
        """Write objects aside, and add them to a group, whose files are then to be let go."""
        for index, put in puts:
            try:
                refuse_retention(put)
                staged[index] = stage(self._root, put, self._moment, flush=self.each)
            except CoffreError as error:
                self._outcomes[index] = error

    def _flush_bytes(self, staged: Group) -> Failures:
        """Make the bytes of each ready for its name; which failed, and why."""
        failed: Failures = {}
        for step in (_start, _settle) if self._root.settings.flush else ():
            for index in staged.keys() - failed.keys():
                try:
                    step(self._root, staged[index])
                except CoffreError as error:
                    failed[index] = error
        return failed

    def _publish(self, staged: Group, failed: Failures) -> Group:
        """Name each object whose bytes are ready."""
        self._outcomes.update(failed)
        named: Group = {}
        for index, item in staged.items():
            try:
                if index not in failed:
                    self._publish_one(index, item)
                    named[index] = item
            except CoffreError as error:
                self._outcomes[index] = error
            except OSError as error:
                self._outcomes[index] = offer_error(error, item.request.ref)
        return named

    def _publish_one(self, index: int, item: Staged) -> None:
        if publish(self._root, item, flush=self.each):
            self._there.add(index)

    def _acknowledge(self, named: Group, failed: Failures) -> None:
        for index, item in named.items():
            durable = result_of(self._root, item, index in self._there)
            self._outcomes[index] = failed.get(index) or durable


class _Many(_Few):
    """Many objects: the whole file system is flushed, in the background where that helps."""

    each = False
    _unsure: OSError | None = None
    """Why the last flush failed, if it did."""

    def _put(self, groups: Sequence[Numbered]) -> None:
        if len(groups) == 1 or not self._root.settings.flush:
            # Nothing else to do meanwhile: the flush happens when its answer is asked for.
            self._put_in_turn(groups, lambda *given: partial(self._flush, *given))
            return
        with ThreadPoolExecutor(1, thread_name_prefix="coffre-flush") as thread:
            self._put_in_turn(groups, lambda *given: thread.submit(self._flush, *given).result)

    def _put_in_turn(
        self,
        groups: Sequence[Numbered],
        begin: Callable[[Group, Group], Callable[[], Failures]],
    ) -> None:
        """Take every group from step to step.

        Args:
            groups: what to store.
            begin: begins a flush, and gives what waits for its end.
        """
        before: Group = {}
        staged: Group = {}
        named: Group = {}
        flushed: Callable[[], Failures] = dict
        try:
            for puts in (*groups, (), ()):
                before, staged = staged, {}
                self._stage(puts, staged)
                failed = flushed()  # bytes of the group before, and names of the one before that
                self._give_up_if_unsure(staged)
                self._acknowledge(named, failed)
                named = self._publish(before, failed)
                _let_go(before)
                flushed = begin(staged, named)
        finally:
            _let_go(before)
            _let_go(staged)

    def _flush(self, staged: Group, named: Group) -> Failures:
        """Make the bytes of one group ready for their names, and the names of another durable."""
        ordered = self._root.keeps_order()
        failed = self._flush_bytes(staged) if ordered else {}
        waiting = named if ordered else staged | named
        try:
            if waiting and self._root.settings.flush:
                sync_file_system(self._root.fd)
        except OSError as error:
            # It says nothing good of any of them.
            self._unsure = error
            failed |= _failures(error, waiting)
        return failed

    def _give_up_if_unsure(self, staged: Group) -> None:
        """After a flush that failed, give up what was being written aside meanwhile.

        A byte of it may be what could not be written, and the next flush would not say so again.
        """
        error, self._unsure = self._unsure, None
        if error is not None:
            self._outcomes.update(_failures(error, staged))
            _let_go(staged)
            staged.clear()


def _failures(error: OSError, group: Group) -> Failures:
    return {index: offer_error(error, item.request.ref) for index, item in group.items()}


def _let_go(staged: Group) -> None:
    for item in staged.values():
        item.part.close()


def _start(root: Root, staged: Staged) -> None:
    """Begin writing one back; the device then has them all to work on."""
    del root
    with translating(staged.request.ref):
        start_write_back(staged.part.fd)


def _settle(root: Root, staged: Staged) -> None:
    with translating(staged.request.ref):
        root.settle_bytes(staged.part.fd, attached=staged.attached)


def _flush_folders(root: Root, staged: Group) -> Failures:
    failures: dict[str, OSError] = {}
    for folder in {item.place.folder for item in staged.values()}:
        try:
            root.flush_names(folder)
        except OSError as error:
            failures[folder] = error
    return {
        index: offer_error(failures[item.place.folder], item.request.ref)
        for index, item in staged.items()
        if item.place.folder in failures
    }
