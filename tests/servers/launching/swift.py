"""OpenStack Swift: proxy, account, container and object servers on one directory, one replica.

Its ``s3api`` middleware answers S3 at the same address.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from tests.servers.launching.place import HOST, Place, free_port
from tests.servers.launching.processes import NotStartedError
from tests.servers.launching.server import Server

ROOM = """\
[swift-hash]
swift_hash_path_prefix = coffre
swift_hash_path_suffix = coffre
[storage-policy:0]
name = one
default = yes
"""
COMMON = """\
[DEFAULT]
bind_ip = {host}
bind_port = {port}
workers = 0
user = root
log_level = INFO
log_address = {here}/log.sock
"""
SERVER = (
    COMMON
    + """\
devices = {here}/data
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
[pipeline:main]
pipeline = healthcheck {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
replication_server = true
[filter:healthcheck]
use = egg:swift#healthcheck
"""
)
PROXY = (
    COMMON
    + """\
expose_info = true
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk tempurl \
s3api tempauth copy container-quotas account-quotas slo dlo versioned_writes symlink \
proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:tempauth]
use = egg:swift#tempauth
user_admin_admin = admin .admin .reseller_admin
user_coffre_tester = testing .admin
user_other_tester = testing2 .admin
user_coffre_reader = testing3
token_life = 86400
[filter:cache]
use = egg:swift#memcache
memcache_servers = {host}:{memory}
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
dns_compliant_bucket_names = true
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
"""
)
FILTERS = {
    **{name: name for name in ("catch_errors", "gatekeeper", "healthcheck", "bulk", "tempurl")},
    **{name: name for name in ("copy", "slo", "dlo", "symlink", "listing_formats")},
    "proxy-logging": "proxy_logging",
    "container-quotas": "container_quotas",
    "account-quotas": "account_quotas",
}
"""Filters of the proxy that need no settings, each with the name of its code."""
BIND = 'mount --bind "$1" /etc/swift && shift && exec "$@"'
"""Swift reads /etc/swift whatever it is told, so each process sees ours there, and only it does."""


class Swift(Server):
    """Debian's Swift, with tempauth: ``coffre:tester``, ``other:tester``, ``coffre:reader``."""

    name = "SWIFT"
    what = "OpenStack Swift"
    programs: ClassVar[Mapping[str, str]] = {
        "swift-proxy-server": "swift-proxy",
        "swift-account-server": "swift-account",
        "swift-container-server": "swift-container",
        "swift-object-server": "swift-object",
        "swift-ring-builder": "swift",
        "memcached": "memcached",
    }

    def start(self, place: Place) -> Mapping[str, str]:
        if os.geteuid() != 0:
            raise NotStartedError("only root can give it a configuration of its own (unshare)")
        kinds = {kind: free_port() for kind in ("account", "container", "object")}
        proxy, memory = free_port(), free_port()
        (place.data / "d1").mkdir()
        settings = place.write("etc/swift.conf", ROOM).parent
        _listen_to_logs(place)
        for kind, port in kinds.items():
            _make_ring(place, settings, kind, port)
            text = SERVER.format(host=HOST, port=port, here=place.directory, kind=kind)
            place.write(f"etc/{kind}-server.conf", text)
        text = PROXY.format(host=HOST, port=proxy, here=place.directory, memory=memory)
        text += "".join(
            f"[filter:{one}]\nuse = egg:swift#{code}\n" for one, code in FILTERS.items()
        )
        place.write("etc/proxy-server.conf", text)
        _start(place, settings, memory, {**kinds, "proxy": proxy})
        url = f"http://{HOST}:{proxy}"
        return {
            "SWIFT_AUTH_URL": f"{url}/auth/v1.0",
            "SWIFT_USER": "coffre:tester",
            "SWIFT_KEY": "testing",
            "SWIFT_OTHER_USER": "other:tester",
            "SWIFT_OTHER_KEY": "testing2",
            "S3_ENDPOINT": url,
            "S3_ACCESS_KEY": "coffre:tester",
            "S3_SECRET_KEY": "testing",
            "S3_REGION": "us-east-1",
        }


def _make_ring(place: Place, settings: Path, kind: str, port: int) -> None:
    builder = f"{kind}.builder"
    ring = ["swift-ring-builder", builder]
    place.processes.run([*ring, "create", "4", "1", "0"], directory=settings)
    device = f"r1z1-{HOST}:{port}/d1"
    place.processes.run([*ring, "add", device, "1"], directory=settings)
    place.processes.run([*ring, "rebalance"], directory=settings)


def _start(place: Place, settings: Path, memory: int, ports: Mapping[str, int]) -> None:
    cache = ["memcached", "-u", "nobody", "-l", HOST, "-p", str(memory), "-U", "0", "-m", "64"]
    place.processes.spawn(cache)
    for kind in ports:
        alone = ["unshare", "-m", "bash", "-c", BIND, "alone", str(settings)]
        server = [f"swift-{kind}-server", f"/etc/swift/{kind}-server.conf"]
        place.processes.spawn([*alone, *server], name=f"swift-{kind}")
    for port in ports.values():
        place.wait_for_page(f"http://{HOST}:{port}/healthcheck", seconds=60)


def _listen_to_logs(place: Place) -> None:
    """Keep what Swift says, which it says to a system log only."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(place.directory / "log.sock"))
    path = place.directory / "log" / "swift.log"

    def keep() -> None:
        with path.open("ab", buffering=0) as log, suppress(OSError):
            while line := listener.recv(65536):
                log.write(line.rstrip(b"\0\n") + b"\n")

    threading.Thread(target=keep, daemon=True, name="swift-log").start()
