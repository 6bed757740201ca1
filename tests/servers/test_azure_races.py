"""Many writers of one reference, small and large ones together: exactly one wins, on Azurite."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from coffre.contract import (
    CoffreError,
    GetRequest,
    ObjectConflictError,
    ObjectRef,
    PutRequest,
    PutResult,
)
from coffre.streams import BytesContent
from tests.conformance.harnesses import installed
from tests.servers.azure_harness import MEBIBYTE, AzureHarness

WRITERS, ROUNDS = 16, 4
SMALL, LARGE = 5_000, 2 * MEBIBYTE + 1


@pytest.fixture
def harness() -> AzureHarness:
    return AzureHarness(installed("azure"))


def race(harness: AzureHarness, ref: ObjectRef, objects: Sequence[bytes]) -> list[object]:
    """Put all of them at the same moment; what became of each."""
    gate = Barrier(len(objects))
    # Sixteen at once, on a machine that may be busy: silence of some seconds is no fault here.
    parameters = harness.of(harness.driver, harness.container, timeout=60.0)

    def put(data: bytes) -> object:
        with harness.driver.connect(parameters) as connection:
            gate.wait()
            try:
                return connection.put(
                    PutRequest(ref=ref, content=BytesContent(data), size=len(data))
                )
            except CoffreError as error:
                return error

    with ThreadPoolExecutor(len(objects)) as threads:
        return list(threads.map(put, objects))


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([SMALL], id="in-one-request"),
        pytest.param([LARGE], id="in-blocks"),
        pytest.param([SMALL, LARGE], id="both"),
    ],
)
def test_one_of_sixteen_writers_wins_and_the_others_are_told(
    harness: AzureHarness, sizes: list[int]
) -> None:
    for number in range(ROUNDS):
        ref = ObjectRef(tenant=0, container="object", identifier=f"contested-{number}")
        objects = [bytes([one]) * sizes[one % len(sizes)] for one in range(WRITERS)]
        outcomes = race(harness, ref, objects)

        won = [one for one in range(WRITERS) if isinstance(outcomes[one], PutResult)]
        lost = [one for one in outcomes if isinstance(one, ObjectConflictError)]
        assert (len(won), len(lost)) == (1, WRITERS - 1), outcomes
        assert harness.bytes_at_rest(ref) == objects[won[0]]


def test_writers_of_the_same_bytes_all_succeed_and_one_of_them_stored_it(
    harness: AzureHarness,
) -> None:
    ref = ObjectRef(tenant=0, container="object", identifier="agreed")
    outcomes = race(harness, ref, [b"x" * LARGE] * 8)

    results = [one for one in outcomes if isinstance(one, PutResult)]
    assert len(results) == 8, outcomes
    assert sorted(one.already_there for one in results) == [False] + [True] * 7
    with (
        harness.driver.connect(harness.parameters) as connection,
        connection.get(GetRequest(ref=ref)) as got,
    ):
        assert got.stream.read() == b"x" * LARGE
