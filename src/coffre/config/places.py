"""Places: what a configuration names is relative to its own directory, wherever one runs it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

_SQLITE = "sqlite:///"


def absolute_url(url: str, base: Path) -> str:
    """URL of an offer, made absolute when it is a relative path.

    Args:
        url: ``file:offers/north``, a plain path, or the URL of a service, which stays as it is.
        base: directory of the configuration.
    """
    if url.startswith("file:") and not url.startswith("file:/"):
        return urlunsplit(("file", "", f"{quote(str(base))}/{url.removeprefix('file:')}", "", ""))
    if _is_path(url):
        return str(base / url)
    return url


def absolute_ledger(url: str, base: Path) -> str:
    """URL of a ledger: the absolute path for an embedded one, else as it is."""
    if url.startswith(_SQLITE):
        return str(base / url.removeprefix(_SQLITE))
    return str(base / url) if _is_path(url) else url


def absolute_path(path: str, base: Path) -> str:
    """A path, made absolute."""
    return str(base / path)


def _is_path(url: str) -> bool:
    return ":" not in url.split("/", 1)[0]


def with_password(url: str, password: str) -> str:
    """A URL with a password in it: for the one call that needs it, never to be kept or printed."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}{at or '@'}{host}"))
