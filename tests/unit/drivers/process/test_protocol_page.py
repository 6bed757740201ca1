"""The session that the protocol's page shows is the one that takes place."""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from coffre.drivers.process.protocol import Frame
from tests.unit.drivers.process.reference import program as program

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "process-protocol.md"
TEXT = PAGE.read_text(encoding="utf-8")
WHOLE = re.MULTILINE | re.DOTALL
LINE = re.compile(r"(coffre|program) +([0-9a-f]{2}) 000000 ([0-9a-f]{8}) ([0-9a-f]{8})(?:  (.+))?")
SHOWN_PLACE = b"/tmp/archive"
WHEN = b"2026-11-24T15:04:05.000000Z"
"""As long as any other."""


@dataclass(frozen=True)
class Shown:
    """One frame as the page shows it."""

    sender: str
    kind: int
    number: int
    length: int
    payload: bytes
    """With ``…`` where the time of the deposit is."""


def shown_frames() -> Iterator[Shown]:
    (block,) = re.findall(r"^```frames\n(.*?)^```$", TEXT, WHOLE)
    for line in filter(None, block.splitlines()):
        found = LINE.fullmatch(line)
        assert found is not None, line
        sender, kind, number, length, text = found.groups(default="")
        is_credit = int(kind, 16) == Frame.CREDIT
        payload = bytes.fromhex(text) if is_credit else text.encode()
        yield Shown(sender, int(kind, 16), int(number, 16), int(length, 16), payload)


def test_a_length_is_that_of_the_payload() -> None:
    for shown in shown_frames():
        assert len(shown.payload.replace("…".encode(), WHEN)) == shown.length


def test_the_program_answers_as_the_page_says(program: Path, tmp_path: Path) -> None:
    place = str(tmp_path / "archive").encode()
    with subprocess.Popen(
        [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for shown in shown_frames():
            if shown.sender == "coffre":
                running.stdin.write(frame_of(shown, shown.payload.replace(SHOWN_PLACE, place)))
            else:
                header, payload = received(running.stdout)
                assert header == (shown.kind, shown.number, shown.length)
                pattern = re.escape(shown.payload).replace(re.escape("…".encode()), b".{27}")
                assert re.fullmatch(pattern, payload), payload
        assert running.wait(60) == 0


def frame_of(shown: Shown, payload: bytes) -> bytes:
    return struct.pack(">B3xII", shown.kind, shown.number, len(payload)) + payload


def received(stream: IO[bytes]) -> tuple[tuple[int, int, int], bytes]:
    header = struct.unpack(">B3xII", exactly(stream, 12))
    return header, exactly(stream, header[2])


def exactly(stream: IO[bytes], length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = stream.read(length - len(data))
        assert piece, "the program ended"
        data += piece
    return data


def test_the_page_names_every_type_of_frame() -> None:
    named = re.findall(r"^\| (\d+) \| `([A-Z]+)` \|", TEXT, re.MULTILINE)
    assert [(int(number), name) for number, name in named] == [(f.value, f.name) for f in Frame]


def test_the_first_frame_is_shown_as_it_is() -> None:
    first = next(shown_frames())
    (block,) = re.findall(r"^```\n(01 00.*?)^```$", TEXT, WHOLE)
    hexadecimal = "".join(re.split(r" {3,}", line)[0] for line in block.splitlines())
    assert bytes.fromhex(hexadecimal) == frame_of(first, first.payload)
