"""Contents: opened as often as needed, and honest about what became of the source."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import Content, DigestAlgorithm, SourceChangedError, SourceError
from coffre.streams import CHUNK, BytesContent, FileContent, OnceContent, chunks_of, read_exactly
from coffre.streams.sources import FileStream
from tests.unit.streams.support import PATIENCE, Pieces, Trickle, some_bytes

DATA = some_bytes(2 * CHUNK + 17)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "source"
    file.write_bytes(DATA)
    return file


# --- any content --------------------------------------------------------------------------


@pytest.fixture(params=["memory", "file"])
def content(request: pytest.FixtureRequest, path: Path) -> Content:
    return BytesContent(DATA) if request.param == "memory" else FileContent(path)


def test_a_content_can_be_opened_as_often_as_needed(content: Content) -> None:
    assert isinstance(content, Content)
    with content.open() as one, content.open() as other:
        assert one.read(10) == DATA[:10]
        assert other.read() == DATA
        assert one.read() == DATA[10:]
        assert one.read() == b""
        assert one.read(1) == b""


@pytest.mark.parametrize("step", [1, 1000, CHUNK, CHUNK + 1, 10 * CHUNK])
def test_reads_give_every_byte_once_whatever_their_length(content: Content, step: int) -> None:
    if step == 1:
        with content.open() as stream:
            assert b"".join(stream.read(1) for _ in range(2000)) == DATA[:2000]
        return
    with content.open() as stream:
        assert b"".join(iter(lambda: stream.read(step), b"")) == DATA


def test_a_read_of_nothing_is_nothing_and_loses_nothing(content: Content) -> None:
    with content.open() as stream:
        assert stream.read(0) == b""
        assert stream.read() == DATA


def test_chunks_are_never_empty(content: Content) -> None:
    with content.open() as stream:
        chunks = [bytes(chunk) for chunk in chunks_of(stream)]

    assert b"".join(chunks) == DATA
    assert all(chunks)


def test_closing_twice_is_harmless(content: Content) -> None:
    stream = content.open()

    stream.close()
    stream.close()


# --- bytes --------------------------------------------------------------------------------


def test_bytes_in_memory_are_digested_once(monkeypatch: pytest.MonkeyPatch) -> None:
    content = BytesContent(DATA)
    first = content.digest(DigestAlgorithm.SHA512)

    with monkeypatch.context() as patch:
        patch.setattr(DigestAlgorithm, "of", lambda *_: pytest.fail("digested again"))
        with content.open() as stream:
            stream.read()
            assert stream.attested(DigestAlgorithm.SHA512) == first

    assert first == DigestAlgorithm.SHA512.of(DATA)


def test_a_digest_already_known_is_believed() -> None:
    known = DigestAlgorithm.MD5.of(DATA)

    assert BytesContent(DATA, known).digest(DigestAlgorithm.MD5) is known


# --- files --------------------------------------------------------------------------------


def make_directory(path: Path) -> None:
    path.mkdir()


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_loop(path: Path) -> None:
    path.symlink_to(path.name)


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_nothing(_: Path) -> None:
    pass


@pytest.mark.parametrize(
    "make",
    [
        make_directory,
        make_fifo,
        make_socket,
        make_dangling_link,
        make_loop,
        make_device,
        make_nothing,
    ],
)
def test_what_is_not_a_regular_file_is_no_source(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "x")

    with pytest.raises(SourceError, match=str(tmp_path / "x")):
        FileContent(tmp_path / "x")


@pytest.mark.parametrize("make", [make_directory, make_socket, make_device, make_nothing])
def test_what_took_the_place_of_the_file_is_not_read(
    path: Path, make: Callable[[Path], None]
) -> None:
    content = FileContent(path)
    path.unlink()
    make(path)

    with pytest.raises(SourceError):
        content.open()


def test_a_fifo_that_took_the_place_of_the_file_hangs_nobody(path: Path) -> None:
    content = FileContent(path)
    path.unlink()
    os.mkfifo(path)
    met: list[BaseException] = []

    def opens() -> None:
        try:
            content.open()
        except SourceError as error:
            met.append(error)

    thread = threading.Thread(target=opens, daemon=True)
    thread.start()
    thread.join(PATIENCE)

    assert [str(error) for error in met] == [f"{path} is not a regular file any more"]


def test_a_symbolic_link_to_a_file_is_followed(path: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(path)

    with FileContent(tmp_path / "link").open() as stream:
        assert stream.read() == DATA


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_may_not_be_read_says_so(path: Path) -> None:
    content = FileContent(path)
    path.chmod(0)

    with pytest.raises(SourceError, match="Permission denied"):
        content.open()


def fill_buffers(stream: FileStream) -> None:
    while stream.readinto(memoryview(bytearray(CHUNK))):
        pass


TO_THE_END: dict[str, Callable[[FileStream], object]] = {
    "read": FileStream.read,
    "chunks": lambda stream: list(stream.chunks()),
    "readinto": fill_buffers,
}


@pytest.mark.parametrize("change", ["longer", "shorter", "other bytes"])
@pytest.mark.parametrize("how", TO_THE_END)
def test_a_file_that_changes_while_it_is_read_is_told(path: Path, change: str, how: str) -> None:
    with FileContent(path).open() as stream:
        stream.read(5)
        if change == "longer":
            with path.open("ab") as file:
                file.write(b"more")
        elif change == "shorter":
            os.truncate(path, 10)
        else:
            with path.open("r+b") as file:
                file.write(b"x")
            os.utime(path, ns=(0, 0))
        with pytest.raises(SourceChangedError, match="put it again"):
            TO_THE_END[how](stream)


def test_a_small_file_is_read_whole_in_one_go(path: Path) -> None:
    path.write_bytes(b"small")

    assert FileContent(path).read(5) == b"small"
    assert FileContent(path).read(4) is None
    path.write_bytes(b"")
    assert FileContent(path).read(0) == b""


@pytest.mark.parametrize("now", [b"", b"smal", b"smaller"])
def test_a_small_file_of_another_length_than_it_had_is_told(path: Path, now: bytes) -> None:
    path.write_bytes(b"small")
    content = FileContent(path)
    path.write_bytes(now)

    with pytest.raises(SourceChangedError):
        content.read(100)


def test_a_small_file_that_changes_while_it_is_read_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"small")
    content = FileContent(path)
    pread = os.pread

    def read_then_write(descriptor: int, size: int, offset: int) -> bytes:
        data = pread(descriptor, size, offset)
        path.write_bytes(b"SMALL")
        os.utime(path, ns=(0, 0))
        return data

    monkeypatch.setattr(os, "pread", read_then_write)

    with pytest.raises(SourceChangedError, match="put it again"):
        content.read(100)


def test_reading_a_closed_file_is_refused(path: Path) -> None:
    stream = FileContent(path).open()
    stream.close()

    for read in (lambda: stream.read(1), lambda: stream.readinto(memoryview(bytearray(1)))):
        with pytest.raises(SourceError):
            read()


# --- once ---------------------------------------------------------------------------------


def test_a_one_shot_source_is_opened_once() -> None:
    content = OnceContent(Pieces(b"abc"))

    assert content.open().read() == b"abc"
    with pytest.raises(SourceError, match="once"):
        content.open()


# --- reading ------------------------------------------------------------------------------


@given(st.lists(st.binary(min_size=1)), st.lists(st.integers(0, 20)))
def test_reads_and_chunks_are_two_views_of_the_same_bytes(
    chunks: list[bytes], lengths: list[int]
) -> None:
    stream = Pieces(*chunks)

    read = b"".join([*(stream.read(length) for length in lengths), stream.read()])

    assert read == b"".join(chunks)


def test_a_stream_that_failed_does_not_end_well_when_read_again() -> None:
    stream = Pieces(b"abc", error=SourceError("torn"))

    assert stream.read(10) == b"abc"
    with pytest.raises(SourceError, match="torn"):
        stream.read(10)
    for _ in range(2):
        with pytest.raises(SourceError, match="failed before"):
            stream.read(10)


def test_a_stream_that_digests_nothing_attests_nothing() -> None:
    stream = Pieces(b"abc")

    assert not stream.attests(DigestAlgorithm.SHA512)
    with pytest.raises(LookupError):
        stream.attested(DigestAlgorithm.SHA512)


@given(st.binary(max_size=200), st.integers(1, 50), st.integers(0, 250))
def test_reading_exactly_is_undisturbed_by_short_reads(data: bytes, step: int, size: int) -> None:
    with Trickle(data, step).open() as stream:
        assert read_exactly(stream, size) == data[:size]
        assert b"".join(bytes(chunk) for chunk in chunks_of(stream, 7)) == data[size:]
