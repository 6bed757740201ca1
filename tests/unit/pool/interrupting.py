"""Interruptions at every point: an exception is raised at the n-th line, or the n-th moment at
which the interpreter would let a signal in, of the pool's own code.
"""

from __future__ import annotations

import dis
import gc
import linecache
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING

import coffre.pool

if TYPE_CHECKING:
    from _typeshed import TraceFunction

ROOM = str(Path(coffre.pool.__file__).parent)

LETS_SIGNALS_IN = {"CALL", "CALL_FUNCTION_EX", "RESUME", "JUMP_BACKWARD"}
"""Instructions after which CPython looks whether a signal has come."""


class Interruption(BaseException):
    """What a ``KeyboardInterrupt`` would do."""


class Interrupter:
    """Raises at the n-th point; counts the points when there are fewer."""

    def __init__(self, at: int, *, signals: bool) -> None:
        self.at = at
        self.count = 0
        self.signals = signals
        self.where = ""
        self._last: dict[FrameType, int] = {}

    def run(self, work: Callable[[], object]) -> bool:
        """Returns whether the work was interrupted."""
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            work()
        except Interruption:
            return True
        finally:
            sys.settrace(before)
        return False

    def _call(self, frame: FrameType, event: str, argument: object) -> TraceFunction | None:
        if not frame.f_code.co_filename.startswith(ROOM) or in_finaliser(frame):
            return None
        if self.signals:  # a signal may come in as a function begins
            self._point(frame)
        frame.f_trace_opcodes = self.signals
        frame.f_trace_lines = not self.signals
        return self._step

    def _step(self, frame: FrameType, event: str, argument: object) -> TraceFunction:
        if self.signals and event == "opcode":
            last = self._last.get(frame)
            self._last[frame] = frame.f_lasti
            if last is not None and stands_for_a_signal(frame.f_code, last, frame.f_lasti):
                self._point(frame)
        elif not self.signals and event == "line" and not self._leaves_a_lock(frame):
            self._point(frame)
        elif event == "return":
            self._last.pop(frame, None)
        return self._step

    @staticmethod
    def _leaves_a_lock(frame: FrameType) -> bool:
        """Whether a ``with`` is about to release its lock.

        CPython reports its line again then. No signal comes in there (the body's last call is
        inside, the release is the next one), so nothing has to be safe against it.
        """
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        return "with self._lock" in line and name_at(frame.f_code, frame.f_lasti) != "LOAD_FAST"

    def _point(self, frame: FrameType) -> None:
        self.count += 1
        if self.count == self.at:
            self.where = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            self._last.clear()
            raise Interruption(self.where)


def in_finaliser(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


_names: dict[CodeType, dict[int, str]] = {}


def name_at(code: CodeType, offset: int) -> str:
    if code not in _names:
        _names[code] = {one.offset: one.opname for one in dis.get_instructions(code)}
    return _names[code].get(offset, "")


_handlers: dict[CodeType, list[tuple[int, int, int]]] = {}


def handler_at(code: CodeType, offset: int) -> int | None:
    """Where an exception at that instruction is handled."""
    if code not in _handlers:
        parsed = dis._parse_exception_table(code)  # type: ignore[attr-defined]
        _handlers[code] = [(entry.start, entry.end, entry.target) for entry in parsed]
    for start, end, target in _handlers[code]:
        if start <= offset < end:
            return target
    return None


def stands_for_a_signal(code: CodeType, last: int, now: int) -> bool:
    """Whether raising at ``now`` is what a signal after the instruction at ``last`` would do.

    A signal is raised *at* that instruction, once it has had its effect. The next instruction
    is the same place only if the same handler covers both.
    """
    return name_at(code, last) in LETS_SIGNALS_IN and handler_at(code, last) == handler_at(
        code, now
    )


def every_interruption(
    prepare: Callable[[], Callable[[], object]], *, signals: bool, most: int = 3000
) -> Iterator[str]:
    """Do the work again and again, each time interrupted one point later; gives each place.

    Args:
        prepare: makes a fresh situation, and returns the work to be done in it.
        signals: at the points where signals come, instead of at every line.
        most: to stop a work that never ends.
    """
    gc.collect()
    gc.freeze()  # what is there already needs not be looked through each time
    for at in range(1, most):
        work = prepare()
        interrupter = Interrupter(at, signals=signals)
        interrupted = interrupter.run(work)
        del work
        if interrupter.where:
            yield interrupter.where + ("" if interrupted else " (caught)")
        else:
            gc.unfreeze()
            return
    raise AssertionError("the work has no end")
