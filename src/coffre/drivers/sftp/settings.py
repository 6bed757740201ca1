"""What a connection's parameters mean to this driver."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit

from coffre.contract import ConnectionParameters, Parameter, ParameterError, Secret

PARAMETERS = (
    Parameter(name="user", help="who logs in; may stand in the URL: sftp://user@host/path"),
    Parameter(
        name="key_file",
        help="file of a private key (OpenSSH or PEM; a certificate beside it is used too)",
    ),
    Parameter(name="passphrase", type=Secret, help="passphrase of the key file"),
    Parameter(name="password", type=Secret, help="password of the user"),
    Parameter(
        name="agent",
        type=bool,
        default=False,
        help="try the keys of the SSH agent of this session (SSH_AUTH_SOCK)",
    ),
    Parameter(
        name="known_hosts",
        default="~/.ssh/known_hosts",
        help="file of the host keys that are trusted, as ssh keeps it; nothing is ever added",
    ),
    Parameter(
        name="fingerprint",
        help="SHA256:... of the host key to trust, instead of known_hosts; several by commas",
    ),
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
        name="connect_timeout",
        type=float,
        default=20.0,
        help="seconds in which a session must be open, from the first packet to the last",
    ),
    Parameter(
        name="timeout",
        type=float,
        default=20.0,
        help="seconds of silence after which the server is given up",
    ),
)

_DEFAULT_PORT = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The parameters, read."""

    host: str
    port: int = _DEFAULT_PORT
    user: str
    path: str
    """Root of the offer on the server: absolute, or relative to where the user arrives."""
    key_file: str = ""
    passphrase: Secret | None = None
    password: Secret | None = None
    agent: bool = False
    known_hosts: str = ""
    fingerprints: tuple[str, ...] = ()
    create: bool = False
    flush: bool = True
    connect_timeout: float = 20.0
    timeout: float = 20.0

    @property
    def place(self) -> str:
        """The offer, as a person names it."""
        return f"sftp://{self.user}@{self.address}/{self.path.removeprefix('/')}"

    @property
    def address(self) -> str:
        """Host and port, as a URL has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT else f"{host}:{self.port}"

    @property
    def known_as(self) -> str:
        """The host as a file of known hosts has it."""
        return self.host if self.port == _DEFAULT_PORT else f"[{self.host}]:{self.port}"

    @classmethod
    @lru_cache(maxsize=64)  # one for each offer, and asked for at each connection
    def of(cls, parameters: ConnectionParameters) -> Settings:
        """Read the parameters; those not given have their described default.

        Raises:
            ParameterError: the URL does not name a place on a server, nobody is to log in, or
                there is nothing to log in with.
        """
        parts = _split(parameters.url)
        user = parameters.text("user") or unquote(parts.username or "")
        if not user:
            raise ParameterError("who logs in? Give the parameter 'user', or sftp://user@host/path")
        password, passphrase = (_secret(parameters, name) for name in ("password", "passphrase"))
        key_file, agent = parameters.text("key_file"), _flag(parameters, "agent", False)
        if not (key_file or agent or password):
            raise ParameterError("nothing to log in with: give key_file, agent = true, or password")
        return cls(
            host=parts.hostname or "",
            port=parts.port or _DEFAULT_PORT,
            user=user,
            path=_path(parts),
            key_file=key_file,
            passphrase=passphrase,
            password=password,
            agent=agent,
            known_hosts=parameters.text("known_hosts", "~/.ssh/known_hosts"),
            fingerprints=tuple(parameters.text("fingerprint").replace(",", " ").split()),
            create=_flag(parameters, "create", False),
            flush=_flag(parameters, "flush", True),
            connect_timeout=_seconds(parameters, "connect_timeout"),
            timeout=_seconds(parameters, "timeout"),
        )


def _split(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme != "sftp" or not parts.hostname:
        raise ParameterError(f"{url!r} is not an SFTP place; write sftp://user@host/path")
    if parts.query or parts.fragment:
        raise ParameterError(f"{url!r}: write '?' and '#' in a path as %3F and %23")
    return parts


def _path(parts: SplitResult) -> str:
    """``/~/x`` is ``x`` from where the user arrives, any other path is absolute."""
    path = unquote(parts.path)
    if "\0" in path:
        raise ParameterError("a path cannot hold a NUL character")
    if path.startswith("/~/"):
        path = path.removeprefix("/~/") or "."
    if path in ("", "/"):
        raise ParameterError(
            "the URL names no directory: write sftp://user@host/directory, or sftp://user@host/~/ "
            "for the one where the user arrives"
        )
    return path if path == "." else path.rstrip("/")


def _secret(parameters: ConnectionParameters, name: str) -> Secret | None:
    value = parameters.get(name)
    if value is None or isinstance(value, Secret):
        return value
    raise ParameterError(f"parameter {name!r} must be a secret")


def _flag(parameters: ConnectionParameters, name: str, default: bool) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise ParameterError(f"parameter {name!r} must be true or false")
    return value


def _seconds(parameters: ConnectionParameters, name: str) -> float:
    value = parameters.get(name, 20.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 86_400:
        raise ParameterError(f"parameter {name!r} must be a number of seconds above zero")
    return float(value)
