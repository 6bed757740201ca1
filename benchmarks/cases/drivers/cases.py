"""Large objects, small ones, and processor time: a driver beside what a user would pick."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from benchmarks.archives import MIB, size_text
from benchmarks.cases.drivers.peers import SMALL, OpenSsh
from benchmarks.cases.drivers.stores import Store, StoreMaker
from benchmarks.claims import claim
from benchmarks.measuring import Arm, Figure, Work, compare
from benchmarks.options import Options

LARGE = 256 * MIB
"""Bytes of a large object here; less when less is asked for."""
ROUND_TRIPS = 500
"""Small objects of one run over a real server; the stub gets as many as are asked for."""

_numbers = itertools.count()


def large_of(options: Options) -> int:
    """Bytes of a large object in this run."""
    return min(LARGE, options.size)


def _name(word: str) -> str:
    return f"{word}-{next(_numbers)}"


def _put_large(store: Store, size: int) -> Work:
    return lambda: store.put_large(_name("large"), size)


def _get_large(store: Store, size: int) -> Work:
    name = _name("large")
    store.put_large(name, size)
    return lambda: store.get_large(name, size)


def _put_small(store: Store, count: int) -> Work:
    store.put(_name("first"), SMALL)

    def work() -> None:
        for _ in range(count):
            store.put(_name("small"), SMALL)

    return work


def _get_small(store: Store, count: int) -> Work:
    names = [_name("small") for _ in range(min(count, 100))]
    for name in names:
        store.put(name, SMALL)

    def work() -> None:
        for name in itertools.islice(itertools.cycle(names), count):
            store.get(name, len(SMALL))

    return work


def _mixed_small(store: Store, count: int) -> Work:
    put, get = _put_small(store, count // 2), _get_small(store, count // 2)

    def work() -> None:
        put()
        get()

    return work


KINDS: dict[str, Callable[[Store, int], Work]] = {
    "put": _put_large,
    "get": _get_large,
    "small-put": _put_small,
    "small-get": _get_small,
    "cpu": _mixed_small,
}
Pair = Callable[[ExitStack, Path], tuple[StoreMaker, StoreMaker]]
"""Starts what is needed, and tells the peer and ours."""


def compared(options: Options, name: str, kind: str, pair: Pair, *, stub: bool = False) -> Figure:
    """One claim: the peer's time or processor time, and ours.

    Args:
        options: of the run.
        name: of the claim.
        kind: of work.
        pair: who is compared.
        stub: the service is one in memory, and bears all the objects that are asked for.
    """
    large = kind in ("put", "get")
    count = options.objects if stub else min(options.objects, ROUND_TRIPS)
    amount = large_of(options) if large else count
    with options.in_memory() as place, ExitStack() as stack:
        theirs, ours = pair(stack, place)
        setting = size_text(amount) if large else f"{amount} objects of {size_text(len(SMALL))}"
        return compare(
            claim(name),
            _arm(theirs, kind, amount),
            _arm(ours, kind, amount),
            place=place,
            runs=options.runs,
            setting=setting + (", service in memory" if stub else ", real server"),
            objects=1 if large else amount,
            keep=False,
        )


def _arm(maker: StoreMaker, kind: str, amount: int) -> Arm:
    @contextmanager
    def arm(place: Path) -> Iterator[Work]:
        with maker(place) as store:
            yield KINDS[kind](store, amount)

    return arm


# --- the program of OpenSSH, which moves files ----------------------------------------------


def against_openssh(
    options: Options, name: str, kind: str, ours: Callable[[Path], AbstractContextManager[Store]]
) -> Figure:
    """One claim, beside ``sftp``: a file each time, or a batch of small ones."""
    large = kind in ("put", "get")
    amount = large_of(options) if large else min(options.objects, ROUND_TRIPS)

    @contextmanager
    def theirs(place: Path) -> Iterator[Work]:
        yield from _batched(OpenSsh(place), kind, amount)

    with options.in_memory() as place:
        return compare(
            claim(name),
            theirs,
            _arm(ours, kind, amount),
            place=place,
            runs=options.runs,
            setting=size_text(amount) if large else f"{amount} objects of {size_text(len(SMALL))}",
            objects=1 if large else amount,
            keep=False,
        )


def _batched(program: OpenSsh, kind: str, amount: int) -> Iterator[Work]:
    large = kind in ("put", "get")
    size, count = (amount, 1) if large else (len(SMALL), amount)
    names = [_name("file") for _ in range(count)]
    for name in names:
        program.prepare(name, size)
    sending = [line for name in names for line in program.put_line(name)]
    if kind.endswith("put"):
        yield lambda: program.batch(sending)
        return
    program.batch(sending)
    fetching = [line for name in names for line in program.get_line(name)]
    yield lambda: program.batch(fetching)
    for name in names:
        program.received(name, size)
