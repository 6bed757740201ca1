"""Every error has an exit status, and a job's status tells its worst without hiding its best."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coffre.cli import errors as _errors  # noqa: F401
from coffre.cli.status import STATUS_OF_CODE, ExitStatus, status_of, status_of_job
from coffre.contract import CoffreError, OfferUnavailableError


def family(root: type[CoffreError]) -> Iterator[type[CoffreError]]:
    yield root
    for kind in root.__subclasses__():
        yield from family(kind)


KINDS = sorted(set(family(CoffreError)), key=lambda kind: kind.__name__)


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.__module__.startswith("coffre.")], ids=str
)
def test_every_code_has_a_status_of_its_own_in_the_table(kind: type[CoffreError]) -> None:
    assert kind.code in STATUS_OF_CODE


def test_an_error_that_the_table_does_not_know_takes_its_familys_status() -> None:
    class TapeJammedError(OfferUnavailableError):
        code = "tape-jammed"

    assert status_of(TapeJammedError("jammed")) is ExitStatus.UNAVAILABLE


@pytest.mark.parametrize(
    ("done", "failures", "status"),
    [
        (3, set(), ExitStatus.OK),
        (0, set(), ExitStatus.OK),
        (0, {ExitStatus.REFUSED}, ExitStatus.REFUSED),
        (1, {ExitStatus.REFUSED}, ExitStatus.PART),
        (0, {ExitStatus.REFUSED, ExitStatus.UNAVAILABLE}, ExitStatus.PART),
    ],
)
def test_a_job_ends_as_its_objects_did(
    done: int, failures: set[ExitStatus], status: ExitStatus
) -> None:
    assert status_of_job(done, failures) is status


def test_the_numbers_are_those_that_scripts_rely_on() -> None:
    assert {status.name: status.value for status in ExitStatus} == {
        "OK": 0,
        "PART": 1,
        "USAGE": 2,
        "NOT_FOUND": 3,
        "REFUSED": 4,
        "NOT_ENOUGH_COPIES": 5,
        "UNAVAILABLE": 6,
        "INTERNAL": 70,
    }
