"""An FTP server in Python: passive mode, one login."""

from __future__ import annotations

from collections.abc import Mapping

from tests.servers.launching.place import HOST, Place, free_port
from tests.servers.launching.server import Server
from tests.servers.launching.tools import Tools

USER, PASSWORD = "coffre", "coffresecret"


class Ftp(Server):
    """pyftpdlib over a directory."""

    name = "FTP"
    what = "pyftpdlib"

    def install(self, tools: Tools) -> None:
        # The second was part of Python until 3.12.
        tools.environment("ftp", "pyftpdlib>=2", "pyasyncore; python_version >= '3.12'")

    def start(self, place: Place) -> Mapping[str, str]:
        port = free_port()
        python = place.tools.program("ftp", "python")
        where = ("-i", HOST, "-p", str(port), "-w", "-d", place.data)
        login = ("-u", USER, "-P", PASSWORD)
        command = (python, "-W", "ignore", "-m", "pyftpdlib", *where, *login)
        place.processes.spawn(command, name="ftp")
        place.wait_for_port(port)
        return {
            "FTP_HOST": HOST,
            "FTP_PORT": str(port),
            "FTP_USER": USER,
            "FTP_PASSWORD": PASSWORD,
            "FTP_ROOT": str(place.data),
        }
