"""Sessions that are cut, servers that die, disks that are full: nothing half is ever seen."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from coffre.conformance.contents import ScriptedContent, some_bytes
from coffre.conformance.proxy import Kind, Proxy, Way
from coffre.contract import (
    CapacityRequest,
    Connection,
    ConnectionLostError,
    DeleteRequest,
    DigestAlgorithm,
    GetRequest,
    InvalidRangeError,
    ListRequest,
    ObjectConflictError,
    ObjectCorruptError,
    ObjectNotFoundError,
    OfferFullError,
    OfferUnavailableError,
    PutRequest,
    StatRequest,
    SweepRequest,
)
from coffre.drivers.sftp import SftpDriver, parts
from coffre.drivers.sftp.connection import SftpConnection
from coffre.drivers.sftp.exchange import Answer
from coffre.drivers.sftp.packets import FOR_READING
from coffre.drivers.sftp.remote import FLUSH
from coffre.streams import CHUNK
from coffre.tree import PARTS, place_of, record_line, record_place
from tests.conformance.deposits import deposit, named
from tests.servers.sftp_harness import PLAIN_SERVER, SERVER, SftpHarness, offer_on

SMALL = some_bytes(20_000)
LARGE = some_bytes(2 * CHUNK)


@pytest.fixture(params=[SERVER, PLAIN_SERVER])
def offer(request: pytest.FixtureRequest) -> Iterator[SftpHarness]:
    yield from offer_on(SftpDriver(), request.param)


@pytest.fixture
def connection(offer: SftpHarness) -> Iterator[SftpConnection]:
    with SftpDriver().connect(offer.parameters) as opened:
        yield opened


def names_in(connection: Connection) -> list[str]:
    with connection.list(ListRequest(tenant=0, container="object")) as listing:
        return [entry.identifier for entry in listing]


def parts_of(offer: SftpHarness) -> list[str]:
    return sorted(path.name for path in (offer.root / PARTS).iterdir())


def read(connection: Connection, name: str) -> bytes:
    with connection.get(GetRequest(ref=named(name))) as opened:
        return opened.stream.read()


# --- cuts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_put_cut_at_any_step_leaves_nothing_or_all_and_is_swept(
    offer: SftpHarness, connection: SftpConnection, way: Way, data: bytes
) -> None:
    host, port = offer.address()
    span = len(data) + 4000 if way is Way.OUT else 3000
    for step in range(12):
        name = f"{way}-{step}"
        leave_stale_record(offer, name)
        with Proxy(host, port) as proxy:
            cut_off = SftpDriver().connect(offer.through(proxy.host, proxy.port))
            proxy.arm(Kind.RESET, way, after=step * span // 12)
            error: OfferUnavailableError | None = None
            try:
                cut_off.put(deposit(name, data))
            except OfferUnavailableError as lost:
                error = lost
            cut_off.close()
        held = offer.bytes_at_rest(named(name))
        assert held in (None, data), f"a part of an object is held after step {step}"
        assert held == data or error is not None, "acknowledged, and not there"
        assert held is None or error is None or error.effect_unknown, "stored, and no doubt left"
        if held is not None:
            recorded = connection.stat(StatRequest(ref=named(name))).recorded
            assert recorded in (None, DigestAlgorithm.SHA512.of(data)), "another object's record"
        assert connection.put(deposit(name, data)).already_there is (held is not None)

    connection.sweep(SweepRequest(older_than=0))

    assert parts_of(offer) == []
    assert len(names_in(connection)) == 12
    assert all(
        connection.stat(StatRequest(ref=named(name))).recorded for name in names_in(connection)
    )


def leave_stale_record(offer: SftpHarness, name: str) -> None:
    """As of an object that was deleted while its record was being written."""
    path = offer.root / record_place(place_of(named(name))).path
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = DigestAlgorithm.SHA512.of(b"of another object")
    path.write_bytes(record_line(named(name), 17, digest, "2026-01-01T00:00:00Z", {}))


def test_a_delete_cut_at_any_step_leaves_doubt_once_it_may_have_begun(
    offer: SftpHarness, connection: SftpConnection
) -> None:
    host, port = offer.address()
    doubts = 0
    for step in range(16):
        name = f"n{step}"
        connection.put(deposit(name, SMALL))
        with Proxy(host, port) as proxy:
            cut_off = SftpDriver().connect(offer.through(proxy.host, proxy.port))
            proxy.arm(Kind.RESET, Way.BACK, after=step * 40)
            error: OfferUnavailableError | None = None
            try:
                cut_off.delete(DeleteRequest(ref=named(name)))
            except OfferUnavailableError as lost:
                error = lost
            cut_off.close()
        held = offer.bytes_at_rest(named(name))
        assert held in (None, SMALL)
        assert held is None or error is not None, "acknowledged, and still there"
        assert held is not None or error is None or error.effect_unknown, "gone, and no doubt left"
        if held is not None and error is not None and not error.effect_unknown:
            assert connection.stat(StatRequest(ref=named(name))).recorded, "nothing was touched"
        doubts += error is not None and error.effect_unknown
    assert doubts, "not one cut came after the beginning"


def test_refusals_leave_no_file_open_on_the_server(connection: SftpConnection) -> None:
    connection.put(deposit("it", SMALL))
    before = handles_of(connection)

    for _ in range(5):
        with pytest.raises(ObjectConflictError):
            connection.put(deposit("it", b"others"))
        with pytest.raises(InvalidRangeError):
            connection.get(GetRequest(ref=named("it"), offset=len(SMALL) + 1))
        with pytest.raises(ObjectNotFoundError):
            connection.stat(StatRequest(ref=named("nothing")))
        connection.get(GetRequest(ref=named("it"))).stream.close()

    assert handles_of(connection) == before


def handles_of(connection: SftpConnection) -> int:
    """How many files the server has open for a session: its handles are numbers, lowest first."""
    remote = connection._remote
    handle = remote.open("README-coffre.txt", FOR_READING).get()
    remote.close(handle).get()
    return int.from_bytes(handle, "big")


def test_a_put_whose_server_process_is_killed_leaves_nothing(
    offer: SftpHarness, connection: SftpConnection
) -> None:
    victim = SftpDriver().connect(offer.parameters)
    content = ScriptedContent(LARGE[:CHUNK], lambda: kill_server_of(victim), LARGE[CHUNK:])

    with pytest.raises(ConnectionLostError) as caught:
        victim.put(PutRequest(ref=named("it"), content=content, size=len(LARGE)))

    victim.close()
    assert not caught.value.effect_unknown, "nothing was asked that others could see"
    with pytest.raises(ObjectNotFoundError):
        read(connection, "it")
    left = parts_of(offer)
    assert left, "the part is still there: its server was killed"
    assert connection.sweep(SweepRequest(older_than=0)).removed == len(left)
    assert connection.sweep(SweepRequest(older_than=0)).removed == 0
    assert connection.put(deposit("it", LARGE)).size == len(LARGE)


def kill_server_of(connection: SftpConnection) -> None:
    """Kill every process that holds the server's end of a session, as ``kill -9`` does."""
    wire = connection._remote.exchange._line._wire  # type: ignore[attr-defined]
    client, server = (hexadecimal(end) for end in (wire._socket.getsockname(), wire.getpeername()))
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    (inode,) = [fields[9] for line in lines if (fields := line.split())[1:3] == [server, client]]
    for process in holders_of(f"socket:[{inode}]"):
        os.kill(process, signal.SIGKILL)


def hexadecimal(end: tuple[str, int]) -> str:
    return f"{int.from_bytes(socket.inet_aton(end[0]), 'little'):08X}:{end[1]:04X}"


def holders_of(target: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):
            if any(os.readlink(one) == target for one in folder.iterdir()):
                found.append(int(folder.parent.name))
    return found


def test_keys_are_changed_in_the_middle_of_an_object(connection: SftpConnection) -> None:
    transport = connection._remote.exchange._line._transport  # type: ignore[attr-defined]
    changes: list[object] = []
    begin = transport._send_kex_init

    def change() -> None:
        changes.append(None)
        begin()

    transport._send_kex_init = change
    transport.packetizer.REKEY_BYTES = CHUNK
    data = some_bytes(8 * CHUNK)

    connection.put(deposit("it", data))

    assert read(connection, "it") == data
    assert len(changes) > 2


def test_a_large_object_is_flushed_on_its_way_so_that_no_flush_takes_long(
    connection: SftpConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_FLUSHED", CHUNK)
    remote, flushed = connection._remote, []
    flush = remote.flush

    def counted(handle: bytes) -> Answer[bool]:
        flushed.append(handle)
        return flush(handle)

    monkeypatch.setattr(remote, "flush", counted)

    result = connection.put(deposit("it", some_bytes(8 * CHUNK)))

    assert read(connection, "it") == some_bytes(8 * CHUNK)
    assert result.durable is remote.has(FLUSH)
    assert len(flushed) > 8 if result.durable else not flushed


def test_a_server_of_several_host_keys_shows_the_one_that_is_known(
    offer: SftpHarness, tmp_path: Path
) -> None:
    lines = Path(offer.server.known_hosts).read_text().splitlines()
    (rsa,) = [line for line in lines if " ssh-rsa " in line]
    (tmp_path / "known").write_text(f"{rsa}\n")
    parameters = offer.server.parameters(offer.root, known_hosts=str(tmp_path / "known"))

    assert SftpDriver().is_available(parameters)


# --- disks ----------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(offer: SftpHarness) -> Iterator[SftpHarness]:
    """The offer, on a file system of four mebibytes of its own."""
    place = offer.root.with_name(f"{offer.root.name}-small")
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no right to mount a file system of its own")
    offer.root = place
    offer.parameters = offer.server.parameters(place)
    SftpDriver().prepare(offer.parameters)
    yield offer
    subprocess.run(["umount", "--lazy", str(place)], check=True)
    offer.root = place.with_name(place.name.removesuffix("-small"))


def test_a_full_disk_is_said_to_be_full_where_the_server_can_tell(small_disk: SftpHarness) -> None:
    with SftpDriver().connect(small_disk.parameters) as connection:
        connection.put(deposit("held", SMALL))
        tells = connection.capacity(CapacityRequest()).free is not None

        with pytest.raises(Exception, match="no room left" if tells else "the server failed") as it:
            connection.put(deposit("it", some_bytes(6 * CHUNK)))

        assert isinstance(it.value, OfferFullError) is tells
        assert names_in(connection) == ["held"]
        assert parts_of(small_disk) == []
        assert connection.put(deposit("more", SMALL)).size == len(SMALL)


# --- intruders ------------------------------------------------------------------------------------


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(path.parent)  # a socket's path is short
        listener.bind(path.name)
        os.chdir(here)


INTRUDERS: list[Callable[[Path], None]] = [
    lambda path: path.symlink_to(path.parents[3] / "README-coffre.txt"),
    lambda path: path.mkdir(),
    lambda path: os.mkfifo(path),
    bound_socket,
]


@pytest.mark.parametrize("intrude", INTRUDERS, ids=["link", "folder", "fifo", "socket"])
def test_what_is_not_a_file_is_not_an_object(
    offer: SftpHarness, intrude: Callable[[Path], None]
) -> None:
    with SftpDriver().connect(offer.parameters) as connection:
        connection.put(deposit("it"))
    path = offer.root / place_of(named("it")).path
    path.unlink()
    intrude(path)

    asked: list[Callable[[Connection], object]] = [
        lambda connection: connection.get(GetRequest(ref=named("it"))),
        lambda connection: connection.stat(StatRequest(ref=named("it"))),
        lambda connection: connection.put(deposit("it")),
    ]
    for ask in asked:
        with (
            SftpDriver().connect(offer.parameters) as connection,
            pytest.raises(ObjectCorruptError, match="stands where the object should be"),
        ):
            ask(connection)
    with SftpDriver().connect(offer.parameters) as connection:
        assert names_in(connection) == ["it"], "an audit must come across it"


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_folder_that_leads_out_of_the_root_is_not_followed(
    offer: SftpHarness, level: int
) -> None:
    with SftpDriver().connect(offer.parameters) as connection:
        connection.put(deposit("it"))
    path = list((offer.root / place_of(named("it")).path).parents)[level]
    elsewhere = offer.root.with_name(f"{offer.root.name}-elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    other = offer.root.rename(offer.root.with_name(f"{offer.root.name}-moved"))

    # Another place, of which this process knows no folder yet.
    with (
        SftpDriver().connect(offer.server.parameters(other)) as connection,
        pytest.raises(ObjectCorruptError, match="stands where the object should be"),
    ):
        connection.get(GetRequest(ref=named("it")))
