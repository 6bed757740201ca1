"""Host keys: whether the server is the one that was meant. Always asked, nothing ever added."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

import paramiko
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey

from coffre.contract import ForbiddenError, ParameterError
from coffre.drivers.sftp.settings import Settings


class HostKeys:
    """The keys under which one host is known."""

    def __init__(self, settings: Settings) -> None:
        """Read them.

        Raises:
            ParameterError: the file of known hosts cannot be read.
        """
        self._settings = settings
        self._pinned = frozenset(one.rstrip("=") for one in settings.fingerprints)
        self._path = os.path.expanduser(settings.known_hosts)
        self._revoked: list[str] = []
        self._known: dict[str, paramiko.PKey] = {}
        if not self._pinned:
            self._known = self._look_up()

    def _look_up(self) -> dict[str, paramiko.PKey]:
        try:
            with open(self._path, encoding="utf-8", errors="replace") as file:
                lines = [line.strip() for line in file]
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ParameterError(
                f"known_hosts {self._path} cannot be read: {error.strerror}"
            ) from error
        self._revoked = [line for line in lines if line.startswith("@revoked")]
        found: dict[str, paramiko.PKey] = {}
        for entry in filter(None, map(_entry, lines)):
            if _names(entry.hostnames, self._settings.known_as):
                found.setdefault(entry.key.get_name(), entry.key)
        return found

    @property
    def types(self) -> tuple[str, ...]:
        """Kinds of keys to ask the server for first: those it is known by."""
        # One RSA key signs in two ways, and is known under its old name.
        signed = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
        return tuple(one for name in self._known for one in signed.get(name, (name,)))

    def check(self, key: paramiko.PKey) -> None:
        """Refuse a server that is not the one that was meant.

        Raises:
            ForbiddenError: its key is another one, revoked, or not known at all.
        """
        host, shown = self._settings.known_as, fingerprint_of(key)
        if self._pinned:
            if shown not in self._pinned:
                raise ForbiddenError(
                    f"the server at {host} shows host key {shown}, which is not the pinned one: "
                    "nothing was sent to it. If its key was changed on purpose, put the new "
                    "fingerprint into the parameter 'fingerprint'; else ask its administrator"
                )
            return
        known = self._known.get(key.get_name())
        if known is not None and known.asbytes() == key.asbytes():
            self._refuse_revoked(key, shown)
            return
        if self._known:
            raise ForbiddenError(
                f"the host key of {host} has changed to {shown}, and is not the one in "
                f"{self._path}: nothing was sent to it. Ask its administrator; if the change was "
                f"made on purpose, `ssh-keygen -R '{host}'` forgets the old key"
            )
        raise ForbiddenError(
            f"{host} is not a known host (it shows {shown}): nothing was sent to it. Compare that "
            f"with what its administrator says, then add the key to {self._path} (ssh-keyscan "
            "shows it), or give the parameter 'fingerprint'"
        )

    def _refuse_revoked(self, key: paramiko.PKey, shown: str) -> None:
        text = key.get_base64()
        if any(text in line for line in self._revoked):
            raise ForbiddenError(
                f"the host key {shown} of {self._settings.known_as} is marked @revoked in "
                f"{self._path}: ask the administrator for the new one"
            )


def _entry(line: str) -> HostKeyEntry | None:
    """One line of known hosts; nothing of a comment, a marker, or what cannot be read."""
    if not line or line[0] in "#@":
        return None
    try:
        return HostKeyEntry.from_line(" ".join(line.split()))
    except (InvalidHostKey, paramiko.SSHException, ValueError):
        return None


def _names(patterns: list[str], host: str) -> bool:
    """Whether a line is about a host: by its name, hashed or not, or by a pattern."""
    if any(one.startswith("!") and fnmatchcase(host, _plain(one[1:])) for one in patterns):
        return False
    return any(
        paramiko.HostKeys.hash_host(host, one) == one
        if one.startswith("|1|")
        else one == host or fnmatchcase(host, _plain(one))
        for one in patterns
    )


def _plain(pattern: str) -> str:
    """A pattern in which brackets, which stand around a host with a port, mean themselves."""
    return pattern.replace("[", "[[]")


def fingerprint_of(key: paramiko.PKey) -> str:
    """``SHA256:...``, as ``ssh-keygen -l`` writes it."""
    return str(key.fingerprint).rstrip("=")
