"""Exact sizes: section 6.4."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import Buffer
from coffre.streams import BytesContent
from coffre.wire import BodyLengthError, ExactStream
from tests.unit.wire.support import Arriving


@given(st.binary(max_size=50), st.integers(1, 20))
def test_a_body_of_the_announced_length_passes(data: bytes, step: int) -> None:
    assert ExactStream(Arriving(data, step), len(data)).read() == data


@given(st.binary(max_size=30), st.integers(0, 60), st.integers(1, 20))
def test_any_other_length_fails_before_the_last_byte_is_handed_on(
    data: bytes, announced: int, step: int
) -> None:
    if announced == len(data):
        return
    seen: list[Buffer] = []

    with pytest.raises(BodyLengthError):
        seen.extend(ExactStream(Arriving(data, step), announced).chunks())

    assert sum(len(chunk) for chunk in seen) < max(announced, 1)


def test_a_body_that_was_to_be_empty_is_looked_at_at_once() -> None:
    with pytest.raises(BodyLengthError, match="more"):
        next(ExactStream(Arriving(b"x"), 0).chunks(), None)


def test_a_negative_length_is_refused_before_anything_is_read() -> None:
    with pytest.raises(BodyLengthError):
        ExactStream(Arriving(b""), -1)


def test_streams_of_ours_pass_too_and_are_closed() -> None:
    with ExactStream(BytesContent(b"hello").open(), 5) as stream:
        assert stream.read() == b"hello"

    body = Arriving(b"")
    ExactStream(body, 0).close()
    assert body.closed
