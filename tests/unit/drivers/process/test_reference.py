"""The reference program in C: what the conformance kit does not look at."""

from __future__ import annotations

import os
import random
import signal
import struct
import subprocess
import threading
from pathlib import Path
from socket import AF_UNIX, socket

import pytest

from coffre.contract import (
    ConnectionLostError,
    ContainersRequest,
    DigestAlgorithm,
    DigestMismatchError,
    ForbiddenError,
    GetRequest,
    GetResult,
    ListRequest,
    ObjectCorruptError,
    OfferFailedError,
    OfferUnavailableError,
    PutRequest,
    StatRequest,
    SweepRequest,
)
from coffre.drivers.process import ProcessDriver
from coffre.streams import OnceContent
from tests.unit.drivers.process.conftest import read, ref_of, request_of
from tests.unit.drivers.process.reference import FOOTER, compiled, connect_to, reference_parameters
from tests.unit.drivers.process.reference import program as program

MIB = 1024 * 1024
CHECKED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.mark.parametrize("algorithm", list(DigestAlgorithm))
def test_its_digests_are_those_of_the_standard_library(
    program: Path, tmp_path: Path, algorithm: DigestAlgorithm
) -> None:
    """At every length around the edges of a block, in one piece and in several."""
    data = random.Random(512).randbytes(300)
    announced = {"ref": "0/object/it", "algorithm": str(algorithm), "replace": True}

    with connect_to(program, tmp_path / "offer") as connection:
        for length in range(len(data)):
            digest = algorithm.of(data[:length])
            with connection.session.begin("put", announced | {"size": length}) as exchange:
                exchange.await_credit()
                for piece in (data[: length // 3], data[length // 3 : length]):
                    exchange.send_data(piece)
                exchange.commit({"size": length, "digest": str(digest)})
                assert exchange.answer().digest_or_none("digest") == digest
            told = connection.stat(StatRequest(ref=ref_of("it"), digest=algorithm))
            assert told.digest == digest


def test_a_digest_of_many_bytes_takes_its_time_and_says_so(program: Path, tmp_path: Path) -> None:
    data = bytes(130 * MIB)

    with connect_to(program, tmp_path / "offer") as connection:
        connection.put(request_of("it", data))
        told = connection.stat(StatRequest(ref=ref_of("it"), digest=DigestAlgorithm.BLAKE2B))

    assert told.digest == DigestAlgorithm.BLAKE2B.of(data)


def test_bytes_changed_on_the_way_are_noticed(program: Path, tmp_path: Path) -> None:
    """The commit names another digest than that of the bytes, as if the pipe had changed them."""
    lie = DigestAlgorithm.SHA512.of(b"other byte")

    with connect_to(program, tmp_path / "offer") as connection:
        exchange = connection.session.begin("put", {"ref": "0/object/it", "size": 10}, ref_of("it"))
        exchange.await_credit()
        exchange.send_data(b"some bytes")
        exchange.commit({"size": 10, "digest": str(lie)})
        with pytest.raises(DigestMismatchError):
            exchange.answer()
        assert not list(connection.list(ListRequest(tenant=0, container="object")))


def test_a_long_listing_comes_in_pages(program: Path, tmp_path: Path) -> None:
    root = tmp_path / "offer"
    with connect_to(program, root) as connection:
        connection.put(request_of("n0000"))
        for number in range(1, 2300):
            os.link(root / "objects/0/object/n0000", root / f"objects/0/object/n{number:04}")

        listing = connection.list(ListRequest(tenant=0, container="object"))
        names = [entry.identifier for entry in listing]
        page = connection.list(ListRequest(tenant=0, container="object", limit=1000))

        assert names == [f"n{number:04}" for number in range(2300)]
        assert listing.complete
        assert len(list(page)) == 1000
        assert not page.complete


def test_many_streams_are_open_at_a_time_and_no_more(program: Path, tmp_path: Path) -> None:
    with connect_to(program, tmp_path / "offer") as connection:
        for number in range(16):
            connection.put(request_of(f"n{number}", bytes([number]) * 5 * MIB))
        opened: list[GetResult] = [
            connection.get(GetRequest(ref=ref_of(f"n{number}"))) for number in range(16)
        ]

        with pytest.raises(OfferUnavailableError, match="streams open"):
            connection.get(GetRequest(ref=ref_of("n0")))
        opened.pop().stream.close()
        for number, result in reversed(list(enumerate(opened))):
            assert result.stream.read() == bytes([number]) * 5 * MIB
        assert read(connection, "n15") == bytes([15]) * 5 * MIB


def test_a_stream_can_be_the_content_of_a_put_on_the_same_connection(
    program: Path, tmp_path: Path
) -> None:
    data = os.urandom(7 * MIB)

    with connect_to(program, tmp_path / "offer") as connection:
        connection.put(request_of("it", data))
        with connection.get(GetRequest(ref=ref_of("it"))) as result:
            content = OnceContent(result.stream)
            connection.put(PutRequest(ref=ref_of("copy"), content=content, size=len(data)))
        assert read(connection, "copy") == data


def test_what_a_killed_put_leaves_is_swept_and_nothing_else(program: Path, tmp_path: Path) -> None:
    root = tmp_path / "offer"

    with connect_to(program, root) as connection, connect_to(program, root) as busy:
        exchange = connection.session.begin("put", {"ref": "0/object/it", "size": MIB})
        exchange.await_credit()
        exchange.send_data(bytes(1000))
        os.kill(connection.session.peer.pid, signal.SIGKILL)  # type: ignore[attr-defined]
        with pytest.raises(ConnectionLostError):  # noqa: PT012 - whichever notices first
            exchange.commit({"size": MIB})
            exchange.answer()
        with busy.session.begin("put", {"ref": "0/object/other", "size": 4}) as writing:
            writing.await_credit()
            with connect_to(program, root) as sweeper:
                swept = sweeper.sweep(SweepRequest(older_than=0))  # type: ignore[attr-defined]
                assert (swept.removed, swept.kept) == (1, 1)
    assert os.listdir(root / "parts") == []


def test_a_directory_that_is_away_is_never_an_empty_offer(program: Path, tmp_path: Path) -> None:
    root = tmp_path / "offer"
    with connect_to(program, root) as connection:
        connection.put(request_of("it"))
        (root / "coffre-process.json").unlink()
        for ask in (
            lambda: connection.stat(StatRequest(ref=ref_of("other"))),
            lambda: list(connection.list(ListRequest(tenant=0, container="no"))),
            lambda: connection.put(request_of("other")),
        ):
            with pytest.raises(OfferUnavailableError):
                ask()
        assert read(connection, "it") == b"some bytes"


def test_a_directory_that_holds_other_things_is_not_made_an_offer(
    program: Path, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(ForbiddenError, match="other things"):
        connect_to(program, tmp_path)


@pytest.mark.parametrize("cut", [1, FOOTER, 200])
def test_a_file_that_lost_its_end_is_corrupt(program: Path, tmp_path: Path, cut: int) -> None:
    root = tmp_path / "offer"
    with connect_to(program, root) as connection:
        connection.put(request_of("it", b"x" * 1000))
        path = root / "objects/0/object/it"
        os.truncate(path, path.stat().st_size - cut)

        with pytest.raises(ObjectCorruptError):
            read(connection, "it")
        (entry,) = connection.list(ListRequest(tenant=0, container="object"))
        assert entry.identifier == "it"


def test_containers_are_sorted_by_number_and_name(program: Path, tmp_path: Path) -> None:
    root = tmp_path / "offer"
    with connect_to(program, root) as connection:
        for place in ("10/b", "2/b", "2/a", "x/y", "2/.hidden"):
            (root / "objects" / place).mkdir(parents=True)

        found = connection.containers(ContainersRequest())  # type: ignore[attr-defined]

        assert [(one.tenant, one.container) for one in found] == [(2, "a"), (2, "b"), (10, "b")]


@pytest.mark.parametrize("after", ["\ud800", "é", '"\\', "\U0001f5c4", "hz", "iu"])
def test_a_listing_may_start_after_any_text(program: Path, tmp_path: Path, after: str) -> None:
    with connect_to(program, tmp_path / "offer") as connection:
        connection.put(request_of("it"))
        request = ListRequest(tenant=0, container="object", after=after)

        found = [entry.identifier for entry in connection.list(request)]

        assert found == [name for name in ["it"] if name > after]


# --- over a socket ------------------------------------------------------------------------


def test_it_can_be_served_on_a_socket_as_programs_of_inetd_are(
    program: Path, tmp_path: Path
) -> None:
    with socket(AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()

        def serve() -> None:
            accepted, _ = listening.accept()
            with accepted:
                end = accepted.fileno()
                subprocess.run([program], stdin=end, stdout=end, check=True)

        serving = threading.Thread(target=serve)
        serving.start()
        parameters = reference_parameters(
            program, tmp_path / "offer", command="", socket=str(tmp_path / "s")
        )
        with ProcessDriver().connect(parameters) as connection:
            connection.put(request_of("it", bytes(9 * MIB)))
            assert read(connection, "it") == bytes(9 * MIB)
        serving.join()


# --- nonsense -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with every access to memory checked."""
    try:
        made = compiled(tmp_path_factory.mktemp("checked"), *CHECKED)
        subprocess.run([made], stdin=subprocess.DEVNULL, check=True)
    except subprocess.CalledProcessError:
        pytest.skip("this compiler cannot check a program's memory")
    return made


def frame(kind: int, number: int, payload: bytes) -> bytes:
    return struct.pack(">B3xII", kind, number, len(payload)) + payload


def fed(checked: Path, data: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([checked], input=data, capture_output=True, check=False, timeout=60)


def opening(root: Path) -> bytes:
    asked = b'{"url":"%s","values":{"create":true}}' % os.fsencode(root)
    return frame(1, 0, b"{}") + frame(2, 0, asked)


PIECES = [
    b'{"operation":"put","ref":"0/object/it","size":10,"metadata":{"a":"\\u00e9\\ud83d\\ude00"}}',
    b'{"operation":"get","ref":"0/object/it","offset":3,"length":4}',
    b'{"operation":"list","tenant":0,"container":"object","after":"a","prefix":"","limit":3}',
    b'{"operation":"stat","ref":"0/object/it"}',
    b'{"operation":"delete","ref":"0/object/it"}',
    b'{"operation":"containers"}',
    b'{"operation":"quarantine","ref":"0/object/it","reason":"bad"}',
    b'{"operation":"sweep","older_than":0.5}',
    b'{"operation":"capacity","tenant":0}',
]


def test_no_nonsense_reaches_its_memory(checked: Path, tmp_path: Path) -> None:
    """Requests with bytes changed, cut and doubled, under a sanitizer: refused, never a crash."""
    chance = random.Random(4)
    for _ in range(150):
        frames = opening(tmp_path / "offer")
        for number in range(1, 20):
            piece = bytearray(chance.choice(PIECES))
            for _ in range(chance.choice((0, 0, 1, 2, 5))):
                place = chance.randrange(len(piece))
                piece[place : place + chance.randrange(3)] = chance.choice(
                    (b"", b'"', b"\\", b"\\u", b"{", b"}", b"[", b"\0", b"\xff", b"9" * 30)
                )
            frames += frame(4, number, bytes(piece))
            frames += frame(chance.choice((7, 7, 10, 12)), number, b'{"size":10}')
            frames += frame(11, number, struct.pack(">I", 2)) if chance.random() < 0.3 else b""
        done = fed(checked, frames[: chance.choice((len(frames), chance.randrange(len(frames))))])
        assert done.returncode in (0, 2), done.stderr.decode()
        assert b"Sanitizer" not in done.stderr
    assert os.listdir(tmp_path / "offer/parts") == []


@pytest.mark.parametrize(
    "reference",
    [
        "../../etc/passwd",
        "0/../x",
        "0/object/..",
        "0/object/a/b",
        "0//x",
        "x/object/y",
        "0/a/.b",
        "",
    ],
)
def test_it_makes_no_path_of_a_reference_that_cannot_be(
    program: Path, tmp_path: Path, reference: str
) -> None:
    with connect_to(program, tmp_path / "offer") as connection:
        for operation in ("put", "get", "stat", "delete", "quarantine"):
            fields = {"ref": reference, "size": 1, "reason": "bad"}
            exchange = connection.session.begin(operation, fields)
            with pytest.raises(OfferFailedError, match="not understood"):
                exchange.answer()


def test_it_ends_when_nobody_speaks_to_it_any_more(program: Path) -> None:
    done = subprocess.run([program], input=b"", check=False, timeout=60)
    assert done.returncode == 0
