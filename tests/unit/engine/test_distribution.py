"""Distribution: read once, digested once, whatever the number of offers, in bounded memory."""

from __future__ import annotations

import threading

import pytest

from coffre.contract import ByteStream, DigestAlgorithm, PutRequest, PutResult, SourceError
from coffre.engine.distribution import Parcel, distribute
from coffre.offer import UNTRIED, Offer
from coffre.streams import BytesContent
from coffre.testing import MemoryDriver
from tests.unit.engine.sources import OnceOnly, Stream
from tests.unit.engine.support import CHARTER, LARGE, MIB, House, ref, sha512


class Counting:
    """A content that counts how often it is opened and how much of it is read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)
        self.opened = 0
        self.read = 0

    def open(self) -> ByteStream:
        self.opened += 1
        return _Counted(self, self._data)


class _Counted(OnceOnly):
    def __init__(self, owner: Counting, data: bytes) -> None:
        super().__init__(data)
        self._owner = owner

    def read(self, size: int = -1, /) -> bytes:
        data = super().read(size)
        self._owner.read += len(data)
        return data


def all_of(house: House) -> list[Offer]:
    return list(house.offers.values())


def parcel(content: BytesContent | Counting) -> Parcel:
    return Parcel(ref=ref(), content=content, algorithm=DigestAlgorithm.SHA512)


def test_a_large_source_is_read_once_for_three_offers(house: House) -> None:
    content = Counting(LARGE)

    digest, copies = distribute(parcel(content), all_of(house))

    assert digest == sha512(LARGE)
    assert [(copy.offer, copy.verified) for copy in copies] == [
        ("north", True),
        ("south", True),
        ("east", True),
    ]
    assert (content.opened, content.read) == (1, len(LARGE))
    assert set(house.held(ref()).values()) == {LARGE}


def test_small_bytes_are_digested_once_for_three_offers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    digested: list[int] = []
    of = DigestAlgorithm.of

    def counting(algorithm: DigestAlgorithm, data: bytes) -> object:
        digested.append(len(data))
        return of(algorithm, data)

    monkeypatch.setattr(DigestAlgorithm, "of", counting)

    distribute(parcel(BytesContent(CHARTER)), all_of(house))

    assert digested == [len(CHARTER)]


def test_small_objects_use_no_thread(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[threading.Thread] = set()
    put = Offer.put

    def watching(offer: Offer, request: PutRequest, **named: object) -> PutResult:
        threads.add(threading.current_thread())
        return put(offer, request, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Offer, "put", watching)

    distribute(parcel(BytesContent(CHARTER)), all_of(house))

    assert threads == {threading.current_thread()}


def test_an_offer_that_is_down_holds_nobody_up(house: House) -> None:
    house.down("north", "south")

    _, copies = distribute(parcel(Counting(LARGE)), all_of(house))

    assert [copy.code for copy in copies] == ["offer-unavailable", "offer-unavailable", ""]
    assert house.held(ref()) == {"east": LARGE}


def test_memory_is_bounded_by_the_ring_and_not_by_the_object(house: House) -> None:
    """The source is never more than the ring ahead of the slowest offer."""
    ahead: list[int] = []
    size = 16 * MIB

    class Zeros(Stream):
        left = size

        def read(self, count: int = -1, /) -> bytes:
            self.left -= (given := min(count, self.left))
            return bytes(given)

    class Source:
        def __init__(self) -> None:
            self.size = size
            self.stream = Zeros()

        def open(self) -> ByteStream:
            return self.stream

    source = Source()

    class Slow:
        id = "slow"
        driver = MemoryDriver()
        closed = False
        capabilities: frozenset[object] = frozenset()
        standing = UNTRIED

        def put(self, request: PutRequest, **_named: object) -> PutResult:
            taken = 0
            with request.content.open() as stream:
                while piece := stream.read(MIB):
                    taken += len(piece)
                    ahead.append((size - source.stream.left) - taken)
            raise SourceError("seen enough")

    distribute(parcel(source), [Slow()])  # type: ignore[arg-type, list-item]

    assert len(ahead) == 16
    assert max(ahead) <= 6 * MIB


def test_threads_that_cannot_be_started_leave_nobody_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def scarce(thread: threading.Thread) -> None:
        if thread.name == "coffre-put-south":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", scarce)

    with pytest.raises(RuntimeError):
        distribute(parcel(Counting(LARGE)), all_of(house))

    assert house.held(ref()) == {}
