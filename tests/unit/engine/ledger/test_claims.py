from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from coffre.engine.ledger import ClaimedError, Ledger, LedgerError, filelocks, processlocks
from coffre.engine.ledger.claims import number_of
from tests.unit.engine.ledger.conftest import POSTGRESQL
from tests.unit.engine.ledger.support import ref

SPAWN = multiprocessing.get_context("spawn")
KINDS = ["kernel", "process", *(["postgresql"] if POSTGRESQL else [])]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which locks claims are made of."""
    kind: str = request.param
    if kind == "process":
        monkeypatch.delattr(fcntl, "F_OFD_SETLK")
    return kind


@pytest.fixture
def place(kind: str, path: Path, request: pytest.FixtureRequest) -> str:
    """Where a ledger with such claims can be opened, several times."""
    if kind == "postgresql":
        found: str = request.getfixturevalue("server_url")
        return found
    return str(path)


@pytest.fixture
def ledger(place: str) -> Iterator[Ledger]:
    with Ledger.open(place, author="tester") as ledger:
        yield ledger


def try_to_claim(ledger: Ledger, *names: str) -> str:
    """Claim and release; what came of it."""
    try:
        ledger.claim([ref(name) for name in names]).release()
    except ClaimedError as error:
        return f"{error.ref} is busy"
    return "claimed"


def test_a_claimed_reference_is_busy_until_released(ledger: Ledger) -> None:
    claim = ledger.claim([ref("a"), ref("b")])
    assert ledger.is_claimed(ref("a"))

    with pytest.raises(ClaimedError, match="by somebody else right now") as caught:
        ledger.claim([ref("b")])
    assert caught.value.ref == ref("b")
    assert caught.value.retryable

    claim.release()
    claim.release()
    assert not ledger.is_claimed(ref("a"))
    assert try_to_claim(ledger, "a", "b") == "claimed"


@pytest.mark.parametrize("first", "abcd")
def test_a_claim_that_is_refused_holds_nothing(ledger: Ledger, first: str) -> None:
    with ledger.claim([ref(first)]):
        assert try_to_claim(ledger, *"abcd") == f"{ref(first)} is busy"
        assert [name for name in "abcd" if ledger.is_claimed(ref(name))] == [first]


def test_releasing_one_claim_leaves_another_one_alone(ledger: Ledger) -> None:
    with ledger.claim([ref("a")]):
        ledger.claim([ref("b")]).release()

        assert ledger.is_claimed(ref("a"))


def test_leaving_the_block_releases_even_after_an_error(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError), ledger.claim([ref("a")]):
        raise RuntimeError("source vanished")

    assert not ledger.is_claimed(ref("a"))


def test_claiming_one_reference_twice_at_once_is_claiming_it(ledger: Ledger) -> None:
    with ledger.claim([ref("a"), ref("a")]):
        assert ledger.is_claimed(ref("a"))


def test_nothing_is_claimed_before_anybody_ever_claimed(ledger: Ledger) -> None:
    assert not ledger.is_claimed(ref("a"))


def test_a_claim_of_no_reference_holds_nothing(ledger: Ledger) -> None:
    with ledger.claim([]):
        assert try_to_claim(ledger, "a") == "claimed"


def test_a_whole_batch_is_claimed_and_released(ledger: Ledger) -> None:
    refs = [ref(f"{number:03}") for number in range(256)]
    with ledger.claim(refs):
        assert all(ledger.is_claimed(one) for one in refs)
        assert try_to_claim(ledger, "255") == f"{refs[255]} is busy"

    assert not any(ledger.is_claimed(one) for one in refs)


def test_two_threads_exclude_each_other(ledger: Ledger) -> None:
    told: list[str] = []
    with ledger.claim([ref("a")]):
        thread = threading.Thread(target=lambda: told.append(try_to_claim(ledger, "a")))
        thread.start()
        thread.join()

    assert told == [f"{ref('a')} is busy"]


def test_two_ledgers_of_one_process_exclude_each_other(ledger: Ledger, place: str) -> None:
    with Ledger.open(place, author="other") as other:
        with ledger.claim([ref("a")]):
            assert try_to_claim(other, "a") == f"{ref('a')} is busy"
        assert try_to_claim(other, "a") == "claimed"


# --- Other processes ----------------------------------------------------------------------


def hold_a_claim(place: str, kind: str, pipe: Connection) -> None:
    """Claim, in a process of its own, until killed; a forked child of it lives on."""
    if kind == "process":
        del fcntl.F_OFD_SETLK
    ledger = Ledger.open(place, author="other")
    ledger.claim([ref("a")])
    # A child would keep the connection to a server open, which is what it must not do.
    if kind == "postgresql" or os.fork() == 0:
        pipe.send(os.getpid())
    signal.pause()


@pytest.fixture
def holder(place: str, kind: str) -> Iterator[Callable[[], SpawnProcess]]:
    """Starts a process that holds a claim on ``a``."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=hold_a_claim, args=(place, kind, there))
    children: list[int] = []

    def start() -> SpawnProcess:
        process.start()
        children.append(here.recv())
        return process

    yield start
    process.kill()
    process.join()
    for child in children:
        if child != process.pid:
            os.kill(child, signal.SIGKILL)


def test_another_process_is_excluded(ledger: Ledger, holder: Callable[[], SpawnProcess]) -> None:
    holder()

    assert ledger.is_claimed(ref("a"))
    assert try_to_claim(ledger, "a") == f"{ref('a')} is busy"
    assert try_to_claim(ledger, "b") == "claimed"


def test_kill_9_frees_a_claim_at_once_whatever_children_live_on(
    ledger: Ledger, holder: Callable[[], SpawnProcess], kind: str
) -> None:
    victim = holder()
    assert ledger.is_claimed(ref("a"))

    victim.kill()
    victim.join()
    while kind == "postgresql" and ledger.is_claimed(ref("a")):
        pass  # a server notices in its own time

    assert not ledger.is_claimed(ref("a"))
    assert try_to_claim(ledger, "a") == "claimed"


@contextmanager
def forked(work: Callable[[Callable[[], None]], bool]) -> Iterator[Callable[[], None]]:
    """A forked child that does some work, which says whether all was well, beside the block.

    Each side is given a function that waits until the other one has called its own.
    """
    here, there = SPAWN.Pipe()

    def meet(pipe: Connection) -> None:
        pipe.send(None)
        pipe.recv()

    child = os.fork()
    if child == 0:
        signal.alarm(30)
        status = 1
        try:
            status = 0 if work(partial(meet, there)) else 1
        finally:
            os._exit(status)
    there.close()
    yield partial(meet, here)
    _pid, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_forked_child_releases_nothing_and_keeps_nothing(ledger: Ledger) -> None:
    claim = ledger.claim([ref("a")])

    def work(meet: Callable[[], None]) -> bool:
        claim.release()  # which is not the child's to do
        meet()
        meet()
        return True

    with forked(work) as meet:
        meet()
        assert ledger.is_claimed(ref("a"))
        claim.release()
        assert try_to_claim(ledger, "a") == "claimed"
        meet()


def test_a_forked_child_takes_claims_of_its_own(ledger: Ledger, place: str) -> None:
    claim = ledger.claim([ref("a")])

    def work(meet: Callable[[], None]) -> bool:
        with Ledger.open(place, author="child") as own:
            told = [try_to_claim(own, "a"), try_to_claim(own, "b")]
            meet()
            meet()
            told.append(try_to_claim(own, "a"))
        return told == [f"{ref('a')} is busy", "claimed", "claimed"]

    with forked(work) as meet:
        meet()
        claim.release()
        meet()


def test_a_fork_in_the_middle_of_another_threads_claim_does_not_hang(
    ledger: Ledger, kind: str
) -> None:
    if kind != "process":
        pytest.skip("nothing else has a lock of its own")
    claim = ledger.claim([ref("a")])
    assert isinstance(claim, processlocks.ProcessClaim)

    def work(_meet: Callable[[], None]) -> bool:
        claim.release()
        return True

    with claim._file._lock, forked(work):
        pass
    claim.release()


def test_releasing_does_not_wait_for_a_copy_of_the_descriptor(path: Path) -> None:
    """Between the fork and the exec of a subprocess, its copies are still open."""
    claims = filelocks.FileClaims(str(path))
    path.touch()
    claim = claims.take([ref("a")])
    assert isinstance(claim, filelocks.FileClaim)
    copy = os.dup(claim._descriptor)

    claim.release()

    assert not claims.is_taken(ref("a"))
    os.close(copy)


# --- The file of claims -------------------------------------------------------------------


def test_a_claim_leaves_no_descriptor_and_an_empty_file(embedded: Ledger, path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    with embedded.claim([ref("a"), ref("b")]):
        try_to_claim(embedded, "b")
    embedded.is_claimed(ref("a"))

    assert os.listdir("/proc/self/fd") == before
    assert path.with_name("ledger.db-claims").stat().st_size == 0


def test_a_file_of_claims_that_was_removed_is_made_again(embedded: Ledger, path: Path) -> None:
    claim = embedded.claim([ref("a")])
    path.with_name("ledger.db-claims").unlink()

    assert not embedded.is_claimed(ref("a"))  # lost: the ledger decides when both record
    with embedded.claim([ref("a")]):
        claim.release()
        assert try_to_claim(embedded, "a") == f"{ref('a')} is busy"


def test_a_link_to_a_ledger_leads_to_its_claims(embedded: Ledger, path: Path) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)

    with Ledger.open(str(link), author="other") as other, embedded.claim([ref("a")]):
        assert try_to_claim(other, "a") == f"{ref('a')} is busy"


def test_whoever_may_write_the_ledger_may_claim(embedded: Ledger, path: Path) -> None:
    path.chmod(0o664)
    umask = os.umask(0o077)
    try:
        embedded.claim([ref("a")]).release()
    finally:
        os.umask(umask)

    made = path.with_name("ledger.db-claims").stat()
    assert stat.S_IMODE(made.st_mode) == 0o664
    assert (made.st_uid, made.st_gid) == (path.stat().st_uid, path.stat().st_gid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_claims_made_by_root_belongs_to_who_owns_the_ledger(
    embedded: Ledger, path: Path
) -> None:
    os.chown(path, 12345, 23456)

    embedded.claim([ref("a")]).release()

    made = path.with_name("ledger.db-claims").stat()
    assert (made.st_uid, made.st_gid) == (12345, 23456)


def test_a_file_of_claims_that_cannot_be_opened_is_told(embedded: Ledger, path: Path) -> None:
    path.with_name("ledger.db-claims").mkdir()

    with pytest.raises(LedgerError, match="may write the file and its folder"):
        embedded.claim([ref("a")])


def test_a_kernel_that_refuses_the_lock_is_told_and_is_no_claim(
    embedded: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither *claimed* nor *free* (law 2)."""
    embedded.claim([ref("a")]).release()
    monkeypatch.setattr(fcntl, "F_OFD_SETLK", 9999)
    monkeypatch.setattr(fcntl, "F_OFD_GETLK", 9999)

    with pytest.raises(LedgerError, match="local disk"):
        embedded.is_claimed(ref("a"))


# --- Numbers ------------------------------------------------------------------------------


def test_the_number_of_a_reference_is_the_same_for_ever() -> None:
    assert number_of(ref("a")) == 0x23C6_E72B_924C_D88C
    assert 0 <= number_of(ref("b")) < 2**62
    assert number_of(ref("a")) != number_of(ref("b"))


def test_two_references_with_one_number_are_busy_together(
    embedded: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filelocks, "number_of", lambda _ref: 7)

    with embedded.claim([ref("a"), ref("b")]):
        assert try_to_claim(embedded, "c") == f"{ref('c')} is busy"
    assert try_to_claim(embedded, "c") == "claimed"
