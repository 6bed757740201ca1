"""One source for several offers: all get the right bytes whole, or none of them does."""

from __future__ import annotations

import ctypes
import gc
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from coffre.contract import (
    Buffer,
    Content,
    Digest,
    DigestAlgorithm,
    DigestMismatchError,
    OfferFullError,
    OfferTimeoutError,
    SizeMismatchError,
    SourceChangedError,
    SourceError,
)
from coffre.streams import CHUNK, Branch, BytesContent, Fanout, FileContent, OnceContent
from coffre.streams.ring import SLOTS
from coffre.testing import ChangingContent, FailingContent
from tests.unit.streams.support import (
    PATIENCE,
    Offer,
    Pieces,
    Trickle,
    by_length,
    drive,
    some_bytes,
    whole,
)

SIZE = (SLOTS + 2) * CHUNK + 17
"""More than the ring holds."""
DATA = some_bytes(SIZE)
SHA512 = DigestAlgorithm.SHA512
DIGEST = SHA512.of(DATA)


def file_of(path: Path, data: bytes) -> FileContent:
    path.write_bytes(data)
    return FileContent(path)


SOURCES: dict[str, Callable[[Path, bytes], Content]] = {
    "file": file_of,
    "memory": lambda _, data: BytesContent(data),
    "stranger": lambda _, data: Trickle(data),
    "once": lambda _, data: OnceContent(Pieces(*filter(None, (data[:5], data[5:])))),
}


def nobody_published(outcomes: list[object], size: int = SIZE) -> bool:
    """Whether no offer was given as many bytes as were announced."""
    datas = [getattr(outcome, "data", None) for outcome in outcomes]
    return all(data is None or len(data) < size for data in datas)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("branches", [0, 1, 2, 5])
@pytest.mark.parametrize(
    "size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, SLOTS * CHUNK, SLOTS * CHUNK + 1, SIZE]
)
def test_every_offer_gets_the_bytes(tmp_path: Path, source: str, size: int, branches: int) -> None:
    content = SOURCES[source](tmp_path / "source", DATA[:size])
    fanout = Fanout(content, size, branches=branches)

    digest, outcomes = drive(fanout, [whole, by_length(size), whole, whole, whole][:branches])

    assert digest == SHA512.of(DATA[:size]) == fanout.digest()
    assert [outcome.data for outcome in outcomes] == [DATA[:size]] * branches


def address(chunk: memoryview) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(chunk))


def test_a_file_is_lent_without_a_copy_in_aligned_memory(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(DATA)
    fanout = Fanout(FileContent(tmp_path / "source"), SIZE, branches=2)
    lent: list[list[int]] = [[], []]

    def watching(seen: list[int]) -> Offer:
        def offer(branch: Branch) -> bytes:
            with branch.open() as stream:
                seen.extend(map(address, stream.chunks()))  # type: ignore[attr-defined]
            return b""

        return offer

    drive(fanout, [watching(seen) for seen in lent])

    assert lent[0] == lent[1]
    assert len(set(lent[0])) <= SLOTS
    assert {address % 4096 for address in lent[0]} == {0}


# --- sources that are wrong ---------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, CHUNK, SIZE])
@pytest.mark.parametrize("more", [-CHUNK, -1, 1, CHUNK, 7 * CHUNK])
def test_another_length_than_announced_is_published_by_nobody(size: int, more: int) -> None:
    if size + more < 0:
        pytest.skip("no source is that short")
    fanout = Fanout(Trickle(some_bytes(size + more)), size, branches=2)

    error, outcomes = drive(fanout, [whole, by_length(size)])

    assert isinstance(error, SizeMismatchError)
    assert isinstance(outcomes[0].error, SizeMismatchError)
    assert size == 0 or nobody_published([*outcomes], size)


@pytest.mark.parametrize("algorithm", list(DigestAlgorithm))
def test_the_announced_digest_may_have_any_algorithm(algorithm: DigestAlgorithm) -> None:
    fanout = Fanout(BytesContent(DATA), SIZE, branches=1, announced=algorithm.of(DATA))

    digest, outcomes = drive(fanout, [whole])

    assert digest == DIGEST
    assert outcomes[0].data == DATA


@pytest.mark.parametrize("algorithm", list(DigestAlgorithm))
@pytest.mark.parametrize("size", [1, CHUNK, SIZE])
def test_another_digest_than_announced_is_published_by_nobody(
    algorithm: DigestAlgorithm, size: int
) -> None:
    fanout = Fanout(
        BytesContent(DATA[:size]), size, branches=3, announced=algorithm.of(b"other bytes")
    )

    error, outcomes = drive(fanout, [whole, by_length(size), by_length(size, step=1 << 30)])

    assert isinstance(error, DigestMismatchError)
    assert all(isinstance(outcome.error, DigestMismatchError) for outcome in outcomes)
    assert nobody_published([*outcomes], size)


def test_an_empty_object_with_another_digest_is_refused() -> None:
    fanout = Fanout(BytesContent(b""), 0, branches=1, announced=SHA512.of(b"other bytes"))

    error, outcomes = drive(fanout, [whole])

    assert isinstance(error, DigestMismatchError)
    assert isinstance(outcomes[0].error, DigestMismatchError)


@pytest.mark.parametrize("after", [0, 1, CHUNK, 2 * CHUNK + 1, SIZE - 1, SIZE])
@pytest.mark.parametrize(
    ("raised", "told", "why"),
    [
        (SourceError("torn page"), SourceError, "torn page"),
        (SourceChangedError("changed"), SourceChangedError, "changed"),
        (OSError(5, "Input/output error"), SourceError, "Input/output error"),
        (KeyboardInterrupt(), SourceError, "KeyboardInterrupt"),
        (MemoryError(), SourceError, "MemoryError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_a_source_that_fails_is_published_by_nobody(
    after: int, raised: BaseException, told: type[BaseException], why: str
) -> None:
    fanout = Fanout(Trickle(DATA[:after], error=raised), SIZE, branches=2)

    error, outcomes = drive(fanout, [whole, by_length(SIZE)])

    assert nobody_published([*outcomes])
    for outcome in outcomes:
        assert type(outcome.error) is told
        assert why in str(outcome.error)
    if isinstance(raised, OSError):
        assert isinstance(error, SourceError)
        assert error.__cause__ is raised
    else:
        assert error is raised


def test_a_source_that_cannot_be_opened_fails_for_all(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(DATA)
    content = FileContent(tmp_path / "source")
    (tmp_path / "source").unlink()

    error, outcomes = drive(Fanout(content, SIZE, branches=2), [whole, whole])

    assert isinstance(error, SourceError)
    assert all(isinstance(outcome.error, SourceError) for outcome in outcomes)


def test_a_source_whose_close_fails_is_published_by_nobody() -> None:
    content = Trickle(DATA, step=CHUNK, close_error=OSError(5, "Input/output error"))

    error, outcomes = drive(Fanout(content, SIZE, branches=2), [whole, by_length(SIZE)])

    assert isinstance(error, SourceError)
    assert nobody_published([*outcomes])


def test_a_file_that_grows_while_it_is_read_is_published_by_nobody(tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(DATA)

    def growing(branch: Branch) -> bytes:
        with branch.open() as stream:
            stream.read(1)
            with path.open("ab") as file:
                file.write(b"more")
            return stream.read()

    error, outcomes = drive(Fanout(FileContent(path), SIZE, branches=1), [growing])

    assert isinstance(error, SourceChangedError | SizeMismatchError)
    assert nobody_published([*outcomes])


def test_each_offer_meets_an_error_of_its_own() -> None:
    """Offers write their id into an error, and keep it with its traceback."""
    fanout = Fanout(FailingContent(DATA, after=CHUNK), SIZE, branches=3)

    error, outcomes = drive(fanout, [whole] * 3)

    errors = [error, *(outcome.error for outcome in outcomes)]
    assert len({id(one) for one in errors}) == 4
    assert {str(one) for one in errors} == {"the source failed, on purpose"}


# --- offers that go wrong -----------------------------------------------------------------


def fails_after(count: int, *, closes: bool = True) -> Offer:
    """An offer that is full after so many bytes."""

    def offer(branch: Branch) -> bytes:
        stream = branch.open()
        stream.read(count)
        if closes:
            stream.close()
        raise OfferFullError("no room")

    return offer


def never_opens(branch: Branch) -> bytes:
    raise OfferFullError("no connection")


@pytest.mark.parametrize(
    "bad",
    [
        never_opens,
        fails_after(0),
        fails_after(1),
        fails_after(1, closes=False),
        fails_after(SIZE // 2, closes=False),
    ],
)
def test_an_offer_that_fails_holds_nobody_up(bad: Offer) -> None:
    fanout = Fanout(BytesContent(DATA), SIZE, branches=3, stall=PATIENCE * 10)

    digest, outcomes = drive(fanout, [whole, bad, whole])

    assert digest == DIGEST
    assert outcomes[0].data == outcomes[2].data == DATA
    assert isinstance(outcomes[1].error, OfferFullError)


def test_all_offers_may_fail_and_the_digest_is_known_all_the_same() -> None:
    fanout = Fanout(BytesContent(DATA), SIZE, branches=2)

    digest, _ = drive(fanout, [fails_after(1), never_opens])

    assert digest == DIGEST


def test_an_offer_that_stalls_is_left_behind_and_told() -> None:
    released = threading.Event()

    def stalls(branch: Branch) -> bytes:
        with branch.open() as stream:
            stream.read(1)
            assert released.wait(PATIENCE)
            return stream.read()

    def releases(branch: Branch) -> bytes:
        data = whole(branch)
        released.set()
        return data

    fanout = Fanout(BytesContent(DATA), SIZE, branches=2, stall=0.05)

    digest, outcomes = drive(fanout, [stalls, releases])

    assert digest == DIGEST
    assert outcomes[1].data == DATA
    assert isinstance(outcomes[0].error, OfferTimeoutError)
    assert not outcomes[0].error.effect_unknown


@pytest.mark.parametrize("leaves", ["by closing", "by stalling", "by being abandoned"])
def test_a_chunk_on_loan_is_never_filled_again(tmp_path: Path, leaves: str) -> None:
    """Whoever was left behind may still be writing: it must not write other bytes."""
    (tmp_path / "source").write_bytes(DATA)
    fanout = Fanout(FileContent(tmp_path / "source"), SIZE, branches=2, stall=0.05)
    lent: list[Buffer] = []

    def keeps(branch: Branch) -> bytes:
        stream = branch.open()
        chunks = stream.chunks()  # type: ignore[attr-defined]
        next(chunks)
        lent.append(next(chunks))
        if leaves == "by closing":
            stream.close()
        elif leaves == "by being abandoned":
            branch.abandon()
        assert done.wait(PATIENCE)
        return bytes(lent[0])

    def ends(branch: Branch) -> bytes:
        data = whole(branch)
        done.set()
        return data

    done = threading.Event()
    digest, outcomes = drive(fanout, [keeps, ends])

    assert digest == DIGEST
    assert outcomes[1].data == DATA
    assert outcomes[0].data == DATA[CHUNK : 2 * CHUNK]


def test_a_slow_offer_sets_the_pace_and_memory_is_bounded() -> None:
    content = Trickle(DATA, step=CHUNK)
    ahead: list[int] = []

    def slow(branch: Branch) -> bytes:
        taken = 0
        with branch.open() as stream:
            while piece := stream.read(CHUNK):
                threading.Event().wait(0.005)
                taken += len(piece)
                ahead.append(content.reads[-1] - taken)
        return DATA

    digest, _ = drive(Fanout(content, SIZE, branches=2), [slow, whole])

    assert digest == DIGEST
    assert max(ahead) <= (SLOTS + 1) * CHUNK


# --- retries ------------------------------------------------------------------------------


def retries(count: int, offer: Offer = whole) -> Offer:
    """An offer whose session breaks after so many bytes, and which then starts again."""

    def retrying(branch: Branch) -> bytes:
        with branch.open() as stream:
            stream.read(count)
        return offer(branch)

    return retrying


@pytest.mark.parametrize("count", [0, 1, CHUNK, SIZE])
def test_a_branch_opened_again_reads_the_source_again(count: int) -> None:
    fanout = Fanout(BytesContent(DATA), SIZE, branches=2)

    digest, outcomes = drive(fanout, [retries(count), retries(count, by_length(SIZE))])

    assert digest == DIGEST
    assert [outcome.data for outcome in outcomes] == [DATA, DATA]


def test_a_first_stream_not_closed_holds_nobody_up_after_a_retry() -> None:
    def forgets(branch: Branch) -> bytes:
        branch.open().read(1)
        return whole(branch)

    fanout = Fanout(BytesContent(DATA), SIZE, branches=2, stall=PATIENCE * 10)

    digest, outcomes = drive(fanout, [forgets, whole])

    assert digest == DIGEST
    assert [outcome.data for outcome in outcomes] == [DATA, DATA]


@pytest.mark.parametrize("other", [b"x" + DATA[1:], DATA[:-1] + b"x", DATA[:-1], DATA + b"x", b""])
def test_a_source_that_changed_since_is_not_published_by_the_retry(other: bytes) -> None:
    fanout = Fanout(ChangingContent(DATA, other), SIZE, branches=3)

    digest, outcomes = drive(fanout, [whole, retries(1), retries(1, by_length(SIZE))])

    assert digest == DIGEST
    assert outcomes[0].data == DATA
    assert isinstance(outcomes[1].error, SourceChangedError)
    if other != DATA + b"x":  # who reads by length is given the right bytes of a longer source
        assert nobody_published([*outcomes[1:]])


def test_a_source_that_is_there_once_cannot_be_retried() -> None:
    fanout = Fanout(OnceContent(Pieces(DATA)), SIZE, branches=2)

    digest, outcomes = drive(fanout, [retries(1), whole])

    assert digest == DIGEST
    assert isinstance(outcomes[0].error, SourceError)
    assert outcomes[1].data == DATA


def test_a_retry_after_the_pass_failed_fails_too() -> None:
    fanout = Fanout(FailingContent(DATA, after=CHUNK, times=1), SIZE, branches=1)

    error, outcomes = drive(fanout, [retries(1, by_length(SIZE))])

    assert isinstance(error, SourceError)
    assert nobody_published([*outcomes])


# --- the pass itself ----------------------------------------------------------------------


def test_a_pass_given_up_fails_for_all() -> None:
    fanout = Fanout(BytesContent(DATA), SIZE, branches=2)
    fanout.cancel()

    error, outcomes = drive(fanout, [whole, by_length(SIZE)])

    assert isinstance(error, SourceError)
    assert all(isinstance(outcome.error, SourceError) for outcome in outcomes)


def test_a_digest_that_cannot_be_computed_fails_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def update(self, data: Buffer, /) -> None:
            raise MemoryError

        def digest(self) -> bytes:
            return b""

    fanout = Fanout(BytesContent(DATA), SIZE, branches=2)
    monkeypatch.setattr(DigestAlgorithm, "new", lambda _: Failing())

    error, outcomes = drive(fanout, [by_length(SIZE), by_length(SIZE)])

    assert isinstance(error, SourceError)
    assert "MemoryError" in str(error)
    assert nobody_published([*outcomes])


def test_a_thread_that_cannot_start_fails_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def refusing(thread: threading.Thread) -> None:
        if thread.name == "coffre-digest":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refusing)
    fanout = Fanout(BytesContent(DATA), SIZE, branches=2)

    error, outcomes = drive(fanout, [whole, by_length(SIZE)])

    assert isinstance(error, RuntimeError)
    assert all(isinstance(outcome.error, SourceError) for outcome in outcomes)


@pytest.mark.parametrize("fails", [False, True])
def test_memory_is_given_back_with_the_last_chunk(tmp_path: Path, fails: bool) -> None:
    """Not when the collector comes by, nor when whoever keeps an error lets go of it."""
    (tmp_path / "source").write_bytes(DATA)
    announced: Digest | None = SHA512.of(b"other") if fails else None
    fanout = Fanout(FileContent(tmp_path / "source"), SIZE, branches=2, announced=announced)
    buffers: list[weakref.ref[object]] = []

    def looks(branch: Branch) -> bytes:
        with branch.open() as stream:
            first = next(stream.chunks())  # type: ignore[attr-defined]
            buffers.append(weakref.ref(first.obj))
        return b""

    gc.collect()
    gc.disable()
    try:
        drive(fanout, [whole, looks])
        assert [buffer() for buffer in buffers] == [None]
    finally:
        gc.enable()


def test_nothing_of_a_pass_waits_for_the_collector(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(DATA)
    gc.collect()
    gc.disable()
    try:
        fanout = Fanout(FileContent(tmp_path / "source"), SIZE, branches=2)
        ring = weakref.ref(fanout._pass.ring)
        drive(fanout, [whole, whole])
        del fanout
        assert ring() is None
    finally:
        gc.enable()


def test_a_branch_attests_the_digest_of_the_pass() -> None:
    fanout = Fanout(BytesContent(DATA), SIZE, branches=1)
    attested: list[Digest] = []

    def asks(branch: Branch) -> bytes:
        with branch.open() as stream:
            data = stream.read()
            assert stream.attests(SHA512)  # type: ignore[attr-defined]
            assert not stream.attests(DigestAlgorithm.MD5)  # type: ignore[attr-defined]
            attested.append(stream.attested(SHA512))  # type: ignore[attr-defined]
        return data

    drive(fanout, [asks])

    assert attested == [DIGEST]


def test_a_branch_closed_gives_nothing_more() -> None:
    def reads_on(branch: Branch) -> bytes:
        stream = branch.open()
        stream.read(1)
        stream.close()
        stream.close()
        return stream.read() + stream.read()

    _, outcomes = drive(Fanout(BytesContent(DATA), SIZE, branches=1), [reads_on])

    assert isinstance(outcomes[0].error, SourceError)


def test_a_pass_is_over_before_anyone_has_the_last_bytes() -> None:
    fanout = Fanout(BytesContent(DATA), SIZE, branches=1)
    over: dict[int, bool] = {}

    def notes(branch: Branch) -> bytes:
        taken = 0
        with branch.open() as stream:
            while piece := stream.read(CHUNK):
                taken += len(piece)
                over[taken] = fanout.over
        return b""

    assert not fanout.over
    drive(fanout, [notes])

    assert not over[CHUNK]
    assert over[SIZE]
