"""A lease and its return, by one thread: every pool in turn, again and again."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache, partial

from benchmarks.cases.pool.fakes import warm_pool
from benchmarks.cases.pool.peers import OURS, PEERS, Peer
from benchmarks.claims import claim
from benchmarks.measuring import Figure, Pair, Sample, timed
from benchmarks.options import Case, Options

ROUNDS_EACH = 5
"""Slices of one run: a disturbance of the machine meets one, and the least is kept."""
Run = Mapping[str, Sample]


def one_after_the_other(peer: Peer, count: int) -> None:
    """Borrow and give back."""
    take, give = peer.take, peer.give
    for _ in range(count):
        give(take())


@cache
def runs_of(runs: int, count: int) -> list[Run]:
    """Measure all peers, interleaved; once, for all the claims that are ratios of this."""
    with ExitStack() as stack:
        peers = {name: stack.enter_context(made()) for name, made in PEERS.items()}
        for peer in peers.values():
            one_after_the_other(peer, count // 10)
        return [_run(peers, count) for _ in range(runs)]


def _run(peers: Mapping[str, Peer], count: int) -> Run:
    gc.collect()
    slices = [
        {name: timed(partial(one_after_the_other, peer, count)) for name, peer in peers.items()}
        for _ in range(ROUNDS_EACH)
    ]
    return {name: min((one[name] for one in slices), key=lambda it: it.wall) for name in peers}


def _setting(count: int) -> str:
    return f"{count} leases one after the other, the best of {ROUNDS_EACH} in each run"


def _slice(options: Options) -> int:
    return options.leases // ROUNDS_EACH


def _each(options: Options) -> Figure:
    count = _slice(options)
    runs = runs_of(options.runs, count)
    notes = {
        f"us each, {name}": min(run[name].wall for run in runs) / count * 1e6 for name in PEERS
    }
    return Figure(
        claim=claim("pool-lease"),
        values=tuple(run[OURS].wall / count * 1e6 for run in runs),
        setting=_setting(count),
        notes=notes,
    )


def _beside(options: Options, peer: str) -> Figure:
    count = _slice(options)
    runs = runs_of(options.runs, count)
    return Figure(
        claim=claim(f"pool-lease-{peer}"),
        values=tuple(run[peer].wall / run[OURS].wall for run in runs),
        setting=_setting(count),
        pairs=tuple(Pair(run[peer], run[OURS]) for run in runs),
    )


def _with(options: Options) -> Figure:
    count = _slice(options)

    with warm_pool() as pool:

        def blocks() -> None:
            lease = pool.lease
            for _ in range(count):
                with lease():
                    pass

        values = [
            min(timed(blocks).wall for _ in range(ROUNDS_EACH)) / count * 1e6
            for _ in range(options.runs)
        ]
    return Figure(claim=claim("pool-lease-with"), values=tuple(values), setting=_setting(count))


CASES: dict[str, Case] = {
    "pool-lease": _each,
    "pool-lease-with": _with,
    **{f"pool-lease-{peer}": partial(_beside, peer=peer) for peer in PEERS if peer != OURS},
}
