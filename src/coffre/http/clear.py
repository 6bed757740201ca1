"""In clear: a secret leaves this machine under TLS, or because its owner said that it may."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from coffre.contract import Parameter, ParameterError

PLAIN = Parameter(
    name="plain",
    type=bool,
    default=False,
    help="send secrets without TLS, where nobody else is on the network",
)
"""The parameter of drivers whose services are told a secret as it is."""


def refuse_in_clear(url: str, *, secured: bool, allowed: bool) -> None:
    """Refuse to send a secret over a network without TLS, unless that was asked for.

    Args:
        url: of the service, without a secret.
        secured: TLS is spoken.
        allowed: value of :data:`PLAIN`.

    Raises:
        ParameterError: it would be read by whoever listens; nothing was sent.
    """
    if secured or allowed or _is_this_machine(urlsplit(url).hostname or ""):
        return
    raise ParameterError(
        f"{url!r} would be told a secret without TLS: use its TLS address, or, where nobody else "
        "is on the network, say plain = true"
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
