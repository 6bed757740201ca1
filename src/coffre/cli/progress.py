"""Progress: a bar on a terminal's standard error; nothing at all anywhere else.

The library that draws is imported only when there is something to draw on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from coffre.cli.output import Output

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

REFRESH = 0.1
"""Seconds between two drawings: a job of small objects must not wait for its bar."""


@dataclass(frozen=True, slots=True)
class Total:
    """How much there is to do, where that is known beforehand."""

    objects: int
    size: int
    """Bytes."""


class Gauge(Protocol):
    """What a job tells how far it has come."""

    visible: bool
    """Whether anybody looks."""

    def reach(self, objects: int, size: int) -> None:
        """So many objects and bytes are done, in all."""
        ...

    def pass_by(self, count: int) -> None:
        """So many bytes more of the object in hand went by; any thread may say so."""
        ...


class _NoGauge:
    visible = False

    def pass_by(self, count: int) -> None:
        """Nobody looks."""

    def reach(self, objects: int, size: int) -> None:
        """Nobody looks."""


@contextmanager
def gauge(
    out: Output, title: str, measure: Callable[[], Total | None] = lambda: None
) -> Iterator[Gauge]:
    """Show how far a job has come, while inside.

    Args:
        out: lines printed meanwhile appear above the bar.
        title: what is being done, one word.
        measure: finds out how much there is to do, for a share and a time to go; called only
            when there is a bar to draw.
    """
    if out.as_json or out.quiet or not out.stderr.isatty():
        yield _NoGauge()
        return
    bar = _Bar(out, title, measure())
    with bar:
        yield bar


@contextmanager
def counter(out: Output, title: str, total: int, things: str) -> Iterator[Gauge]:
    """Show how many things of a known number are done, while inside.

    No thread draws it: whoever looks at the threads of this process meets none of ours.

    Args:
        out: lines printed meanwhile appear above the bar.
        title: what is being done, one word.
        total: how many there are.
        things: what they are, in the plural.
    """
    if out.as_json or out.quiet or not out.stderr.isatty():
        yield _NoGauge()
        return
    bar = _Counter(out, title, total, things)
    with bar:
        yield bar


class _Bar:
    """A bar drawn by rich; lines are handed to it in batches, since each costs a drawing."""

    visible = True

    def __init__(self, out: Output, title: str, total: Total | None) -> None:
        self._out = out
        self._progress = self._made()
        size = None if total is None else max(total.size, 1)
        self._objects = None if total is None else total.objects
        self._task: TaskID = self._progress.add_task(title, total=size, objects="")
        self._lines: list[str] = []
        self._drawn_at = 0.0
        self._done = (0, 0)
        self._passing = 0

    def reach(self, objects: int, size: int) -> None:
        """Note it; what was passing is part of it now."""
        self._done = (objects, size)
        self._passing = 0
        self._draw()

    def pass_by(self, count: int) -> None:
        """Note it until the object is done."""
        self._passing += count
        self._draw()

    def _draw(self) -> None:
        """Draw, when the last drawing is old enough."""
        now = time.monotonic()
        if now - self._drawn_at < REFRESH:
            return
        self._drawn_at = now
        self._update()
        self._show_lines()

    def _made(self) -> Progress:
        return _drawn(self._out)

    def _update(self) -> None:
        objects, size = self._done
        of = "" if self._objects is None else f"/{self._objects}"
        told = f"{objects}{of} objects"
        self._progress.update(self._task, completed=size + self._passing, objects=told)

    def _above(self, line: str) -> None:
        self._lines.append(line)
        if time.monotonic() - self._drawn_at >= REFRESH:
            self._drawn_at = time.monotonic()
            self._show_lines()

    def _show_lines(self) -> None:
        if self._lines:
            text, self._lines = "\n".join(self._lines), []
            # As it is: no markup, no colours of rich's own, no wrapping.
            self._progress.console.out(text, highlight=False)

    def __enter__(self) -> None:
        self._progress.start()
        self._out.above_bar = self._above

    def __exit__(self, *_: object) -> None:
        self._out.above_bar = None
        self._show_lines()
        self._progress.stop()


class _Counter(_Bar):
    """A bar of things that have no size."""

    def __init__(self, out: Output, title: str, total: int, things: str) -> None:
        self._total, self._things = total, things
        super().__init__(out, title, Total(total, total))

    def _made(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[objects]}"),
            TimeElapsedColumn(),
            console=Console(file=self._out.stderr),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            auto_refresh=False,
        )

    def _update(self) -> None:
        done = self._done[0]
        told = f"{done}/{self._total} {self._things}"
        self._progress.update(self._task, completed=done, objects=told, refresh=True)


def _drawn(out: Output) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[objects]}"),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
        console=Console(file=out.stderr),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=1 / REFRESH,
    )
