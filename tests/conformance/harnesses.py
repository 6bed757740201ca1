"""How the kit reaches our own drivers, and looks at what they hold by another way."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from coffre.conformance import FAULTS, MODEL, USUAL_PROFILES, Harness
from coffre.contract import ConnectionParameters, Driver, ObjectRef, SupportsPrepare
from coffre.testing import MemoryOffer

MEMORY = "memory://conformance"
WITHOUT_MODEL = tuple(name for name in USUAL_PROFILES if name != MODEL)
"""Profiles of drivers that are wrapped once: the long histories are for what is wrapped twice."""
WRAPPED = tuple(name for name in WITHOUT_MODEL if name != FAULTS)
"""Profiles of wrapped drivers of real servers: how a fault looks is decided below the wrapping."""


class MemoryHarness(Harness):
    exclusive = True
    containers = ("object", "report", "a.b")

    def __init__(self, driver: Driver) -> None:
        MemoryOffer.discard(MEMORY)
        super().__init__(driver, parameters_of(driver, user="one"))
        self.offer = MemoryOffer.at(MEMORY)
        self.offer.cold.delay = 3600.0

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        return self.offer.bytes_of(ref)

    def damage(self, ref: ObjectRef) -> None:
        self.offer.damage(ref)

    def bytes_set_aside(self, place: str) -> bytes | None:
        return next((one.data for one in self.offer.quarantined if one.place == place), None)

    def chill(self, ref: ObjectRef) -> None:
        self.offer.chill(ref)

    def let_pass(self, seconds: float) -> None:
        self.offer.cold.hasten(seconds)

    def unreachable(self) -> ConnectionParameters:
        MemoryOffer.at("memory://gone").online = False
        return ConnectionParameters(url="memory://gone")

    def other_user(self) -> ConnectionParameters:
        return parameters_of(self.driver, user="another")

    def stop(self) -> None:
        self.offer.online = False

    def start(self) -> None:
        self.offer.online = True


def parameters_of(driver: Driver, *, user: str) -> ConnectionParameters:
    values = {"capacity": 1 << 30, "user": user}
    return ConnectionParameters.checked(driver.parameters, url=MEMORY, values=values)


class FilesystemHarness(Harness):
    exclusive = True
    containers = ("object", "report", "a.b")

    def __init__(self, driver: Driver, root: Path) -> None:
        super().__init__(driver, ConnectionParameters.checked(driver.parameters, url=root.as_uri()))
        self.root = root
        cast(SupportsPrepare, driver).prepare(self.parameters)

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        path = self._path(ref)
        return None if path is None else path.read_bytes()

    def damage(self, ref: ObjectRef) -> None:
        path = self._path(ref)
        assert path is not None
        data = path.read_bytes()
        path.chmod(0o644)
        # In place: a new file would lose the record that lies beside the bytes.
        with path.open("r+b") as file:
            file.write(bytes([data[0] ^ 1]))

    def _path(self, ref: ObjectRef) -> Path | None:
        place = self.root / str(ref.tenant) / ref.container
        return next(place.glob(f"*/{ref.identifier}"), None)

    def bytes_set_aside(self, place: str) -> bytes | None:
        return Path(place).read_bytes()

    def new_place(self) -> ConnectionParameters:
        place = self.root.with_name("new-place")
        place.mkdir()
        return ConnectionParameters.checked(self.driver.parameters, url=place.as_uri())

    def unreachable(self) -> ConnectionParameters:
        return ConnectionParameters(url=(self.root / "not" / "there").as_uri())

    def stop(self) -> None:
        """As when its disk is unmounted: the directory is there, and empty."""
        self.root.rename(self._aside)
        self.root.mkdir()

    def start(self) -> None:
        self.root.rmdir()
        self._aside.rename(self.root)

    @property
    def _aside(self) -> Path:
        return self.root.with_name("unmounted")


class EmptiedHarness(FilesystemHarness):
    """Its directory stays, and is empty while the service is stopped: a share that is away."""

    def stop(self) -> None:
        self._aside.mkdir()
        for one in list(self.root.iterdir()):
            one.rename(self._aside / one.name)

    def start(self) -> None:
        for one in list(self._aside.iterdir()):
            one.rename(self.root / one.name)
        self._aside.rmdir()


@cache
def installed(name: str) -> Driver:
    """A driver by its entry point, as users get it."""
    (found,) = entry_points(group="coffre.drivers", name=name)
    made = found.load()()
    assert isinstance(made, Driver)
    return made
