"""What a connection's parameters mean to this driver."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from coffre.contract import ConnectionParameters, Parameter, ParameterError, Secret
from coffre.http import PLAIN

PARAMETERS = (
    Parameter(name="user", help="who the service is to let in"),
    Parameter(name="password", type=Secret, help="password of the user"),
    Parameter(
        name="options",
        help='more options of the file system, as a JSON object: {"timeout": 60}; no secret',
    ),
    Parameter(
        name="secret_options",
        type=Secret,
        help="more options of the file system that are secret, as a JSON object",
    ),
    Parameter(
        name="renames",
        type=bool,
        default=False,
        help="your word that this file system renames a file in one step; needed of those that "
        "coffre does not know",
    ),
    PLAIN,
    Parameter(
        name="read_back",
        type=bool,
        default=True,
        help="read every object back and digest it before it gets its name",
    ),
    Parameter(
        name="timeout",
        type=float,
        default=30.0,
        help="seconds after which a service that is silent is given up",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters, read."""

    url: str
    scheme: str
    host: str
    port: int | None
    path: str
    """Where the offer is, below the root of the service; absolute, without a slash at its end."""
    user: str | None = None
    password: Secret | None = field(default=None, repr=False)
    options: str = "{}"
    secret_options: Secret | None = field(default=None, repr=False)
    renames: bool = False
    plain: bool = False
    read_back: bool = True
    timeout: float = 30.0

    @classmethod
    @lru_cache(maxsize=64)  # one for each offer, and asked for at each connection
    def of(cls, parameters: ConnectionParameters) -> Settings:
        """Read the parameters; those not given have their described default.

        Raises:
            ParameterError: the URL names no file system, or a value cannot be used.
        """
        try:
            parts = urlsplit(parameters.url)
            port = parts.port
        except ValueError:
            raise ParameterError("the URL of the offer is not a URL") from None
        if not parts.scheme:
            raise ParameterError(
                f"{parameters.url!r} names no file system: write webdavs://host/path, "
                "ftps://host/path, smb://host/share/path or file:///path"
            )
        if parts.query or parts.fragment:
            raise ParameterError("write '?' and '#' in the path of an offer as %3F and %23")
        given = cls(
            url=parameters.url,
            scheme=parts.scheme,
            host=parts.hostname or "",
            port=port,
            path="/" + unquote(parts.path).strip("/"),
            user=_text(parameters, "user") or parts.username,
            password=_secret(parameters, "password"),
            options=_text(parameters, "options") or "{}",
            secret_options=_secret(parameters, "secret_options"),
            renames=parameters.get("renames", False) is True,
            plain=parameters.get("plain", False) is True,
            read_back=parameters.get("read_back", True) is not False,
            timeout=_seconds(parameters),
        )
        given.storage_options()
        return given

    @property
    def place(self) -> str:
        """The offer, for a person: its URL, which holds no password."""
        return self.url

    def storage_options(self) -> dict[str, object]:
        """Options beside those that the parameters have names for; secrets are revealed.

        Raises:
            ParameterError: not a JSON object.
        """
        found = _object(self.options, "options")
        if self.secret_options is not None:
            found |= _object(self.secret_options.reveal(), "secret_options")
        return found


def _object(text: str, name: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        # The text is left out: it may hold a secret.
        raise ParameterError(f'parameter {name!r} must be a JSON object: {{"name": "value"}}')
    return found


def _text(parameters: ConnectionParameters, name: str) -> str | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, str):
        raise ParameterError(f"parameter {name!r} must be text")
    return value


def _secret(parameters: ConnectionParameters, name: str) -> Secret | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, Secret):
        raise ParameterError(f"parameter {name!r} must be a secret")
    return value


def _seconds(parameters: ConnectionParameters) -> float:
    value = parameters.get("timeout", 30.0)
    if not isinstance(value, int | float) or not 0 < value < 86_400:
        raise ParameterError("parameter 'timeout' must be a number of seconds above 0")
    return float(value)
