"""The one library of this room, and what to say where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from coffre.contract import DriverError


def require_pycurl(extra: str) -> None:
    """Make sure that HTTP can be spoken at all; asked by a driver before it connects.

    Args:
        extra: name of the extra of coffre that brings the library, the driver's own as a rule.

    Raises:
        DriverError: pycurl is not installed; the message says how to install it.
    """
    if find_spec("pycurl") is None:
        raise DriverError(
            f"this driver speaks HTTP through pycurl, which is not installed; "
            f"install it with: pip install 'coffre[{extra}]'"
        )
