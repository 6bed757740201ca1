"""Where a service is, and the conditions under which it is spoken to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

from coffre.contract import ParameterError

_PORTS = {"http": 80, "https": 443}
_PATH = re.compile(r"(/[!-\"$->@-~]*)?")


@dataclass(frozen=True, kw_only=True)
class Tls:
    """How the other side proves who it is, and how we do. TLS 1.2 at least, in any case."""

    ca_bundle: str | None = None
    """File of the authorities believed, PEM; those of the system when it is ``None``."""
    certificate: str | None = None
    """File of our own certificate, PEM, where the service wants one."""
    key: str | None = field(default=None, repr=False)
    """File of its private key, PEM; the certificate's file when it is ``None``."""
    verify: bool = True
    """Whether the service's certificate is checked. Only ever off by a decision of the user."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """One HTTP service: its address, TLS, proxy and patience. Valid by construction."""

    url: str
    """``http(s)://host[:port][/path]``; the path comes before every request's target."""
    tls: Tls = Tls()
    proxy: str | None = field(default=None, repr=False)
    """URL of a proxy; may hold a password, so it is never printed."""
    proxy_from_environment: bool = False
    """Whether ``https_proxy`` and its kin decide. Ignored otherwise: two machines with the same
    configuration then speak to the same service."""
    connect_timeout: float = 10.0
    """Seconds for name, connection and TLS together."""
    stall_timeout: float = 60.0
    """Seconds without one byte moving, either way. There is no limit for the whole: a large object
    takes what it takes."""

    def __post_init__(self) -> None:
        """Refuse an address that could not be meant.

        Raises:
            ParameterError: not such a URL, or a time that is not positive.
        """
        try:
            parts = self._parts
            host, _port = parts.hostname, parts.port
        except ValueError:
            raise ParameterError(f"not an http or https URL: {_shown(self.url)}") from None
        if parts.scheme not in _PORTS or not host or not self.url.isascii():
            raise ParameterError(f"not an http or https URL: {_shown(self.url)}")
        if "@" in parts.netloc:
            raise ParameterError("a URL must not hold a user or a password; use the parameters")
        if parts.query or parts.fragment or not _PATH.fullmatch(parts.path):
            raise ParameterError(f"a URL with more than a path: {_shown(self.url)}")
        if self.connect_timeout <= 0 or self.stall_timeout <= 0:
            raise ParameterError("timeouts are seconds, above zero")

    @cached_property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return self._parts.scheme == "https"

    @cached_property
    def host(self) -> str:
        """The ``Host`` header of every request, as a signature needs it: no port when usual."""
        name = self._parts.hostname or ""
        name = f"[{name}]" if ":" in name else name
        return name if self.port == _PORTS[self._parts.scheme] else f"{name}:{self.port}"

    @property
    def port(self) -> int:
        """The port connected to."""
        return self._parts.port or _PORTS[self._parts.scheme]

    @cached_property
    def root(self) -> str:
        """What every target is appended to; ends without a slash."""
        return f"{self._parts.scheme}://{self.host}{self.path}"

    @cached_property
    def path(self) -> str:
        """The path that comes before every target, without a slash at its end; often empty."""
        return self._parts.path.rstrip("/")


def _shown(url: str) -> str:
    """As much of an address as may be printed: no user, no password, no query."""
    return url.split("?")[0].split("#")[0].rpartition("@")[2]
