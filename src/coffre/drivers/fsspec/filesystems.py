"""File systems that are known, and how each publishes a file: by a rename in one step.

The library calls ``mv`` on every file system, but of many it is a copy and a deletion, during
which half an object can be seen under its name. So a file system is used when its own rename is
known here, or when the operator gives their word; and never when ``mv`` is the general one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import fsspec
from fsspec.spec import AbstractFileSystem

from coffre.contract import Buffer, DriverError, ParameterError
from coffre.drivers.fsspec.ftp import CheckedFtp
from coffre.drivers.fsspec.settings import Settings
from coffre.http import refuse_in_clear

BLOCK = 8 * 1024 * 1024
"""Bytes that the library asks a service for at a time."""


class OpenFile(Protocol):
    """What is used of an open file of the library, which has no types of its own."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        ...

    def write(self, data: Buffer, /) -> object:
        """Take all of the bytes."""
        ...

    def seek(self, offset: int, /) -> object:
        """Go on from there."""
        ...

    def close(self) -> object:
        """Close it; what was written is published."""
        ...


class FileSystem(Protocol):
    """What is used of a file system of the library."""

    def info(self, path: str) -> dict[str, object]:
        """What is known of one name."""
        ...

    def ls(self, path: str, detail: bool) -> list[dict[str, object]]:
        """The names in a folder."""
        ...

    def mkdir(self, path: str, create_parents: bool) -> object:
        """Make a folder."""
        ...

    def rm_file(self, path: str) -> object:
        """Remove a file."""
        ...

    def open(self, path: str, mode: str, block_size: int) -> OpenFile:
        """Open a file."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A file system in use, and what has to be known of it."""

    files: FileSystem
    rename: Callable[[str, str], None]
    """Gives a file another name in one step."""
    close: Callable[[], None]
    """Ends its connections."""


def open_file_system(settings: Settings) -> Opened:
    """Reach the file system that a URL names; for most that means to log in.

    Raises:
        ParameterError: it cannot be used as an offer; the sentence says why.
        DriverError: its own library is not installed.
        Exception: as the library below raises; see :mod:`~coffre.drivers.fsspec.errors`.
    """
    known = _KNOWN.get(settings.scheme)
    try:
        return known(settings) if known is not None else _any(settings)
    except ImportError as error:
        raise DriverError(
            f"the file system {settings.scheme!r} needs a library of its own: "
            f"pip install '{error.name or settings.scheme}'"
        ) from error
    except TypeError as error:
        raise ParameterError(
            f"the file system {settings.scheme!r} does not take these options; look at "
            "'options' and 'secret_options'"
        ) from error


def _made(protocol: str, settings: Settings, **options: object) -> AbstractFileSystem:
    # Never from the library's cache: one connection of ours is one of theirs.
    return fsspec.filesystem(
        protocol,
        skip_instance_cache=True,
        **{**options, **settings.storage_options()},
    )


def _local(settings: Settings) -> Opened:
    if settings.host not in ("", "localhost"):
        raise ParameterError(f"{settings.url!r} is not on this machine: write file:///path")
    files = _made("file", settings)
    return Opened(files, files.mv, _nothing)


def _ftp(settings: Settings) -> Opened:
    _refuse_in_clear(settings, settings.scheme == "ftps")
    files = CheckedFtp(
        host=settings.host,
        port=settings.port or 21,
        username=settings.user,
        password=_password(settings),
        timeout=settings.timeout,
        tls=settings.scheme == "ftps",
        **settings.storage_options(),
    )
    return Opened(files, files.mv, files.ftp.close)


def _webdav(settings: Settings) -> Opened:
    _refuse_in_clear(settings, settings.scheme == "webdavs")
    scheme = "https" if settings.scheme == "webdavs" else "http"
    port = "" if settings.port is None else f":{settings.port}"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    user = settings.user
    from coffre.drivers.fsspec.webdav import CheckedWebdav

    files = CheckedWebdav(
        base_url=f"{scheme}://{host}{port}",
        auth=None if user is None else (user, _password(settings)),
        timeout=settings.timeout,
        retry=False,
        trust_env=False,
        skip_instance_cache=True,
        **settings.storage_options(),
    )
    return Opened(files, files.rename, files.client.http.close)


def _smb(settings: Settings) -> Opened:
    files = _made(
        "smb",
        settings,
        host=settings.host,
        port=settings.port,
        username=settings.user,
        password=_password(settings),
        timeout=int(settings.timeout),
        auto_mkdir=False,
    )
    return Opened(files, files.mv, _nothing)


def _any(settings: Settings) -> Opened:
    if not settings.renames:
        raise ParameterError(
            f"coffre does not know whether the file system {settings.scheme!r} renames a file in "
            "one step; where it copies instead, half an object could be seen. If you know that "
            "it does, say so: renames = true"
        )
    options = {"username": settings.user, "password": _password(settings), "host": settings.host}
    given = {name: value for name, value in options.items() if value}
    try:
        files = _made(settings.scheme, settings, use_listings_cache=False, **given)
    except ValueError:
        raise ParameterError(f"no file system is called {settings.scheme!r}") from None
    if type(files).mv is AbstractFileSystem.mv:
        raise ParameterError(
            f"the file system {settings.scheme!r} renames by a copy and a deletion: half an "
            "object could be seen. Use the driver made for this service, if there is one"
        )
    return Opened(files, files.mv, _nothing)


def _refuse_in_clear(settings: Settings, secured: bool) -> None:
    if settings.password is not None:
        refuse_in_clear(settings.url, secured=secured, allowed=settings.plain)


def _password(settings: Settings) -> str | None:
    return None if settings.password is None else settings.password.reveal()


def _nothing() -> None:
    """These keep no connection that could be closed."""


_KNOWN: dict[str, Callable[[Settings], Opened]] = {
    "file": _local,
    "ftp": _ftp,
    "ftps": _ftp,
    "smb": _smb,
    "webdav": _webdav,
    "webdavs": _webdav,
}


def close_quietly(opened: Opened) -> None:
    """End the connections of a file system, whatever state they are in."""
    with suppress(Exception):
        opened.close()
