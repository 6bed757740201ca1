"""Whatever sources and offers do, the pass ends, and nothing wrong is whole anywhere.

Chunks are made small here, so that thousands of lives of a ring are tried in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import Digest, DigestAlgorithm, OfferFullError
from coffre.streams import Branch, Fanout, fanout, reading, ring
from tests.unit.streams.support import PATIENCE, Offer, Trickle, drive, some_bytes

SMALL_CHUNK = 16


@pytest.fixture(autouse=True, scope="module")
def _small_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (fanout, reading, ring):
            patch.setattr(module, "CHUNK", SMALL_CHUNK)
        yield


@dataclass(frozen=True)
class Life:
    """How one offer takes its branch: sessions that break, then how the last one ends."""

    breaks: tuple[int, ...]
    """Bytes taken by each session that breaks; the first two open the branch once each."""
    closes: bool
    """Whether a session that breaks closes its stream."""
    ends: str
    """``whole``, ``by length``, ``full`` after some bytes, or ``away`` (never opens again)."""
    step: int

    def offer(self, size: int) -> Offer:
        def take(branch: Branch) -> bytes:
            for count in self.breaks:
                stream = branch.open()
                stream.read(count)
                if self.closes:
                    stream.close()
            if self.ends == "away":
                raise OfferFullError("no connection")
            with branch.open() as stream:
                if self.ends == "full":
                    stream.read(self.step)
                    raise OfferFullError("no room")
                left = size if self.ends == "by length" else 1 << 30
                pieces = []
                while left and (piece := stream.read(min(self.step, left))):
                    pieces.append(piece)
                    left -= len(piece)
                return b"".join(pieces)

        return take


LIVES = st.builds(
    Life,
    breaks=st.lists(st.integers(0, 100), max_size=2).map(tuple),
    closes=st.booleans(),
    ends=st.sampled_from(["whole", "by length", "full", "away"]),
    step=st.integers(1, 200),
)


@dataclass(frozen=True)
class Fault:
    """What is wrong with the source, if anything."""

    kind: str
    at: int

    def source(self, data: bytes, step: int) -> Trickle:
        if self.kind == "fails":
            return Trickle(data[: self.at], step, error=OSError(5, "Input/output error"))
        if self.kind == "short":
            return Trickle(data[: self.at], step)
        if self.kind == "long":
            return Trickle(data + b"x" * (self.at + 1), step)
        return Trickle(data, step)

    def announced(self, data: bytes) -> Digest | None:
        if self.kind == "announced":
            return DigestAlgorithm.MD5.of(data)
        if self.kind == "misannounced":
            return DigestAlgorithm.SHA512.of(data + b"x")
        return None

    def wrong(self, size: int) -> bool:
        if self.kind == "short":
            return self.at < size
        return self.kind in ("fails", "long", "misannounced")


FAULTS = st.builds(
    Fault,
    kind=st.sampled_from(["none", "none", "announced", "fails", "short", "long", "misannounced"]),
    at=st.integers(0, 150),
)


@given(
    size=st.integers(0, 12 * SMALL_CHUNK),
    lives=st.lists(LIVES, max_size=4),
    fault=FAULTS,
    step=st.integers(1, 50),
)
def test_all_that_succeed_hold_the_same_right_bytes(
    size: int, lives: list[Life], fault: Fault, step: int
) -> None:
    data = some_bytes(size)
    pass_ = Fanout(
        fault.source(data, step),
        size,
        branches=len(lives),
        announced=fault.announced(data),
        stall=PATIENCE * 10,
    )

    result, outcomes = drive(pass_, [life.offer(size) for life in lives])

    if fault.wrong(size):
        assert not isinstance(result, Digest)
        # An empty object is whole before it is begun: only who asks for the end is told.
        assert size == 0 or all(o.data is None or len(o.data) < size for o in outcomes)
        return
    assert result == DigestAlgorithm.SHA512.of(data)
    for life, outcome in zip(lives, outcomes, strict=True):
        if life.ends in ("whole", "by length"):
            assert outcome.data == data
        else:
            assert isinstance(outcome.error, OfferFullError)
