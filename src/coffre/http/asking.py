"""Requests: what is asked, in a form that cannot smuggle a second question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from coffre.contract import InvalidRequestError

ANSWER_LIMIT = 4 * 1024 * 1024
"""Bytes of an answer's body held in memory, unless a request says otherwise."""

_TARGET = re.compile(r"/[!-\"$-~]*")
_NOTHING: Mapping[str, str] = MappingProxyType({})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. Target and headers are ASCII, escaped by whoever knows how the service wants it.

    ``Host`` and ``Content-Length`` are added; ``Accept``, ``User-Agent`` and ``Expect`` are not.
    """

    method: str
    target: str = field(repr=False)
    """Path and query, as sent: starts with a slash, is not normalised in any way. It may hold a
    signature, so it is never printed."""
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING, repr=False)
    """May hold a signature or a token as well."""
    body: bytes | memoryview | None = field(default=None, repr=False)
    """``b""`` sends a length of zero, ``None`` no length at all."""
    answer_limit: int = ANSWER_LIMIT
    """Bytes of the answer's body, at most, when it is held in memory."""
    wait_for_leave: bool = False
    """Send ``Expect: 100-continue``, and the body once the service agrees, or after one second."""

    @property
    def safe(self) -> bool:
        """Whether the request changes nothing, so that its effect is never in doubt."""
        return self.method in _SAFE

    def lines(self) -> list[str]:
        """The headers as libcurl wants them, with those it must not add by itself taken out.

        Raises:
            InvalidRequestError: a target or header that is not one line of ASCII.
        """
        lines = [
            f"{name}: {value}" if value else f"{name};" for name, value in self.headers.items()
        ]
        lines.append("Accept:")
        lines.append("Expect: 100-continue" if self.wait_for_leave else "Expect:")
        if self.body is not None and not _names_type(self.headers):
            lines.append("Content-Type:")
        text = "\n".join(lines)
        # One look at the whole: a line more than there are headers was smuggled in.
        if text.count("\n") >= len(lines) or "\r" in text or "\0" in text or not text.isascii():
            raise InvalidRequestError("a header that is not one line of ASCII")
        if not _TARGET.fullmatch(self.target) or not self.method.isalpha():
            raise InvalidRequestError("a target or method that HTTP does not allow; escape it")
        return lines


def _names_type(headers: Mapping[str, str]) -> bool:
    return "Content-Type" in headers or any(name.lower() == "content-type" for name in headers)
