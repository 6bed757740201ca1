"""What a connection's parameters mean to this driver."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from coffre.contract import ConnectionParameters, Parameter, ParameterError


class Records(StrEnum):
    """Where the record of an object is kept."""

    AUTO = "auto"
    """With the file, as an extended attribute, wherever the file system takes it."""
    ATTRIBUTES = "attributes"
    """As an attribute or not at all: a put fails where that is impossible."""
    SIDECAR = "sidecar"
    """In a file of its own, always."""


PARAMETERS = (
    Parameter(
        name="create",
        type=bool,
        default=False,
        help="the first put makes the offer, in a directory that is empty or missing",
    ),
    Parameter(
        name="flush",
        type=bool,
        default=True,
        help="flush to the device before a put is acknowledged; false is for tests and measures",
    ),
    Parameter(
        name="records",
        default=Records.AUTO.value,
        choices=tuple(Records),
        help="where the expected digest and the metadata of an object are kept",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters, read."""

    root: str
    """Absolute path of the offer's directory."""
    create: bool = False
    flush: bool = True
    records: Records = Records.AUTO

    @classmethod
    @lru_cache(maxsize=64)  # one for each offer, and asked for at each connection
    def of(cls, parameters: ConnectionParameters) -> Settings:
        """Read the parameters; those not given have their described default.

        Raises:
            ParameterError: the URL is not a local directory, or a value has another type.
        """
        return cls(
            root=root_path(parameters.url),
            create=_flag(parameters, "create", False),
            flush=_flag(parameters, "flush", True),
            records=_records(parameters),
        )


def root_path(url: str) -> str:
    """Directory that a URL names: ``file:///path``, or the absolute path alone.

    Raises:
        ParameterError: not an absolute path on this machine.
    """
    if "\0" in url:
        raise ParameterError("a path cannot hold a NUL character")
    if url.startswith("/"):
        return url
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise ParameterError(f"{url!r} is not a local directory; write file:///absolute/path")
    if parts.query or parts.fragment:
        raise ParameterError(f"{url!r}: write '?' and '#' in a path as %3F and %23")
    path = unquote(parts.path)
    if not path.startswith("/") or "\0" in path:
        raise ParameterError(f"{url!r} is not an absolute path; write file:///absolute/path")
    return path


def _flag(parameters: ConnectionParameters, name: str, default: bool) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise ParameterError(f"parameter {name!r} must be true or false")
    return value


def _records(parameters: ConnectionParameters) -> Records:
    value = parameters.get("records", Records.AUTO)
    try:
        return Records(str(value))
    except ValueError:
        allowed = ", ".join(Records)
        raise ParameterError(f"parameter 'records' must be one of {allowed}") from None
