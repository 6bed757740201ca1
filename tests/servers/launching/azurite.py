"""Azurite: the emulator of Azure Blob storage that Microsoft publishes."""

from __future__ import annotations

from collections.abc import Mapping

from tests.servers.launching.place import HOST, Place, free_port
from tests.servers.launching.server import Server
from tests.servers.launching.tools import Tools

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The key that the emulator is known to have, everywhere: not a secret."""


class Azurite(Server):
    """Blobs in a directory. It knows neither versions nor immutability policies."""

    name = "AZURE"
    what = "Azurite"

    def install(self, tools: Tools) -> None:
        tools.node_modules("azurite", "azurite@3.35.0")

    def start(self, place: Place) -> Mapping[str, str]:
        port = free_port()
        main = place.tools.directory / "azurite/node_modules/azurite/dist/src/blob/main.js"
        quiet = ("--disableTelemetry", "--disableProductStyleUrl", "--skipApiVersionCheck")
        where = ("--blobHost", HOST, "--blobPort", str(port), "--location", place.data)
        command = (place.tools.node(), main, *where, *quiet, "--silent")
        place.processes.spawn(command, name="azurite")
        url = f"http://{HOST}:{port}/{ACCOUNT}"
        place.wait_for_page(f"{url}?comp=list")
        return {"AZURE_ENDPOINT": url, "AZURE_ACCOUNT": ACCOUNT, "AZURE_KEY": KEY}
