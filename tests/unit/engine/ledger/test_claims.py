from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from coffre.engine.ledger import ClaimedError, Ledger
from coffre.engine.ledger.claims import Owner, is_alive
from coffre.testing import FakeClock
from tests.unit.engine.ledger.support import deposit, ref, stranger


def test_a_claimed_reference_is_busy_until_released(ledger: Ledger) -> None:
    claim = ledger.claim([ref("a"), ref("b")])
    assert ledger.is_claimed(ref("a"))

    with pytest.raises(ClaimedError, match="by this process") as caught:
        ledger.claim([ref("c"), ref("b")])
    assert caught.value.ref == ref("b")
    assert caught.value.retryable
    assert not ledger.is_claimed(ref("c"))

    claim.release()
    claim.release()
    assert not ledger.is_claimed(ref("a"))
    ledger.claim([ref("c"), ref("b")]).release()


def test_leaving_the_block_releases_even_after_an_error(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError), ledger.claim([ref("a")]):
        raise RuntimeError("source vanished")

    assert not ledger.is_claimed(ref("a"))


def test_recording_the_deposit_releases_its_claim(ledger: Ledger) -> None:
    refs = [ref(f"{number:03}") for number in range(300)]
    with ledger.claim(refs) as claim:
        ledger.record_deposits([deposit(r) for r in refs], claim=claim)
        assert not ledger.is_claimed(refs[0])
        ledger.claim(refs).release()  # another one may take them at once


def test_an_expired_claim_is_taken_over_and_not_released_by_its_first_holder(
    ledger: Ledger, clock: FakeClock
) -> None:
    first = ledger.claim([ref("a")], seconds=60)
    clock.advance(59)
    with pytest.raises(ClaimedError):
        ledger.claim([ref("a")])
    clock.advance(1)
    second = ledger.claim([ref("a")])

    first.release()

    assert ledger.is_claimed(ref("a"))
    second.release()


def test_a_renewed_claim_lasts(ledger: Ledger, clock: FakeClock) -> None:
    claim = ledger.claim([ref("a")], seconds=60)
    clock.advance(50)
    claim.renew()
    clock.advance(50)

    assert ledger.is_claimed(ref("a"))
    claim.release()


def test_claiming_one_reference_twice_at_once_is_claiming_it(ledger: Ledger) -> None:
    with ledger.claim([ref("a"), ref("a")]):
        assert ledger.is_claimed(ref("a"))


def hold_a_claim(path: str, pipe: Connection) -> None:
    with Ledger.open(path, author="other") as ledger:
        ledger.claim([ref("a")])
        pipe.send("claimed")
        pipe.recv()  # never comes


def test_a_claim_of_a_killed_process_is_taken_over(embedded: Ledger, path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=hold_a_claim, args=(str(path), there))
    process.start()
    assert here.recv() == "claimed"
    with pytest.raises(ClaimedError, match=f"by process {process.pid} on "):
        embedded.claim([ref("a")])

    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()

    assert not embedded.is_claimed(ref("a"))
    embedded.claim([ref("a")]).release()


def test_a_claim_from_before_a_reboot_is_taken_over(embedded: Ledger, path: Path) -> None:
    host, _boot, space = Owner.current().machine.split(" ")
    embedded.claim([ref("a")])
    with stranger(path) as connection:
        connection.execute("UPDATE claims SET machine = ?", (f"{host} another-boot {space}",))

    embedded.claim([ref("a")]).release()


def test_a_claim_from_another_container_is_respected(embedded: Ledger, path: Path) -> None:
    """Process numbers mean something else there: whether it lives cannot be told."""
    host, boot, _space = Owner.current().machine.split(" ")
    embedded.claim([ref("a")])
    with stranger(path) as connection:
        connection.execute("UPDATE claims SET machine = ?", (f"{host} {boot} pid:[1]",))
        connection.execute("UPDATE claims SET pid = 2147483646")

    with pytest.raises(ClaimedError):
        embedded.claim([ref("a")])


def test_a_number_used_again_is_another_process() -> None:
    me = Owner.current()

    assert is_alive(me)
    assert is_alive(Owner(me.machine, 1, ""))
    if me.started:
        assert not is_alive(Owner(me.machine, me.pid, "1"))
