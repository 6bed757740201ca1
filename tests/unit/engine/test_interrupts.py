"""Ctrl-C: nothing is half done, and what was done is known and told."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coffre.contract import ByteStream, PutRequest, PutResult
from coffre.engine import PutItem, Receipt, Refusal
from coffre.engine.interrupts import InterruptLater, interruptible
from coffre.offer import Offer
from tests.unit.engine.sources import OnceOnly
from tests.unit.engine.support import CHARTER, LARGE, House, ref


def interrupt() -> None:
    """What a terminal does on Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def numbered(count: int) -> list[PutItem]:
    return [PutItem(ref=ref(f"n{n:04}"), source=str(n).encode(), name=f"{n}") for n in range(count)]


@pytest.fixture(autouse=True)
def handler_is_given_back() -> Iterator[None]:
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# --- the block itself ---------------------------------------------------------------------


def test_an_interrupt_inside_is_remembered_and_raised_when_asked_for() -> None:
    with InterruptLater() as later:
        interrupt()
        interrupted_on = "went on"

    with pytest.raises(KeyboardInterrupt):
        later.raise_if_any()
    assert interrupted_on == "went on"
    later.raise_if_any()


def test_whoever_asks_twice_is_not_kept_waiting() -> None:
    def press_twice() -> None:
        with InterruptLater():
            interrupt()
            interrupt()

    with pytest.raises(KeyboardInterrupt):
        press_twice()


def test_it_may_be_entered_inside_itself() -> None:
    later = InterruptLater()
    with later:
        with later:
            pass
        interrupt()

    with pytest.raises(KeyboardInterrupt):
        later.raise_if_any()


def test_the_outer_of_two_remembers() -> None:
    with InterruptLater() as outer:
        with InterruptLater() as inner:
            interrupt()
        inner.raise_if_any()

    with pytest.raises(KeyboardInterrupt):
        outer.raise_if_any()


def test_somebody_elses_handler_is_left_alone() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: seen.append(number))
    try:
        with InterruptLater() as later, interruptible(until=lambda: False):
            interrupt()
        later.raise_if_any()
    finally:
        signal.signal(signal.SIGINT, before)

    assert seen == [signal.SIGINT]


def test_in_another_thread_it_does_nothing() -> None:
    def work() -> None:
        with InterruptLater() as later, interruptible(until=lambda: True):
            later.raise_if_any()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_part_of_it_can_be_interrupted_at_once_until_it_is_too_late() -> None:
    late: list[bool] = []
    with InterruptLater() as later, interruptible(until=lambda: bool(late)):
        late.append(True)
        interrupt()
    with pytest.raises(KeyboardInterrupt):
        later.raise_if_any()

    with pytest.raises(KeyboardInterrupt), InterruptLater(), interruptible(until=lambda: False):
        interrupt()


# --- one object -----------------------------------------------------------------------------


class Interrupting:
    """A content during whose reading somebody presses Ctrl-C."""

    def __init__(self, data: bytes, after: int) -> None:
        self._data = data
        self.size = len(data)
        self._after = after
        self.streams: list[_InterruptingStream] = []

    def open(self) -> ByteStream:
        self.streams.append(_InterruptingStream(self._data, self._after))
        return self.streams[-1]


class _InterruptingStream(OnceOnly):
    def __init__(self, data: bytes, after: int) -> None:
        super().__init__(data)
        self._left = after

    def read(self, size: int = -1, /) -> bytes:
        data = super().read(size)
        if self._left > 0 >= self._left - len(data):
            interrupt()
        self._left -= len(data)
        return data

    def tell(self) -> int:
        return self._inner.tell()


@pytest.mark.parametrize("after", [1, 100_000, 2_000_000, len(LARGE)])
def test_a_large_put_interrupted_while_it_is_read_leaves_nothing(house: House, after: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        house.engine.put(Interrupting(LARGE, after), ref())

    assert house.held(ref()) == {}
    assert house.ledger.last_state(ref()) is None
    assert not house.ledger.is_claimed(ref())


class Pressing:
    """An offer during whose put somebody presses Ctrl-C, after the copy was published."""

    def __init__(self, offer: Offer) -> None:
        self.put_one = offer.put
        self.put_several = offer.put_many

    def put(self, request: PutRequest, **named: object) -> PutResult:
        result = self.put_one(request, **named)  # type: ignore[arg-type]
        interrupt()
        return result

    def put_many(self, requests: object, **named: object) -> object:
        results = self.put_several(requests, **named)  # type: ignore[arg-type]
        interrupt()
        return results


@pytest.fixture
def press(house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def install() -> None:
        pressing = Pressing(house.offers["south"])
        monkeypatch.setattr(house.offers["south"], "put", pressing.put)
        monkeypatch.setattr(house.offers["south"], "put_many", pressing.put_many)

    return install


@pytest.mark.parametrize("data", [CHARTER, LARGE], ids=["small", "large"])
def test_an_object_being_published_is_recorded_before_the_interrupt_acts(
    house: House, press: Callable[[], None], data: bytes
) -> None:
    press()

    with pytest.raises(KeyboardInterrupt):
        house.engine.put(data, ref())

    assert house.held(ref()) == {"north": data, "south": data}
    assert house.record(ref()).verified_copies == 2
    assert house.findings() == []


# --- a job ----------------------------------------------------------------------------------


def answers_until_interrupted(house: House, items: list[PutItem]) -> list[Receipt | Refusal]:
    answers: list[Receipt | Refusal] = []

    def collect() -> None:
        for answer in house.engine.put_many(items):
            answers.append(answer)  # noqa: PERF402 - one by one: the last is no answer

    with pytest.raises(KeyboardInterrupt):
        collect()
    return answers


def test_a_batch_is_recorded_and_answered_and_then_the_interrupt_acts(
    house: House, press: Callable[[], None]
) -> None:
    press()
    items = numbered(600)

    answers = answers_until_interrupted(house, items)

    assert len(answers) == 256
    assert all(isinstance(answer, Receipt) for answer in answers)
    recorded = [one.ref for one in house.ledger.objects()]
    assert recorded == [item.ref for item in items[:256]]
    assert house.findings() == []


def test_the_job_again_after_an_interrupt_stores_the_rest(
    house: House, press: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context():
        press()
        items = numbered(300)
        answers_until_interrupted(house, items)
    monkeypatch.undo()

    again = list(house.engine.put_many(items))

    assert sum(isinstance(one, Receipt) and one.already_stored for one in again) == 256
    assert len(list(house.ledger.objects())) == 300


def test_a_large_object_of_a_job_is_answered_before_the_interrupt_acts(
    house: House, press: Callable[[], None]
) -> None:
    press()
    items = [PutItem(ref=ref(name), source=LARGE) for name in ("a", "b")]

    answers = answers_until_interrupted(house, items)

    assert [answer.ref for answer in answers] == [ref("a")]
    assert house.findings() == []


def test_a_large_object_of_a_job_interrupted_while_it_is_read_leaves_nothing(
    house: House,
) -> None:
    items = [PutItem(ref=ref("a"), source=Interrupting(LARGE, 2_000_000))]

    assert answers_until_interrupted(house, items) == []
    assert house.held(ref("a")) == {}


@pytest.mark.parametrize("many", [False, True], ids=["alone", "in a job"])
def test_a_large_object_put_again_can_be_interrupted_while_it_is_compared(
    house: House, many: bool
) -> None:
    house.engine.put(LARGE, ref())
    content, head = Interrupting(LARGE, 1), house.ledger.head()

    def put() -> object:
        if many:
            return list(house.engine.put_many([PutItem(ref=ref(), source=content)]))
        return house.engine.put(content, ref())

    with pytest.raises(KeyboardInterrupt):
        put()

    assert content.streams[0].tell() < len(LARGE), "it was read to its end all the same"
    assert house.ledger.head() == head
    assert not house.ledger.is_claimed(ref())


def test_a_stream_that_never_ends_can_be_interrupted(house: House) -> None:
    class Endless(OnceOnly):
        count = 0

        def read(self, size: int = -1, /) -> bytes:
            self.count += 1
            if self.count == 5:
                interrupt()
            return bytes(1000)

    with pytest.raises(KeyboardInterrupt):
        house.engine.put(Endless(b""), ref())


# --- reading --------------------------------------------------------------------------------


def test_a_fetch_that_is_interrupted_leaves_no_file(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.engine.put(LARGE, ref())
    get = Offer.get

    def interrupted(offer: Offer, *args: object, **named: object) -> object:
        interrupt()
        return get(offer, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Offer, "get", interrupted)
    out = tmp_path / "out"
    out.mkdir()

    with pytest.raises(KeyboardInterrupt):
        house.engine.fetch(ref(), out / "charter")

    assert os.listdir(out) == []


def test_an_interrupt_between_two_answers_acts_at_once(house: House) -> None:
    job = house.engine.put_many(numbered(3))
    next(job)

    with pytest.raises(KeyboardInterrupt):
        interrupt()

    assert len(list(job)) == 2
