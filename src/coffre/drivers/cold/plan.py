"""The plan: which drive reads what, and when. Pure: no file, no clock, no chance but a seed.

Time is not lived through but computed: whoever asks at a moment has every turn planned that
began before it. Turns are taken in the order in which they can begin, then in the order in which
they were asked for, so that the plan is the same whether it is made every second or once a week.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from coffre.drivers.cold.library import tape_name
from coffre.drivers.cold.settings import Settings

_LEAST = 1.0
"""Seconds that a failure takes at least, so that a library in which everything fails at once
still comes to an end of its plan."""


@dataclass(slots=True)
class Drive:
    """One drive; times are seconds of the library."""

    number: int
    tape: int | None = None
    """The tape in it."""
    free: float = 0.0
    """When it has done all that is planned."""
    broken: bool = False


@dataclass(slots=True)
class Recall:
    """One object to be read from tape."""

    seq: int
    """Order in which they were asked for."""
    tape: int
    size: int
    asked: float
    attempt: int = 0
    """Tries that have failed."""
    drive: int | None = None
    done: float | None = None
    """When its bytes are on disk; ``None`` while it waits for a drive."""


@dataclass(slots=True)
class Plan:
    """Drives, and what waits for them; :meth:`run` changes both."""

    settings: Settings
    drives: Sequence[Drive]
    sticking: frozenset[int] = frozenset()
    """Numbers of the tapes that cannot be mounted."""
    since: float = 0.0
    """When the plan was last made: what could not begin then does not begin before it now, even
    if a tape was mended since."""
    _queues: dict[int, deque[Recall]] = field(default_factory=dict)

    def run(self, recalls: Iterable[Recall], until: float) -> None:
        """Plan every turn that begins up to a moment.

        Args:
            recalls: those that wait, in the order in which they were asked for.
            until: the moment, now.
        """
        if not self.drives:
            return
        for recall in recalls:
            if not self._sticks(recall.tape):
                self._queues.setdefault(recall.tape, deque()).append(recall)
        while self._queues:
            begin, _, recall, drive = min(self._turn(queue[0]) for queue in self._queues.values())
            if begin > until:
                return
            self._take(recall, self.drives[drive], begin)

    def _sticks(self, tape: int) -> bool:
        return tape in self.sticking or tape_name(tape) in self.settings.tapes_that_stick

    def _turn(self, recall: Recall) -> tuple[float, int, Recall, int]:
        """When the first that waits for a tape can begin, and in which drive (by index).

        A tape is in one place at a time: who wants the one that is in a drive waits for that.
        """
        mounted = [n for n, drive in enumerate(self.drives) if drive.tape == recall.tape]
        among = mounted or range(len(self.drives))
        index = min(among, key=lambda n: self.drives[n].free)
        begin = max(recall.asked, self.drives[index].free, self.since)
        return begin, recall.seq, recall, index

    def _take(self, recall: Recall, drive: Drive, begin: float) -> None:
        settings = self.settings
        moment = begin
        if drive.tape != recall.tape:
            drive.tape = None
            moment += settings.robot_time + settings.mount_time
            if self._fails("mount", recall, settings.mount_failures):
                drive.free = max(moment, begin + _LEAST)
                recall.attempt += 1
                return
            drive.tape = recall.tape
        reading = settings.seek_time + recall.size / settings.read_speed
        if self._fails("drive", recall, settings.drive_failures):
            # It breaks half-way; the tape goes back to its shelf.
            recall.asked = max(moment + reading / 2, begin + _LEAST)
            recall.attempt += 1
            drive.tape = None
            drive.free = recall.asked + settings.repair_time
            return
        recall.drive, recall.done = drive.number, moment + reading
        drive.free = recall.done
        queue = self._queues[recall.tape]
        queue.popleft()
        if not queue:
            del self._queues[recall.tape]

    def _fails(self, what: str, recall: Recall, share: float) -> bool:
        """Chance, the same each time the same plan is made."""
        if not share:
            return False
        seed = sha256(f"{what} {recall.seq} {recall.attempt}".encode()).digest()
        return int.from_bytes(seed[:8]) < share * 2**64
