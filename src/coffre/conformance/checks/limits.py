"""Checks of large objects, many objects, long listings, many sessions; and figures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, same
from coffre.conformance.check import check, check_each
from coffre.conformance.checks.services import bulk, deposit
from coffre.conformance.contents import some_bytes
from coffre.conformance.session import Session
from coffre.conformance.together import together
from coffre.contract import (
    SYSTEM_CLOCK,
    Buffer,
    Capability,
    Digest,
    DigestAlgorithm,
    PutRequest,
    PutResult,
)
from coffre.streams import CHUNK, ReadableStream

MANY = 10_000
"""Objects of one container that every driver lists whole."""
BATCH = 500
"""Objects of one bulk put."""
SESSIONS = 32
"""Sessions at once."""


class LongContent:
    """A long object that is made while it is read: its mebibytes differ, and take no memory."""

    def __init__(self, size: int) -> None:
        """Say how long."""
        self.size = size
        """Length, in bytes."""

    def open(self) -> ReadableStream:
        """A fresh stream."""
        return _LongStream(self.size)

    def digest(self) -> Digest:
        """Its digest, computed from the bytes."""
        hasher = hashlib.sha512()
        for piece in _pieces(self.size):
            hasher.update(piece)
        return Digest(DigestAlgorithm.SHA512, hasher.digest())


class _LongStream(ReadableStream):
    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def chunks(self) -> Iterator[Buffer]:
        return _pieces(self._size)


def _pieces(size: int) -> Iterator[bytes]:
    block = some_bytes(CHUNK)
    for number in range(-(-size // CHUNK)):
        piece = number.to_bytes(8, "big") + block[8:]
        yield piece[: min(CHUNK, size - number * CHUNK)]


@check("limits.large")
def a_large_object_passes_whole(bench: Bench) -> None:
    """As large as the harness says, made while it is sent; digested while it is read back."""
    content = LongContent(bench.harness.large_object)
    digest = content.digest()
    request = PutRequest(
        ref=bench.ref("large"), content=content, size=content.size, expected=digest
    )
    with bench.session() as session:
        result = session.store(request)
        same((result.size, result.digest), (content.size, digest), "size and digest in the result")
        same(session.stat("large").size, content.size, "the size by stat")
        hasher, length = hashlib.sha512(), 0
        with session.get("large") as opened:
            while data := opened.stream.read(CHUNK):
                hasher.update(data)
                length += len(data)
        same(length, content.size, "the number of bytes read")
        same(hasher.digest(), digest.value, "their digest")
        _last_bytes(session, content)


def _last_bytes(session: Session, content: LongContent) -> None:
    if Capability.RANGE_READ in session.connection.capabilities:
        end = b""
        for piece in _pieces(content.size):
            end = end[-10:] + piece
        found = session.read("large", offset=content.size - 10)
        same(found, end[-10:], "the last ten bytes, by range")


@check("limits.objects")
def ten_thousand_objects_are_listed_whole_and_in_order(bench: Bench) -> None:
    """All at once, page by page, from the middle, and by prefix; then they are deleted."""
    names = [f"n{number:05}" for number in range(MANY)]
    bench.random.shuffle(shuffled := list(names))
    with bench.session() as session:
        _store_all(bench, session, shuffled)
        with session.listing() as listing:
            found = [entry.identifier for entry in listing]
        same(len(found), MANY, "the number of entries")
        expect(found == names, "ten thousand entries are not those stored, in order")
        expect(listing.complete, "the listing is not complete")
        expect(_pages(session, 999) == names, "the pages together are not the whole listing")
        same(session.names(after="n04999", limit=2), names[5000:5002], "entries from the middle")
        same(session.names(prefix="n0999"), names[9990:], "entries of a prefix")


def _store_all(bench: Bench, session: Session, names: list[str]) -> None:
    if not bench.has(Capability.BULK_PUT):
        for name in names:
            session.put(name, b"")
        return
    for start in range(0, len(names), BATCH):
        puts = [deposit(session, name, b"") for name in names[start : start + BATCH]]
        bad = [one for one in bulk(bench, session, puts) if not isinstance(one, PutResult)]
        same(bad, [], "the puts that failed")


def _pages(session: Session, size: int) -> list[str]:
    found: list[str] = []
    complete = False
    while not complete:
        before = len(found)
        with session.listing(after=found[-1] if found else None, limit=size) as page:
            found += [entry.identifier for entry in page]
        complete = page.complete
        expect(complete or len(found) == before + size, "a page that is not the last is not full")
    return found


@check("limits.sessions")
def many_sessions_at_once_do_what_one_does(bench: Bench) -> None:
    """Thirty-two sessions open together, each storing, reading, listing, deleting."""

    def work(number: int) -> bool:
        with bench.session() as session:
            name, data = f"s{number}", some_bytes(50_000, number)
            for _ in range(3):
                session.put(name, data)
                same(session.read(name), data, f"the bytes read by session {number}")
                expect(name in session.names(), f"{name} is missing from a listing")
                expect(session.delete(name).existed, f"{name} was not there to be deleted")
        return True

    bench.ref("s0")  # the place is chosen once, not by every thread
    calls = [partial(work, number) for number in range(SESSIONS)]
    same(together(calls, patience=bench.patience), [True] * SESSIONS, "what the sessions met")
    with bench.session() as session:
        same(session.names(), [], "the container afterwards")


# --- figures -------------------------------------------------------------------------------------

ROUNDS = 50
"""Repetitions of what is small."""


def rate(count: float, call: Callable[[], object]) -> float:
    """How many a second."""
    begin = SYSTEM_CLOCK.monotonic()
    call()
    return count / max(SYSTEM_CLOCK.monotonic() - begin, 1e-9)


@check("speed.figures")
def opening_a_session(bench: Bench) -> None:
    """Opened and closed, again and again."""

    def sessions() -> None:
        for _ in range(ROUNDS):
            bench.driver.connect(bench.parameters).close()

    bench.measured("sessions", rate(ROUNDS, sessions), "sessions/s")


@check_each("speed.figures", [1024])
def small_objects(bench: Bench, size: int) -> None:
    """Put, asked about, read, listed and deleted, one after the other, on one session."""
    data = some_bytes(size)
    names = [f"n{number}" for number in range(ROUNDS)]
    with bench.session() as session:
        steps: dict[str, Callable[[str], object]] = {
            "put": lambda name: session.put(name, data),
            "stat": session.stat,
            "get": session.read,
            "delete": session.delete,
        }
        for name, step in steps.items():
            if name == "delete":
                bench.measured("list", rate(ROUNDS, session.names), "entries/s")
            figure = rate(ROUNDS, partial(_each, step, names))
            bench.measured(f"{name} of {size} bytes", figure, "objects/s")


def _each(step: Callable[[str], object], names: list[str]) -> None:
    for name in names:
        step(name)


@check_each("speed.figures", [32 * CHUNK])
def a_large_object(bench: Bench, size: int) -> None:
    """Put and read back, once."""
    data = some_bytes(size)
    with bench.session() as session:
        put = rate(size / CHUNK, lambda: session.put("large", data))
        bench.measured(f"put of {size // CHUNK} MiB", put, "MiB/s")
        get = rate(size / CHUNK, lambda: session.read("large"))
        bench.measured(f"get of {size // CHUNK} MiB", get, "MiB/s")
