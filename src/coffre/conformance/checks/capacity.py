"""Checks of the room that is told."""

from __future__ import annotations

from coffre.conformance.bench import Bench
from coffre.conformance.broken import NotTried, expect, raises, same
from coffre.conformance.check import check
from coffre.conformance.contents import some_bytes
from coffre.contract import CapacityResult, OfferFullError
from coffre.streams import CHUNK

MOST = 64 * CHUNK
"""Bytes with which a check may fill an offer."""


@check("capacity.units")
def it_adds_up(bench: Bench) -> None:
    """Before and after an object is stored."""
    with bench.session() as session:
        _adds_up(session.capacity())
        session.put("it", some_bytes(1000))
        _adds_up(session.capacity())


@check("capacity.units")
def it_is_told_in_bytes(bench: Bench) -> None:
    """Three mebibytes are stored: what is used is no less, what was free was more."""
    with bench.session() as session:
        before = session.capacity()
        session.put("it", some_bytes(3 * CHUNK))
        after = session.capacity()
    if after.used is not None:
        expect(after.used >= 3 * CHUNK, f"{3 * CHUNK} bytes are held, and {after.used} are used")
    if before.free is not None:
        expect(before.free >= 3 * CHUNK, f"{3 * CHUNK} bytes fitted where {before.free} were free")
    if before.total is not None:
        expect(before.total >= 3 * CHUNK, f"{3 * CHUNK} bytes fit into {before.total} in all")
    if (after.used, after.free, after.total) == (None, None, None):
        bench.remark("nothing is told of the room left (CapacityResult)")


@check("capacity.full")
def what_does_not_fit_is_refused_and_leaves_nothing(bench: Bench) -> None:
    """A byte more than is free, where that is little; half of it fits afterwards, and counts.

    Not all of what is free: names and records take room as well, and who can say how much?
    """
    with bench.session() as session:
        free = session.capacity().free
        if free is None or free > MOST:
            raise NotTried(f"the offer has more room than the {MOST} bytes that a check may fill")
        data = bench.random.randbytes(free + 1)  # what repeats, some services store in less
        with raises(OfferFullError, f"a put of {free + 1} bytes where {free} are free"):
            session.put("it", data)
        session.absent("it")
        same(session.names(), [], "the container")
        session.put("it", data[: free // 2])
        left = session.capacity().free
        expect(left is not None and left <= free - free // 2, f"{left} bytes are free after it")
    same(bench.at_rest("it"), data[: free // 2], "the bytes held")


def _adds_up(told: CapacityResult) -> None:
    for name in ("total", "used", "free"):
        amount = getattr(told, name)
        whole = amount is None or (type(amount) is int and amount >= 0)
        expect(whole, f"CapacityResult.{name} is {amount!r}")
    if told.total is not None:
        expect((told.used or 0) <= told.total, f"more is used than there is: {told}")
        expect((told.free or 0) <= told.total, f"more is free than there is: {told}")
