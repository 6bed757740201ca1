"""OpenSSH's own sshd, for SFTP by key: with all its extensions, and with most of them denied."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.servers.launching.place import HOST, Place, free_port
from tests.servers.launching.processes import NotStartedError
from tests.servers.launching.server import Server
from tests.servers.launching.tools import find_program

CONFIGURATION = """\
ListenAddress {host}:{port}
PidFile none
HostKey {keys}/host
HostKey {keys}/host_rsa
AuthorizedKeysFile {keys}/authorized
AllowUsers {user}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
# The directory above belongs to somebody else where it is a temporary one.
StrictModes no
MaxStartups 200
MaxSessions 50
AllowTcpForwarding no
X11Forwarding no
PermitTTY no
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d {data} {flags}
LogLevel VERBOSE
"""


class Sshd(Server):
    """The real SFTP server, as it comes."""

    name = "SFTP"
    what = "OpenSSH sshd"
    programs: ClassVar[Mapping[str, str]] = {
        "sshd": "openssh-server",
        "ssh-keygen": "openssh-client",
    }
    denied: ClassVar[tuple[str, ...]] = ()
    """Requests that it refuses, and does not advertise either."""

    def start(self, place: Place) -> Mapping[str, str]:
        port, user, keys = free_port(), getpass.getuser(), place.directory / "keys"
        _make_keys(place, keys)
        flags = f"-P {','.join(self.denied)}" if self.denied else ""
        text = CONFIGURATION.format(
            host=HOST, port=port, keys=keys, user=user, data=place.data, flags=flags
        )
        if os.geteuid() == 0:  # where sshd keeps those who have not logged in yet
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        sshd = find_program("sshd")
        if sshd is None:
            raise NotStartedError("sshd is not here")
        # By its whole path: sshd starts itself again for each connection.
        place.processes.spawn([sshd, "-D", "-e", "-f", place.write("sshd_config", text)])
        place.wait_for_port(port)
        return {
            "SFTP_HOST": HOST,
            "SFTP_PORT": str(port),
            "SFTP_USER": user,
            "SFTP_KEY": str(keys / "client"),
            "SFTP_KNOWN_HOSTS": str(_known_hosts(place, keys, port)),
            "SFTP_ROOT": str(place.data),
        }


class PlainSshd(Sshd):
    """The same server without the extensions on which good manners depend."""

    name = "SFTP_PLAIN"
    what = "OpenSSH sshd, extensions denied"
    denied = ("posix-rename", "fsync", "hardlink", "statvfs")


def _make_keys(place: Place, keys: Path) -> None:
    keys.mkdir(mode=0o700)
    for name, kind in {"host": "ed25519", "host_rsa": "rsa", "client": "ed25519"}.items():
        place.processes.run(
            ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", keys / name]
        )
    (keys / "authorized").write_bytes((keys / "client.pub").read_bytes())


def _known_hosts(place: Place, keys: Path, port: int) -> Path:
    lines = []
    for name in ("host", "host_rsa"):
        kind, key, *_ = (keys / f"{name}.pub").read_text(encoding="ascii").split()
        lines.append(f"[{HOST}]:{port} {kind} {key}\n")
    return place.write("known_hosts", "".join(lines))
