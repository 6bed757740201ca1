"""How the kit reaches a file system through fsspec, and looks at its files on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from coffre.conformance import Harness
from coffre.contract import ConnectionParameters, Driver, ObjectRef, Secret, SupportsPrepare


class FsspecHarness(Harness):
    """One folder of a file system, whose files can be seen below a directory of this machine."""

    exclusive = True
    containers = ("object", "report", "a.b")
    large_object = 32 * 1024 * 1024
    answer_within = 20.0

    def __init__(
        self,
        driver: Driver,
        url: str,
        root: Path,
        *,
        user: str | None = None,
        password: str | None = None,
    ) -> None:
        """Make an offer of a new folder.

        Args:
            driver: bare or wrapped.
            url: of the folder, by way of the service.
            root: the same folder on this machine.
            user: who the service lets in.
            password: of the user.
        """
        self.root = root
        self.user = user
        super().__init__(driver, self._parameters(driver, url, password))
        self._prepare(self.parameters)

    def _parameters(self, driver: Driver, url: str, password: str | None) -> ConnectionParameters:
        values: dict[str, object] = {"timeout": 5.0}
        if self.user is not None:
            values |= {"user": self.user, "password": Secret(password or "")}
        return ConnectionParameters.checked(driver.parameters, url=url, values=values)

    def _prepare(self, parameters: ConnectionParameters) -> None:
        cast(SupportsPrepare, self.driver).prepare(parameters)

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        path = self._path(ref)
        return None if path is None else path.read_bytes()

    def damage(self, ref: ObjectRef) -> None:
        path = self._path(ref)
        assert path is not None
        data = path.read_bytes()
        with path.open("r+b") as file:
            file.write(bytes([data[0] ^ 1]))

    def bytes_set_aside(self, place: str) -> bytes | None:
        return (self.root.parent / place.removeprefix(self._shown_above())).read_bytes()

    def _shown_above(self) -> str:
        """How the service names the directory above the offer."""
        return "/" if self.user else f"{self.root.parent}/"

    def _path(self, ref: ObjectRef) -> Path | None:
        place = self.root / str(ref.tenant) / ref.container
        return next(place.glob(f"*/{ref.identifier}"), None)

    def new_place(self) -> ConnectionParameters:
        self.root.with_name(f"{self.root.name}-new").mkdir(mode=0o777)
        self.root.with_name(f"{self.root.name}-new").chmod(0o777)
        return ConnectionParameters(url=f"{self.parameters.url}-new", values=self.parameters.values)

    def refused_user(self) -> ConnectionParameters:
        if self.user is None:
            return super().refused_user()
        return self._parameters(self.driver, self.parameters.url, "a-guess-that-is-wrong")

    def unreachable(self) -> ConnectionParameters:
        if self.user is None:
            return ConnectionParameters(url=f"{self.parameters.url}/not/there")
        return super().unreachable()

    def stop(self) -> None:
        """As when its share is not mounted: the folder is there, and empty."""
        self.root.rename(self._aside)
        self.root.mkdir()

    def start(self) -> None:
        self.root.rmdir()
        self._aside.rename(self.root)

    @property
    def _aside(self) -> Path:
        return self.root.with_name(f"{self.root.name}-unmounted")
