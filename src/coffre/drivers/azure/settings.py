"""What a connection's parameters mean to this driver."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from coffre.contract import ConnectionParameters, Parameter, ParameterError, Secret
from coffre.http import PLAIN, Site, Tls

MEBIBYTE = 1024 * 1024
MAX_BLOCK = 100 * MEBIBYTE
"""Bytes of the largest block sent. The service takes 4,000 MiB; a block is held in memory."""

PARAMETERS = (
    Parameter(
        name="container",
        required=True,
        help="Azure container of the offer; with layout 'each', its name begins all the others'",
    ),
    Parameter(
        name="layout",
        default="one",
        choices=("one", "each"),
        help="'one' container for everything, or one for 'each' tenant and container of objects",
    ),
    Parameter(name="account", help="name of the storage account, where the URL does not tell it"),
    Parameter(name="account_key", type=Secret, help="key of the account, as the portal shows it"),
    Parameter(name="sas_token", type=Secret, help="shared access signature: what follows the '?'"),
    Parameter(name="token", type=Secret, help="OAuth token; a file is read anew for every request"),
    Parameter(
        name="identity",
        type=bool,
        default=False,
        help="ask azure-identity (installed apart) for tokens: environment, managed identity, CLI",
    ),
    Parameter(
        name="block_size",
        type=int,
        default=8 * MEBIBYTE,
        help="bytes of one block, held in memory; an object of one block takes one request",
    ),
    Parameter(
        name="tier",
        choices=("hot", "cool", "cold", "archive"),
        help="access tier of new objects; without one, the account's",
    ),
    Parameter(
        name="rehydrate_to",
        default="hot",
        choices=("hot", "cool", "cold"),
        help="tier to which objects asked for are brought back from the archive tier",
    ),
    Parameter(
        name="rehydrate_priority",
        default="standard",
        choices=("standard", "high"),
        help="how much is paid for being quick: up to 15 hours, or less than one for small objects",
    ),
    Parameter(
        name="retention_mode",
        default="unlocked",
        choices=("unlocked", "locked"),
        help="whether a retention date can be shortened by whoever has the right, or by nobody",
    ),
    Parameter(name="api_version", default="2021-12-02", help="version of the service's interface"),
    Parameter(name="timeout", type=float, default=60.0, help="seconds of silence before giving up"),
    Parameter(name="ca_bundle", help="file of the authorities believed, instead of the system's"),
    Parameter(name="proxy", type=Secret, help="URL of an HTTP proxy; may hold a password"),
    PLAIN,
)

_CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(?:-[a-z0-9]+)*")
_BEGINNING = re.compile(r"(?=.{3,16}\Z)[a-z0-9]+(?:-[a-z0-9]+)*")
_VERSION = re.compile(r"20\d\d-\d\d-\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The parameters, read."""

    site: Site
    account: str
    container: str
    each: bool
    account_key: Secret | None
    sas_token: Secret | None
    token: Secret | None
    identity: bool
    block_size: int
    tier: str | None
    rehydrate_to: str
    rehydrate_priority: str
    retention_mode: str
    api_version: str
    plain: bool = False

    @classmethod
    @lru_cache(maxsize=64)  # one for each offer, and asked for at each connection
    def of(cls, parameters: ConnectionParameters) -> Settings:
        """Read the parameters; those not given have their described default.

        Raises:
            ParameterError: a value is wrong, or more than one credential is given.
        """
        site = _site(parameters)
        each = _text(parameters, "layout") == "each"
        return cls(
            site=site,
            account=_text(parameters, "account") or account_of(site.url),
            container=_container(_text(parameters, "container"), each=each),
            each=each,
            account_key=_secret(parameters, "account_key"),
            sas_token=_secret(parameters, "sas_token"),
            token=_secret(parameters, "token"),
            identity=_one_credential(parameters),
            block_size=_block_size(parameters),
            tier=_text(parameters, "tier") or None,
            rehydrate_to=_text(parameters, "rehydrate_to"),
            rehydrate_priority=_text(parameters, "rehydrate_priority"),
            retention_mode=_text(parameters, "retention_mode"),
            api_version=_version(_text(parameters, "api_version")),
            plain=parameters.get("plain") is True,
        )


def account_of(url: str) -> str:
    """Name of the account that a URL tells: in its path (emulators), or its host's first label."""
    parts = urlsplit(url)
    path = parts.path.strip("/")
    return path or (parts.hostname or "").partition(".")[0]


_DEFAULTS = {one.name: one.default for one in PARAMETERS}


def _text(parameters: ConnectionParameters, name: str) -> str:
    return str(parameters.get(name, _DEFAULTS[name]) or "")


def _secret(parameters: ConnectionParameters, name: str) -> Secret | None:
    value = parameters.get(name)
    return value if isinstance(value, Secret) else None


def _site(parameters: ConnectionParameters) -> Site:
    patience = parameters.get("timeout", _DEFAULTS["timeout"])
    if not isinstance(patience, int | float):
        raise ParameterError("parameter 'timeout' must be a number of seconds")
    return Site(
        url=parameters.url,
        tls=Tls(ca_bundle=_text(parameters, "ca_bundle") or None),
        proxy=parameters.text("proxy") or None,
        connect_timeout=min(patience, 10.0),
        stall_timeout=patience,
    )


def _container(name: str, *, each: bool) -> str:
    if (_BEGINNING if each else _CONTAINER).fullmatch(name) is None:
        longest = 16 if each else 63
        raise ParameterError(
            f"parameter 'container' must be 3 to {longest} small letters, digits and single "
            "hyphens, as the service allows"
        )
    return name


def _one_credential(parameters: ConnectionParameters) -> bool:
    identity = parameters.get("identity", False) is True
    given = [name for name in ("account_key", "sas_token", "token") if parameters.get(name)]
    if len(given) + identity > 1:
        raise ParameterError(
            "give one of the parameters 'account_key', 'sas_token', 'token' and 'identity'"
        )
    return identity


def _block_size(parameters: ConnectionParameters) -> int:
    size = parameters.get("block_size", _DEFAULTS["block_size"])
    if not isinstance(size, int) or not 64 * 1024 <= size <= MAX_BLOCK:
        raise ParameterError(f"parameter 'block_size' must be 65536 to {MAX_BLOCK} bytes")
    return size


def _version(text: str) -> str:
    if _VERSION.fullmatch(text) is None:
        raise ParameterError("parameter 'api_version' must be a date, such as 2021-12-02")
    return text
