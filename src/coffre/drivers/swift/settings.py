"""What a connection's parameters mean to this driver."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit

from coffre.contract import ConnectionParameters, Parameter, ParameterError, Secret
from coffre.http import PLAIN, Site, Tls, refuse_in_clear

_MIB = 1024 * 1024


class Auth(StrEnum):
    """How a token is asked for."""

    V1 = "v1"
    """Headers with a user and a key: tempauth, and services that keep this old way."""
    V3 = "v3"
    """Keystone, the Identity API version 3: a password, or an application credential."""


PARAMETERS = (
    Parameter(
        name="auth",
        choices=tuple(Auth),
        help="how a token is asked for; v3 when the URL ends in /v3, otherwise v1",
    ),
    Parameter(name="user", help="who logs in: account:user for v1, a user's name for v3"),
    Parameter(name="password", type=Secret, help="key of the user (v1), or password (v3)"),
    Parameter(name="user_domain", default="Default", help="name of the user's domain (v3)"),
    Parameter(name="project", help="name of the project whose account is used (v3, password)"),
    Parameter(name="project_id", help="id of the project, instead of its name (v3, password)"),
    Parameter(name="project_domain", help="name of the project's domain; the user's when absent"),
    Parameter(
        name="application_credential",
        help="id of an application credential, or its name when a user is given (v3)",
    ),
    Parameter(name="secret", type=Secret, help="secret of the application credential"),
    Parameter(name="region", help="region of the endpoint, where the catalogue has several (v3)"),
    Parameter(
        name="interface",
        default="public",
        choices=("public", "internal", "admin"),
        help="which endpoint of the catalogue is used (v3)",
    ),
    Parameter(
        name="storage_url",
        help="URL of the account, where the one that the service names cannot be reached",
    ),
    Parameter(
        name="prefix",
        default="coffre",
        help="first part of the name of every Swift container of this offer",
    ),
    Parameter(
        name="segment_size",
        type=int,
        default=256 * _MIB,
        help="bytes of one segment of a large object; more where an object would need too many",
    ),
    Parameter(
        name="buffer",
        type=int,
        default=4 * _MIB,
        help="bytes up to which an object is held in memory and sent in one piece",
    ),
    Parameter(
        name="ca_bundle", help="file of the authorities believed (PEM); the system's if none"
    ),
    Parameter(
        name="connect_timeout",
        type=float,
        default=10.0,
        help="seconds for name, connection and TLS together",
    ),
    Parameter(
        name="timeout",
        type=float,
        default=60.0,
        help="seconds of silence after which the service is given up",
    ),
    PLAIN,
)

_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Login:
    """Who asks for a token, where and how; equal ones share it."""

    url: str
    """Where tokens are asked for: as given, without a slash at its end."""
    auth: Auth
    user: str = ""
    password: Secret | None = None
    user_domain: str = "Default"
    project: str = ""
    project_id: str = ""
    project_domain: str = "Default"
    application_credential: str = ""
    secret: Secret | None = None
    region: str = ""
    interface: str = "public"
    storage_url: str = ""
    tls: Tls = field(default_factory=Tls)
    connect_timeout: float = 10.0
    timeout: float = 60.0

    def site(self, url: str) -> Site:
        """A place that is spoken to under the conditions of this login.

        Raises:
            ParameterError: not an http or https URL.
        """
        return Site(
            url=url,
            tls=self.tls,
            connect_timeout=self.connect_timeout,
            stall_timeout=self.timeout,
        )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The parameters, read."""

    login: Login
    prefix: str = "coffre"
    segment_size: int = 256 * _MIB
    buffer: int = 4 * _MIB

    @classmethod
    @lru_cache(maxsize=64)  # one for each offer, and asked for at each connection
    def of(cls, parameters: ConnectionParameters) -> Settings:
        """Read the parameters; those not given have their described default.

        Raises:
            ParameterError: a URL that is none, nobody to log in as, or a value out of range.
        """
        return cls(
            login=_login(parameters),
            prefix=_prefix(parameters),
            segment_size=_bytes(parameters, "segment_size", 256 * _MIB, least=_MIB),
            buffer=_bytes(parameters, "buffer", 4 * _MIB, least=0),
        )


def split_url(url: str) -> tuple[str, str]:
    """A URL as the place that is connected to, and the path there, without a slash at its end."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")


def _login(parameters: ConnectionParameters) -> Login:
    url = parameters.url.rstrip("/")
    text = parameters.text
    domain = text("user_domain", "Default")
    login = Login(
        url=url,
        auth=_auth(parameters, url),
        user=text("user"),
        password=_secret(parameters, "password"),
        user_domain=domain,
        project=text("project"),
        project_id=text("project_id"),
        project_domain=text("project_domain") or domain,
        application_credential=text("application_credential"),
        secret=_secret(parameters, "secret"),
        region=text("region"),
        interface=text("interface", "public"),
        storage_url=text("storage_url").rstrip("/"),
        tls=Tls(ca_bundle=text("ca_bundle") or None),
        connect_timeout=_seconds(parameters, "connect_timeout", 10.0),
        timeout=_seconds(parameters, "timeout", 60.0),
    )
    for place in filter(None, (url, login.storage_url)):
        site = login.site(place)  # refuses what is no URL
        allowed = parameters.get("plain") is True
        refuse_in_clear(place, secured=site.secure, allowed=allowed)
    _check_who(login)
    return login


def _auth(parameters: ConnectionParameters, url: str) -> Auth:
    given = parameters.text("auth")
    if not given:
        return Auth.V3 if urlsplit(url).path.endswith("/v3") else Auth.V1
    try:
        return Auth(given)
    except ValueError:
        raise ParameterError(f"parameter 'auth' must be one of {', '.join(Auth)}") from None


def _check_who(login: Login) -> None:
    if login.auth is Auth.V1:
        if not login.user or login.password is None:
            raise ParameterError("v1 needs the parameters 'user' and 'password'")
        return
    if login.application_credential:
        if login.secret is None:
            raise ParameterError("an application credential needs the parameter 'secret'")
        return
    if not login.user or login.password is None:
        raise ParameterError(
            "v3 needs 'user' and 'password', or 'application_credential' and 'secret'"
        )
    if not (login.project or login.project_id):
        raise ParameterError("v3 with a password needs 'project' or 'project_id'")


def _secret(parameters: ConnectionParameters, name: str) -> Secret | None:
    value = parameters.get(name)
    if value is None or isinstance(value, Secret):
        return value
    raise ParameterError(f"parameter {name!r} must be a secret")


def _prefix(parameters: ConnectionParameters) -> str:
    prefix = parameters.text("prefix", "coffre")
    if _PREFIX.fullmatch(prefix) is None:
        raise ParameterError("parameter 'prefix' must be 1 to 64 letters, digits, '_' or '-'")
    return prefix


def _bytes(parameters: ConnectionParameters, name: str, default: int, *, least: int) -> int:
    value = parameters.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ParameterError(f"parameter {name!r} must be a number of bytes, at least {least}")
    return value


def _seconds(parameters: ConnectionParameters, name: str, default: float) -> float:
    value = parameters.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 86_400:
        raise ParameterError(f"parameter {name!r} must be a number of seconds above zero")
    return float(value)
