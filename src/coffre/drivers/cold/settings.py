"""What a connection's parameters mean to this driver: a library, as slow and as frail as wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from coffre.contract import ConnectionParameters, Parameter, ParameterError

HOUR, DAY = 3_600.0, 86_400.0

PARAMETERS = (
    Parameter(name="drives", type=int, default=2, help="drives that read tapes"),
    Parameter(
        name="robot_time",
        type=float,
        default=15.0,
        help="seconds the robot takes to bring a tape to a drive",
    ),
    Parameter(
        name="mount_time", type=float, default=60.0, help="seconds a drive takes to load a tape"
    ),
    Parameter(
        name="seek_time",
        type=float,
        default=50.0,
        help="seconds from one object on a tape to another",
    ),
    Parameter(
        name="read_speed",
        type=int,
        default=300_000_000,
        help="bytes a drive reads in a second",
    ),
    Parameter(
        name="tape_size",
        type=int,
        default=12_000_000_000_000,
        help="bytes after which another tape is begun",
    ),
    Parameter(
        name="archive_size",
        type=int,
        default=1 << 30,
        help="bytes after which another archive is begun",
    ),
    Parameter(
        name="pack_after",
        type=float,
        default=HOUR,
        help="seconds after which an object is packed into an archive on tape",
    ),
    Parameter(
        name="cache_for",
        type=float,
        default=DAY,
        help="seconds for which an object that is on tape stays on disk, too",
    ),
    Parameter(
        name="available_for",
        type=float,
        default=DAY,
        help="seconds for which objects can be read, when a request does not say",
    ),
    Parameter(
        name="purge_after",
        type=float,
        default=DAY,
        help="seconds after which an access request that has expired is forgotten",
    ),
    Parameter(
        name="unmountable",
        default="",
        help="tapes that cannot be mounted, such as T00001,T00004",
    ),
    Parameter(name="broken_drives", default="", help="drives that are out of order, such as 1,2"),
    Parameter(
        name="mount_failures",
        type=float,
        default=0.0,
        help="share of mounts that fail and are tried again, from 0 to 1",
    ),
    Parameter(
        name="drive_failures",
        type=float,
        default=0.0,
        help="share of readings during which the drive breaks, from 0 to 1",
    ),
    Parameter(
        name="repair_time",
        type=float,
        default=HOUR,
        help="seconds until a drive that broke works again",
    ),
    Parameter(
        name="flush",
        type=bool,
        default=True,
        help="flush to the device before a put is acknowledged; false is for tests and measures",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters, read; the fields say what :data:`PARAMETERS` says."""

    root: str
    """Absolute path of the library's directory."""
    drives: int = 2
    robot_time: float = 15.0
    mount_time: float = 60.0
    seek_time: float = 50.0
    read_speed: int = 300_000_000
    tape_size: int = 12_000_000_000_000
    archive_size: int = 1 << 30
    pack_after: float = HOUR
    cache_for: float = DAY
    available_for: float = DAY
    purge_after: float = DAY
    unmountable: str = ""
    broken_drives: str = ""
    mount_failures: float = 0.0
    drive_failures: float = 0.0
    repair_time: float = HOUR
    flush: bool = True

    def __post_init__(self) -> None:
        """Refuse what no library can be.

        Raises:
            ParameterError: a number out of range, or a list that is none; the sentence says which.
        """
        for name in ("drives", "read_speed", "tape_size", "archive_size", "available_for"):
            _refuse_unless(getattr(self, name) > 0, f"{name!r} must be above zero")
        for name in _DURATIONS:
            _refuse_unless(getattr(self, name) >= 0, f"{name!r} cannot be negative")
        for name in ("mount_failures", "drive_failures"):
            _refuse_unless(0 <= getattr(self, name) <= 1, f"{name!r} is a share, from 0 to 1")
        numbers = all(one.isdecimal() for one in _listed(self.broken_drives))
        _refuse_unless(numbers, "'broken_drives' are numbers, such as 1,2")

    @property
    def tapes_that_stick(self) -> frozenset[str]:
        """Names of the tapes that cannot be mounted."""
        return frozenset(_listed(self.unmountable))

    @property
    def working_drives(self) -> tuple[int, ...]:
        """Numbers, from 1, of the drives that can be used."""
        broken = {int(one) for one in _listed(self.broken_drives)}
        return tuple(one for one in range(1, self.drives + 1) if one not in broken)

    @classmethod
    @lru_cache(maxsize=64)  # one for each offer, and asked for at each connection
    def of(cls, parameters: ConnectionParameters) -> Settings:
        """Read the parameters; those not given have their described default.

        Raises:
            ParameterError: the URL is not a local directory, or a value cannot be.
        """
        given = {name: value for name in _NAMES if (value := parameters.get(name)) is not None}
        checked = ConnectionParameters.checked(PARAMETERS, url=parameters.url, values=given)
        # Each value has the type of its description, which is that of the field.
        typed = cast("Mapping[str, Any]", dict(checked.values))
        return cls(root_path(parameters.url), **typed)


_NAMES = tuple(one.name for one in fields(Settings) if one.name != "root")
_DURATIONS = (
    "robot_time",
    "mount_time",
    "seek_time",
    "pack_after",
    "cache_for",
    "purge_after",
    "repair_time",
)


def root_path(url: str) -> str:
    """Directory that a URL names: ``file:///path``, ``cold:///path``, or the path alone.

    Raises:
        ParameterError: not an absolute path on this machine.
    """
    parts = urlsplit(f"file://{url}" if url.startswith("/") else url)
    path = url if url.startswith("/") else unquote(parts.path)
    local = parts.scheme in ("file", "cold") and parts.netloc in ("", "localhost")
    plain = url.startswith("/") or not (parts.query or parts.fragment)
    if not (local and plain and path.startswith("/")) or "\0" in path:
        raise ParameterError(f"{url!r} is not a local directory; write file:///absolute/path")
    return path


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _refuse_unless(good: bool, sentence: str) -> None:
    if not good:
        raise ParameterError(f"parameter {sentence}")
