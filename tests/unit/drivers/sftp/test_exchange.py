"""Requests go out without waiting, answers are matched by their number, nonsense ends a session."""

from __future__ import annotations

import pytest

from coffre.contract import Buffer
from coffre.drivers.sftp import packets
from coffre.drivers.sftp.exchange import Exchange, LineLostError, StatusError
from coffre.drivers.sftp.packets import NUMBER, Attributes, Reader, Room, text
from coffre.drivers.sftp.remote import Remote, is_file, is_folder

GREETING = bytes([packets.ANNOUNCE]) + NUMBER.pack(3) + text("fsync@openssh.com") + text("1")


class Script:
    """A line whose other end has said all that it will say."""

    def __init__(self, *said: bytes) -> None:
        self.said = b"".join(NUMBER.pack(len(one)) + one for one in said)
        self.heard: list[bytes] = []
        self.open = True

    def send(self, data: Buffer) -> None:
        self.heard.append(bytes(data))

    def receive(self, least: int) -> bytes:
        if len(self.said) < least:
            raise LineLostError("the script is at its end")
        taken, self.said = self.said[: least + 3], self.said[least + 3 :]
        return taken

    def close(self) -> None:
        self.open = False


def status(number: int, code: int, message: str = "said") -> bytes:
    head = bytes([packets.STATUS]) + NUMBER.pack(number) + NUMBER.pack(code)
    return head + text(message) + text("en")


def attributes(number: int, size: int) -> bytes:
    head = bytes([packets.ATTRS]) + NUMBER.pack(number)
    return head + NUMBER.pack(1) + packets.LONG.pack(size)


def remote_on(*said: bytes) -> tuple[Remote, Script]:
    script = Script(GREETING, *said)
    return Remote(Exchange(script), "/root"), script


def test_what_the_server_can_do_is_heard_in_its_greeting() -> None:
    remote, script = remote_on()

    assert remote.has("fsync@openssh.com")
    assert not remote.has("statvfs@openssh.com")
    assert script.heard == [NUMBER.pack(5) + bytes([packets.INIT]) + NUMBER.pack(3)]


def test_requests_leave_together_when_somebody_waits() -> None:
    remote, script = remote_on(attributes(1, 10), attributes(2, 20))

    first, second = remote.lstat("a"), remote.lstat("b")
    assert len(script.heard) == 1, "nothing but the greeting"

    assert (first.get().size, second.get().size) == (10, 20)
    assert len(script.heard) == 2
    assert script.heard[1].count(b"/root/") == 2


def test_answers_in_another_order_find_their_requests() -> None:
    remote, _ = remote_on(attributes(3, 30), attributes(1, 10), attributes(2, 20))

    answers = [remote.lstat(name) for name in "abc"]

    assert [answer.get().size for answer in answers] == [10, 20, 30]


def test_an_answer_that_nobody_holds_is_not_kept() -> None:
    remote, _ = remote_on(status(1, packets.OK), status(2, packets.OK), attributes(3, 30))

    remote.remove("a")
    remote.remove("b")

    assert remote.lstat("c").get().size == 30
    assert remote.exchange._kept == {}
    assert remote.exchange._dropped == set()


def test_a_no_is_an_error_and_no_such_file_can_be_nothing() -> None:
    remote, _ = remote_on(
        status(1, packets.NO_SUCH_FILE), status(2, packets.FAILURE), status(3, packets.NO_SUCH_FILE)
    )

    assert remote.lstat("a").if_there() is None
    with pytest.raises(StatusError) as caught:
        remote.lstat("b").if_there()
    assert caught.value.status == packets.FAILURE
    with pytest.raises(StatusError):
        remote.lstat("c").get()


@pytest.mark.parametrize(
    "nonsense",
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n", id="another-protocol"),
        pytest.param(NUMBER.pack(0), id="empty"),
        pytest.param(NUMBER.pack(5) + bytes([packets.ANNOUNCE]) + NUMBER.pack(2), id="too-old"),
        pytest.param(NUMBER.pack(9) + GREETING[:9], id="too-short"),
        pytest.param(NUMBER.pack(2) + b"\x02\x00", id="no-version"),
    ],
)
def test_what_is_no_greeting_ends_the_session(nonsense: bytes) -> None:
    script = Script()
    script.said = nonsense + bytes(20)

    with pytest.raises(LineLostError):
        Exchange(script)

    assert not script.open


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(bytes([packets.HANDLE]) + NUMBER.pack(1) + text("x"), id="of-another-kind"),
        pytest.param(bytes([packets.ATTRS]) + NUMBER.pack(1) + NUMBER.pack(1), id="too-short"),
        pytest.param(b"\x65", id="without-a-number"),
    ],
)
def test_an_answer_that_makes_no_sense_ends_the_session(said: bytes) -> None:
    remote, script = remote_on(said)

    with pytest.raises(LineLostError):
        remote.lstat("a").get()

    assert not script.open
    assert not remote.exchange.alive


def test_doubt_stays_when_the_line_is_lost_and_goes_when_the_server_answers() -> None:
    remote, _ = remote_on(status(1, packets.FAILURE))
    exchange = remote.exchange

    with pytest.raises(StatusError), exchange.doubting():
        remote.rename("a", "b").get()
    assert not exchange.in_doubt

    with pytest.raises(LineLostError), exchange.doubting():
        remote.rename("a", "b").get()
    assert exchange.in_doubt


def test_limits_that_the_server_announces_are_kept_within_ours() -> None:
    name = text("limits@openssh.com") + text("1")
    for told, kept in ((0, 131072), (4096, 4096), (261120, 131072)):
        limits = packets.LONG.pack(262144) + packets.LONG.pack(told) * 2 + packets.LONG.pack(9)
        reply = bytes([packets.EXTENDED_REPLY]) + NUMBER.pack(1) + limits
        remote = Remote(Exchange(Script(GREETING + name, reply)), ".")

        assert (remote.most_read, remote.most_written) == (kept, kept)


def test_all_that_can_be_said_of_a_file_is_read_or_passed_over() -> None:
    flags = NUMBER.pack(0x8000000F)
    owner, mode, times = NUMBER.pack(7) * 2, NUMBER.pack(0o100644), NUMBER.pack(1) + NUMBER.pack(2)
    more = NUMBER.pack(1) + text("name") + text("value")
    data = flags + packets.LONG.pack(9) + owner + mode + times + more + b"!"
    reader = Reader(memoryview(data))

    found = reader.attributes()

    assert found == Attributes(9, 0o100644, 2)
    assert reader.left(), "what follows is still there"
    assert is_file(found)
    assert not is_folder(found)
    assert is_folder(Attributes(mode=0o40755))
    assert is_file(Attributes()), "a server that says nothing is believed"
    assert not is_file(Attributes(mode=0o120777)), "a link is not a file"


def test_room_is_counted_in_bytes() -> None:
    numbers = [4096, 512, 100, 40, 30, 0, 0, 0, 0, 1, 255]
    data = b"".join(packets.LONG.pack(number) for number in numbers)

    assert Reader(memoryview(data)).room() == Room(51200, 20480, 15360, True)
