"""Ceph as an S3 and Swift server: one monitor, one disk in memory, one gateway, no passwords
between them. It is a real distributed store, and so the one whose word on races counts.
"""

from __future__ import annotations

import http.client
import signal
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.servers.launching.place import HOST, Place, ask, free_port
from tests.servers.launching.processes import NotStartedError
from tests.servers.launching.server import Server

CONFIGURATION = """\
[global]
fsid = {fsid}
mon_host = [v2:{host}:{v2}/0,v1:{host}:{v1}/0]
public_addr = {host}
cluster_addr = {host}
ms_bind_ipv4 = true
ms_bind_ipv6 = false
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
# The gateway insists on "secure" towards the monitor, which without keys does not exist: it
# would wait for ever.
ms_mon_cluster_mode = crc
ms_mon_service_mode = crc
ms_mon_client_mode = crc
keyring = /dev/null
run_dir = {here}/run
admin_socket = {here}/run/$name.$pid.asok
log_file = {here}/log/$name.log
log_to_stderr = false
mon_cluster_log_file = {here}/log/cluster.log
crash_dir = {here}/log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_allow_pool_delete = true
mon_max_pg_per_osd = 1000
mon_data_avail_warn = 2
mon_data_avail_crit = 1
[mon]
mon_data = {here}/mon
[osd]
osd_data = {here}/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
[client]
rgw_data = {here}/rgw
rgw_gc_obj_min_wait = 30
rgw_lc_debug_interval = 10
rgw_thread_pool_size = 64
rgw_crypt_require_ssl = false
"""
PLACEMENT = ("--placement-id=default-placement", "--storage-class=GLACIER")


class Ceph(Server):
    """The gateway of Ceph 16, with the users ``coffre`` and ``other``."""

    name = "S3"
    what = "Ceph RGW"
    programs: ClassVar[Mapping[str, str]] = {
        "ceph-mon": "ceph-mon",
        "ceph-osd": "ceph-osd",
        "radosgw": "radosgw",
        "radosgw-admin": "radosgw",
        "ceph": "ceph-common",
    }

    def start(self, place: Place) -> Mapping[str, str]:
        cluster = _Cluster(place)
        cluster.start_monitor()
        cluster.start_disk()
        cluster.make_users()
        url = cluster.start_gateway()
        _warm_up(url)
        return {
            "S3_ENDPOINT": url,
            "S3_ACCESS_KEY": "coffreaccess",
            "S3_SECRET_KEY": "coffresecret",
            "S3_SECOND_ACCESS_KEY": "coffresecond",
            "S3_SECOND_SECRET_KEY": "coffresecondsecret",
            "S3_OTHER_ACCESS_KEY": "otheraccess",
            "S3_OTHER_SECRET_KEY": "othersecret",
            "S3_REGION": "default",
            "SWIFT_AUTH_URL": f"{url}/auth/v1.0",
            "SWIFT_USER": "coffre:swift",
            "SWIFT_KEY": "coffreswift",
        }


class _Cluster:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._processes = place.processes
        self._v1, self._v2 = free_port(), free_port()
        for name in ("mon", "osd", "rgw", "run"):
            (place.directory / name).mkdir()
        self._fsid = str(uuid.uuid4())
        text = CONFIGURATION.format(
            fsid=self._fsid, host=HOST, v1=self._v1, v2=self._v2, here=place.directory
        )
        self._configuration = place.write("ceph.conf", text)

    def start_monitor(self) -> None:
        monitors = self._place.directory / "monmap"
        address = f"[v2:{HOST}:{self._v2},v1:{HOST}:{self._v1}]"
        make = ("monmaptool", "--create", "--fsid", self._fsid, "--addv", "a", address, monitors)
        self._processes.run(make)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", str(monitors))
        self._spawn("ceph-mon", "-f", "-i", "a")
        self._place.wait_for_port(self._v2)

    def start_disk(self) -> None:
        number = str(uuid.uuid4())
        self._run("ceph", "--connect-timeout", "20", "osd", "new", number, "0")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", number)
        self._spawn("ceph-osd", "-f", "-i", "0")
        self._place.wait_for("the disk of Ceph", self._disk_is_up, seconds=30)

    def _disk_is_up(self) -> bool:
        command = ("ceph", "-c", self._configuration, "--connect-timeout", "20", "osd", "stat")
        shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return "1 up" in shown.stdout

    def make_users(self) -> None:
        """Make users, and a class of storage that is slow to read.

        The class comes before the gateway starts, which otherwise would not see it.
        """
        for name in ("coffre", "other"):
            self._administer(
                "user create", f"--uid={name}", f"--display-name={name}",
                f"--access-key={name}access", f"--secret-key={name}secret",
            )  # fmt: skip
        second = ("--access-key=coffresecond", "--secret-key=coffresecondsecret")
        self._administer("key create", "--uid=coffre", "--key-type=s3", *second)
        self._administer(
            "subuser create", "--uid=coffre", "--subuser=coffre:swift", "--access=full",
            "--key-type=swift", "--secret-key=coffreswift",
        )  # fmt: skip
        self._administer("zonegroup placement add", "--rgw-zonegroup=default", *PLACEMENT)
        pool = "--data-pool=default.rgw.glacier.data"
        self._administer("zone placement add", "--rgw-zone=default", *PLACEMENT, pool)

    def start_gateway(self) -> str:
        url = f"http://{HOST}:{(port := free_port())}"
        front = f"--rgw-frontends=beast endpoint={HOST}:{port}"
        self._spawn("radosgw", "-f", "-n", "client.rgw.a", front)
        self._place.wait_for_page(url, seconds=90)
        return url

    def _administer(self, words: str, *options: str) -> None:
        self._run("radosgw-admin", *words.split(), *options)

    def _run(self, program: str, *words: str) -> None:
        self._processes.run([program, "-c", self._configuration, *words])

    def _spawn(self, program: str, *words: str) -> None:
        # A store in memory forgets anyway: nobody waits for its farewells, which take seconds.
        command: list[str | Path] = [program, "-c", self._configuration, *words]
        self._processes.spawn(command, farewell=signal.SIGKILL)


def _warm_up(url: str) -> None:
    """Store a first object, for which the gateway makes its pools: five seconds that no test owes.

    By the Swift face of the gateway, which wants a token and no signature.
    """
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    user = {"X-Auth-User": "coffre:swift", "X-Auth-Key": "coffreswift"}
    connection.request("GET", "/auth/v1.0", headers=user)
    answer = connection.getresponse()
    answer.read()
    token = {"X-Auth-Token": answer.headers.get("X-Auth-Token", ""), "Content-Length": "0"}
    connection.close()
    container = f"{url}/swift/v1/warm-up"
    for method, target in (
        ("PUT", container), ("PUT", f"{container}/x"),
        ("DELETE", f"{container}/x"), ("DELETE", container),
    ):  # fmt: skip
        status = ask(target, method, token)
        if not 200 <= status < 300:
            raise NotStartedError(f"the gateway of Ceph answers {status} to its first {method}")
