"""One-shot streams are kept aside within a bound, and leave nothing behind."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from coffre.contract import ObjectNotFoundError, SourceError
from coffre.streams import CHUNK, BytesContent, Spool
from tests.unit.streams.support import Trickle, some_bytes


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_is_spooled_can_be_opened_again_and_again(tmp_path: Path, size: int) -> None:
    data = some_bytes(size)

    with Spool(io.BytesIO(data), limit=size, directory=str(tmp_path)) as spool:
        content = spool.content()
        with content.open() as one, content.open() as other:
            assert one.read(10) == data[:10]
            assert other.read() == data
            assert one.read() == data[10:]
        with spool.content().open() as third:
            assert third.read() == data
        assert spool.size == size

    assert list(tmp_path.iterdir()) == []


def test_a_small_one_never_touches_the_disk(tmp_path: Path) -> None:
    with Spool(io.BytesIO(b"x" * CHUNK), limit=CHUNK, directory=str(tmp_path / "no")) as spool:
        assert isinstance(spool.content(), BytesContent)


@pytest.mark.parametrize("limit", [0, 10, CHUNK + 10])
def test_one_that_is_too_long_is_refused_and_not_read_on(tmp_path: Path, limit: int) -> None:
    endless = Trickle(some_bytes(20 * CHUNK), step=CHUNK)

    with pytest.raises(SourceError, match=f"longer than the {limit} bytes"):
        Spool(endless.open(), limit=limit, directory=str(tmp_path))

    assert endless.reads[-1] <= limit + CHUNK
    assert list(tmp_path.iterdir()) == []


def test_exactly_the_limit_is_accepted() -> None:
    with Spool(io.BytesIO(b"x" * 10), limit=10) as spool:
        assert spool.size == 10


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(5, "Input/output error"), SourceError),
        (SourceError("torn"), SourceError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        # It is an OSError too; what an offer says is not to be turned into a word on sources.
        (ObjectNotFoundError("gone"), ObjectNotFoundError),
    ],
)
def test_one_that_fails_is_told_and_leaves_nothing(
    tmp_path: Path, error: BaseException, told: type[BaseException]
) -> None:
    failing = Trickle(some_bytes(2 * CHUNK), error=error)

    with pytest.raises(told):
        Spool(failing.open(), limit=1 << 30, directory=str(tmp_path))

    assert list(tmp_path.iterdir()) == []


def test_no_place_for_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="could not be spooled"):
        Spool(io.BytesIO(b"x" * 2 * CHUNK), limit=1 << 30, directory=str(tmp_path / "no"))


def test_a_spool_that_is_closed_is_opened_no_more() -> None:
    spool = Spool(io.BytesIO(b"x" * 2 * CHUNK), limit=1 << 30)
    content = spool.content()
    spool.close()
    spool.close()
    # Another file may have its descriptor by now; that one must not be read instead.
    descriptor = os.open("/dev/zero", os.O_RDONLY)
    try:
        with pytest.raises(SourceError, match="closed"):
            content.open()
    finally:
        os.close(descriptor)


def test_a_stream_opened_before_reads_on_after_the_spool_is_closed() -> None:
    spool = Spool(io.BytesIO(b"x" * 2 * CHUNK), limit=1 << 30)
    with spool.content().open() as stream:
        spool.close()
        assert stream.read() == b"x" * 2 * CHUNK
