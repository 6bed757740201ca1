"""How the kit reaches an Azure account, and looks at its blobs by another way."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import cast
from urllib.parse import quote
from uuid import uuid4

from coffre.conformance import Harness
from coffre.contract import ConnectionParameters, Driver, ObjectRef, Secret, SupportsPrepare
from coffre.drivers.azure.naming import Layout
from tests.servers.addresses import address, place
from tests.servers.azure_client import AzureClient

MEBIBYTE = 1024 * 1024


def new_name() -> str:
    """Name of a container that nobody else uses."""
    return f"t{uuid4().hex[:12]}"


def key_file(key: str) -> Path:
    """The key in a file: parameters that name it can be sent to another process."""
    path = place("AZURE") / "account.key"
    if not path.exists():
        # Several processes run tests at once: none may find half a key.
        mine = path.with_suffix(f".{uuid4().hex}")
        mine.write_text(key, encoding="ascii")
        mine.replace(path)
    return path


class AzureHarness(Harness):
    """One offer in a new container of the emulator."""

    exclusive = True
    containers = ("object", "report", "a.b", "Large_Letters")
    large_object = 64 * MEBIBYTE
    answer_within = 20.0

    def __init__(self, driver: Driver, *, layout: str = "one", block_size: int = MEBIBYTE) -> None:
        """Make an offer.

        Args:
            driver: bare or wrapped.
            layout: of the offer.
            block_size: small, so that blocks are used for objects of few mebibytes.
        """
        at = address("AZURE")
        self.url = at["AZURE_ENDPOINT"]
        self.key = Secret.from_file(str(key_file(at["AZURE_KEY"])))
        self.secrets = (at["AZURE_KEY"],)
        self.values: dict[str, object] = {
            "layout": layout,
            "block_size": block_size,
            "timeout": 3.0,
        }
        self.client = AzureClient(self.url, at["AZURE_ACCOUNT"], at["AZURE_KEY"])
        self.container = new_name()
        self.layout = Layout(self.container, each=layout == "each")
        super().__init__(driver, self.of(driver, self.container))
        cast(SupportsPrepare, driver).prepare(self.parameters)

    def of(self, driver: Driver, container: str, **others: object) -> ConnectionParameters:
        """Parameters of an offer of this account."""
        values = {"container": container, "account_key": self.key} | self.values | others
        return ConnectionParameters.checked(driver.parameters, url=self.url, values=values)

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        return self.client.bytes_of(*self.layout.place_of(ref))

    def damage(self, ref: ObjectRef) -> None:
        self.client.damage(*self.layout.place_of(ref))

    def bytes_set_aside(self, place: str) -> bytes | None:
        container, _, blob = place.partition("/")
        return self.client.bytes_of(container, blob)

    def chill(self, ref: ObjectRef) -> None:
        container, blob = self.layout.place_of(ref)
        tier = {"x-ms-access-tier": "Archive"}
        answer = self.client.ask("PUT", f"/{container}/{quote(blob)}?comp=tier", tier)
        assert answer.status in (200, 202), answer

    def let_pass(self, seconds: float) -> None:
        """The emulator brings objects back at once, and keeps them so."""

    def new_place(self) -> ConnectionParameters:
        return self.of(self.driver, new_name())

    def refused_user(self) -> ConnectionParameters:
        wrong = Secret(base64.b64encode(b"a key that is wrong").decode())
        return self.of(self.driver, self.container, account_key=wrong)

    def other_user(self) -> ConnectionParameters:
        return self.of(self.driver, self.container, timeout=4.0)
