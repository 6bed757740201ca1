"""Every server there is, in the order in which they are started: what takes longest comes first."""

from __future__ import annotations

from tests.servers.launching.azurite import Azurite
from tests.servers.launching.ceph import Ceph
from tests.servers.launching.ftp import Ftp
from tests.servers.launching.localstack import LocalStack
from tests.servers.launching.rclone import RcloneS3, RcloneWebDav
from tests.servers.launching.server import Server
from tests.servers.launching.sshd import PlainSshd, Sshd
from tests.servers.launching.swift import Swift
from tests.servers.launching.webdav import Apache, WsgiDav

SERVERS: tuple[Server, ...] = (
    Ceph(),
    Swift(),
    LocalStack(),
    Azurite(),
    Apache(),
    Sshd(),
    PlainSshd(),
    RcloneS3(),
    RcloneWebDav(),
    WsgiDav(),
    Ftp(),
)
