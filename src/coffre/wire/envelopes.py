"""Envelopes: what surrounds results, and errors, in the answers that are documents.

Source: offer protocol, 7.1, 7.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from coffre.contract import Buffer
from coffre.wire.documents import Json, list_in, read_json, record_in, write_json
from coffre.wire.errors import BodyError, MissingFieldError

ASYNC_STATUS = 460
"""Data of an asynchronous offer is read without a ready access request (7.4)."""
ASYNC_LATER_STATUS = 461
"""Asynchronous data is not available now; no offer answers it, other services do (7.4)."""


class KnownError(Enum):
    """Errors with a code that an existing client knows: code, state, message (7.2)."""

    NOT_FOUND = ("100516", "Storage", "Storage not found")
    TECHNICAL = ("100517", "Storage", "Storage technical error")
    LOG = ("100515", "Storage", "Cannot retrieve objects stored on container")
    BAD_REQUEST = ("100301", "Illegal", "Storage Engine received a bad request")
    UNHANDLED = ("000200", "GLOBAL_INTERNAL_SERVER_ERROR", "Request not handled")
    NOT_READY = (
        "Custom Vitam HTTP Status Code: 460-UNAVAILABLE_DATA_FROM_ASYNC_OFFER",
        "Storage",
        "Access to data from async offer without active access request",
    )

    @property
    def code(self) -> str:
        """Six digits, but for the last."""
        return self.value[0]

    @property
    def state(self) -> str:
        """Which part of the system is concerned."""
        return self.value[1]

    @property
    def message(self) -> str:
        """A sentence, always the same."""
        return self.value[2]


CONTEXT = "Storage"


def write_results(results: Sequence[Json], status: int = 200) -> bytes:
    """Write a success envelope.

    Args:
        results: one value for each.
        status: of the answer; the envelope repeats it.
    """
    count = len(results)
    return write_json(
        {
            "httpCode": status,
            # An existing client looks for this name in the text to tell success from failure.
            "$hits": {"total": count, "offset": 0, "limit": 0, "size": count},
            "$results": results,
            "$facetResults": [],
            "$context": {},
        }
    )


def read_results(data: Buffer) -> Sequence[Json]:
    """Read a success envelope.

    Returns:
        Its results.

    Raises:
        BodyError: no document, or none with hits and results; an error envelope is none.
    """
    envelope = record_in(read_json(data), "the envelope")
    if "$hits" not in envelope:
        raise BodyError("the answer is not a success envelope")
    if envelope.get("$results") is None:
        raise MissingFieldError("the envelope has no results")
    return list_in(envelope["$results"], "the results")


def only_result(data: Buffer) -> Json:
    """The result of an envelope that must have one.

    Raises:
        BodyError: none, several, or no envelope.
    """
    results = read_results(data)
    if len(results) != 1:
        raise BodyError(f"the envelope has {len(results)} results, and one was expected")
    return results[0]


def write_error(status: int, known: KnownError, description: str = "") -> bytes:
    """Write an error envelope.

    Args:
        status: of the answer; the envelope repeats it.
        known: what an existing client is to understand.
        description: a sentence of ours, without any secret or path.
    """
    return write_json(
        {
            "httpCode": status,
            "code": known.code,
            "context": CONTEXT,
            "state": known.state,
            "message": known.message,
            "description": description or known.message,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidError:
    """What an error envelope says."""

    code: str
    message: str
    description: str


LONGEST_SENTENCE = 500
"""Characters of another machine's sentence that are repeated."""


def read_error(data: Buffer) -> SaidError | None:
    """Read an error envelope, as far as there is one.

    Many refusals have no body, some have a page of HTML, and the content type says nothing:
    whatever is not an envelope is ``None``, and never an error of its own.
    """
    try:
        envelope = record_in(read_json(data), "the envelope")
    except BodyError:
        return None
    if "httpCode" not in envelope and "code" not in envelope:
        return None
    return SaidError(
        code=_sentence(envelope.get("code")),
        message=_sentence(envelope.get("message")),
        description=_sentence(envelope.get("description")),
    )


def _sentence(value: Json) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(each for each in value[:LONGEST_SENTENCE] if each.isprintable())
