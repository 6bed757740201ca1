"""A small SFTP server in threads of the test: it lacks what OpenSSH has, and obeys orders.

It is what a driver meets beside OpenSSH: no extensions, a rename that may overwrite, reads that
give less than was asked for. It speaks real SSH, by the server's half of paramiko.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_FAILURE, SFTP_OK
from paramiko.sftp_attr import SFTPAttributes
from paramiko.sftp_handle import SFTPHandle

USER, PASSWORD = "one", "correct-horse-battery"


class Server:
    """Listens on a port of this machine, and serves one directory. Close it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host_key: paramiko.PKey = paramiko.ECDSAKey.generate()
        self.accepted_key: paramiko.PKey | None = None
        self.overwrites = False
        """Whether a rename replaces what is there."""
        self.after_rename: Callable[[Path], None] = lambda new: None
        """What somebody else does to a name in the moment in which it appears."""
        self.longest_read = 1 << 20
        self.opens_sftp = True
        self.passwords: list[str] = []
        """What was tried."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._transports: list[paramiko.Transport] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def fingerprint(self) -> str:
        return str(self.host_key.fingerprint)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport = paramiko.Transport(client)
            transport.add_server_key(self.host_key)
            if self.opens_sftp:
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Files)
            self._transports.append(transport)
            with suppress(Exception):
                transport.start_server(server=Door(self), event=threading.Event())

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for transport in self._transports:
            transport.close()
            transport.join(2)


class Door(paramiko.ServerInterface):
    """Who is let in."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def check_auth_password(self, username: str, password: str) -> int:
        self.server.passwords.append(password)
        good = (username, password) == (USER, PASSWORD)
        return AUTH_SUCCESSFUL if good else AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        good = username == USER and key == self.server.accepted_key
        return AUTH_SUCCESSFUL if good else AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED


class Files(paramiko.SFTPServerInterface):
    """The directory, by the names of the client."""

    def __init__(self, server: paramiko.ServerInterface) -> None:
        super().__init__(server)
        assert isinstance(server, Door)
        self._server = server.server

    def _path(self, path: str) -> Path:
        return self._server.root / path.lstrip("/")

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        try:
            entries = list(self._path(path).iterdir())
        except OSError as error:
            return told(error)
        return [SFTPAttributes.from_stat(one.lstat(), one.name) for one in entries]

    def stat(self, path: str) -> SFTPAttributes | int:
        return self.lstat(path)

    def lstat(self, path: str) -> SFTPAttributes | int:
        try:
            return SFTPAttributes.from_stat(self._path(path).lstat())
        except OSError as error:
            return told(error)

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        try:
            descriptor = os.open(self._path(path), flags, 0o666)
            if os.path.isdir(descriptor):
                os.close(descriptor)
                return SFTP_FAILURE
            mode = "wb" if flags & os.O_WRONLY else "rb"
            file = os.fdopen(descriptor, mode)
        except OSError as error:
            return told(error)
        handle = Handle(flags)
        handle.longest = self._server.longest_read
        handle.readfile = handle.writefile = file  # type: ignore[attr-defined]
        return handle

    def remove(self, path: str) -> int:
        return done(lambda: self._path(path).unlink())

    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        return done(lambda: self._path(path).mkdir())

    def rmdir(self, path: str) -> int:
        return done(lambda: self._path(path).rmdir())

    def rename(self, oldpath: str, newpath: str) -> int:
        old, new = self._path(oldpath), self._path(newpath)
        if not self._server.overwrites and os.path.lexists(new):
            return SFTP_FAILURE
        status = done(lambda: os.replace(old, new))
        self._server.after_rename(new)
        return status


class Handle(SFTPHandle):
    longest = 1 << 20

    def read(self, offset: int, length: int) -> bytes | int:
        return super().read(offset, min(length, self.longest))

    def stat(self) -> SFTPAttributes | int:
        file = self.readfile  # type: ignore[attr-defined]
        if self.writefile is file:  # type: ignore[attr-defined]
            with suppress(ValueError, OSError):
                file.flush()
        return SFTPAttributes.from_stat(os.fstat(file.fileno()))


def done(work: object) -> int:
    try:
        work()  # type: ignore[operator]
    except OSError as error:
        return told(error)
    return SFTP_OK


def told(error: OSError) -> int:
    return int(paramiko.SFTPServer.convert_errno(error.errno or 0))
