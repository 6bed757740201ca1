"""The drivers whose mutants are tried. Nothing of a driver is imported before a child is born."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from coffre.conformance import Harness
from tools.mutation_trial import Target

FILESYSTEM = "coffre.drivers.filesystem"


def memory_harnesses(_: Path) -> Iterator[Harness]:
    """The memory driver."""
    from coffre.contract import ConnectionParameters
    from coffre.testing import MemoryDriver
    from tests.conformance.harnesses import MemoryHarness

    yield MemoryHarness(MemoryDriver())
    # A small one as well, cleaned after each trial: an offer can be full.
    small = MemoryHarness(MemoryDriver())
    small.exclusive = False
    small.parameters = ConnectionParameters.checked(
        MemoryDriver.parameters, url=small.parameters.url, values={"capacity": 48 << 20}
    )
    yield small


def filesystem_harnesses(place: Path) -> Iterator[Harness]:
    """The filesystem driver, in each of its ways."""
    from coffre.contract import ConnectionParameters, ObjectRef, PutRequest
    from coffre.drivers.filesystem import FilesystemDriver, parts
    from coffre.streams import BytesContent
    from tests.conformance.harnesses import EmptiedHarness, FilesystemHarness

    def set_up(name: str, **values: object) -> FilesystemHarness:
        (place / name).mkdir()
        harness = FilesystemHarness(driver, place / name / "offer")
        url = harness.root.as_uri()
        harness.parameters = ConnectionParameters.checked(driver.parameters, url=url, values=values)
        return harness

    driver = FilesystemDriver()
    yield FilesystemHarness(driver, place / "offer")
    yield set_up("records-beside", records="sidecar")
    (place / "emptied").mkdir()
    yield EmptiedHarness(driver, place / "emptied" / "offer")
    # Not prepared: its first put makes the offer.
    created = set_up("made-by-a-put", create=True)
    shutil.rmtree(created.root)
    created.root.mkdir()
    first = ObjectRef(tenant=1, container="object", identifier="first")
    with driver.connect(created.parameters) as connection:
        connection.put(PutRequest(ref=first, content=BytesContent(b"first"), size=5))
    yield created
    # As where a part needs a name from its beginning: it is locked, and swept when it is left.
    parts._CAN_NAME_LATER = False
    yield set_up("named-parts")


TARGETS = (
    Target(
        name="memory",
        modules=(
            "coffre.testing.memory",
            "coffre.testing.services",
            "coffre.testing.offer",
            "coffre.testing.store",
            "coffre.testing.cold",
            "coffre.testing.logbook",
        ),
        harnesses=memory_harnesses,
        leave=frozenset(
            {
                "bytes_of",
                "chill",
                "damage",
                "discard",
                "fail_next",
                "forget",
                "hasten",
                "hold",
                "leave_behind",
                "plant",
                "release",
            }
        ),
    ),
    Target(
        name="filesystem",
        modules=tuple(
            f"{FILESYSTEM}.{name}"
            for name in (
                "bulk",
                "connection",
                "deleting",
                "driver",
                "errors",
                "listing",
                "making",
                "marker",
                "opening",
                "parts",
                "quarantine",
                "reading",
                "records",
                "refusing",
                "root",
                "settings",
                "sweeping",
                "writing",
            )
        ),
        harnesses=filesystem_harnesses,
    ),
)
