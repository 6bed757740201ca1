"""WebDAV by two servers that read the standard differently: Apache's mod_dav, and wsgidav."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.servers.launching.place import HOST, Place, ask, free_port
from tests.servers.launching.server import Server
from tests.servers.launching.tools import Tools

USER, PASSWORD = "coffre", "coffresecret"
MODULES = Path("/usr/lib/apache2/modules")
LOADED = (
    "mpm_event", "unixd", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic",
    "dav", "dav_fs", "dav_lock", "reqtimeout", "mime",
)  # fmt: skip
APACHE = """\
ServerRoot {here}
ServerName {host}
Listen {host}:{port}
PidFile {here}/run/apache
User www-data
Group www-data
DocumentRoot {here}/data
ErrorLog {here}/log/error.log
DAVLockDB {here}/lock/db
FileETag MTime Size
KeepAlive On
MaxKeepAliveRequests 0
LimitRequestBody 0
LimitXMLRequestBody 0
RequestReadTimeout header=20 body=0
StartServers 1
ThreadsPerChild 32
MaxRequestWorkers 64
TypesConfig /etc/mime.types
<Directory {here}/data>
  Dav On
  DavDepthInfinity on
  AuthType Basic
  AuthName coffre
  AuthUserFile {here}/passwords
  Require valid-user
</Directory>
"""
WSGIDAV = """\
host: {host}
port: {port}
provider_mapping: {{"/": "{here}/data"}}
simple_dc: {{user_mapping: {{"*": {{"{user}": {{password: "{password}"}}}}}}}}
http_authenticator: {{accept_basic: true, accept_digest: false, default_to_digest: false}}
lock_storage: true
property_manager: true
verbose: 2
"""


class Apache(Server):
    """mod_dav: preconditions and locks, none of which holds when many write at once."""

    name = "WEBDAV"
    what = "Apache mod_dav"
    programs: ClassVar[Mapping[str, str]] = {"apache2": "apache2"}

    def start(self, place: Place) -> Mapping[str, str]:
        port = free_port()
        for name in ("lock", "run"):
            (place.directory / name).mkdir()
        if os.geteuid() == 0:
            for name in ("data", "lock"):
                shutil.chown(place.directory / name, "www-data", "www-data")
        place.write("passwords", f"{USER}:{{SHA}}{_sha1(PASSWORD)}\n")
        found = [(name, MODULES / f"mod_{name}.so") for name in LOADED]
        # Those that are not files are part of the program.
        text = "".join(
            f"LoadModule {name}_module {path}\n" for name, path in found if path.exists()
        )
        text += APACHE.format(here=place.directory, host=HOST, port=port)
        settings = place.write("apache.conf", text)
        command = ("apache2", "-d", place.directory, "-f", settings, "-DFOREGROUND")
        place.processes.spawn(command)
        return _answering(place, port)


class WsgiDav(Server):
    """A server that publishes what it has of an upload when the upload breaks off."""

    name = "WSGIDAV"
    what = "wsgidav"

    def install(self, tools: Tools) -> None:
        tools.environment("wsgidav", "wsgidav>=4.3", "cheroot>=10", "lxml>=5")

    def start(self, place: Place) -> Mapping[str, str]:
        port = free_port()
        text = WSGIDAV.format(
            host=HOST, port=port, here=place.directory, user=USER, password=PASSWORD
        )
        settings = place.write("wsgidav.yaml", text)
        program = place.tools.program("wsgidav", "wsgidav")
        place.processes.spawn([program, f"--config={settings}", "--server=cheroot"])
        return _answering(place, port)


def _answering(place: Place, port: int) -> Mapping[str, str]:
    url = f"http://{HOST}:{port}/"
    place.wait_for(url, lambda: ask(url, "PROPFIND", _depth()) == 207)
    return {
        "WEBDAV_URL": url,
        "WEBDAV_USER": USER,
        "WEBDAV_PASSWORD": PASSWORD,
        "WEBDAV_ROOT": str(place.data),
    }


def _depth() -> Mapping[str, str]:
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return {"Depth": "0", "Authorization": f"Basic {login}"}


def _sha1(password: str) -> str:
    """As Apache keeps passwords in the oldest of its ways that needs no program of its own."""
    return base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()
