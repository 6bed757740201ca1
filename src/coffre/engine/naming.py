"""Names of files as identifiers, and back.

An identifier is narrower than a file name: ASCII letters, digits, ``_``, ``@``, ``-`` and
single dots inside. Everything else is written with ``@``, so that no two names share an
identifier and each can be read back from it:

    ``/``                                      ``@@``
    any other byte, and ``@`` itself           ``@`` and two upper-case hexadecimal digits
    a dot at the start, at the end, or after   ``@2E``
      another dot
    ``logs`` and ``metadatas``, which the      first letter written as a byte
      offer protocol reserves
    a name whose identifier would be longer    its first 150 characters, ``@x``, and the
      than 255 bytes                           SHA-256 of the name: not to be read back, so
                                               the name is in the metadata

Names are bytes, since that is what file systems have; text is UTF-8 where it can be.

Source: DESIGN, section 6; offer protocol, 5.1 (identifiers).
"""

from __future__ import annotations

import hashlib
import re

from coffre.contract import MAX_NAME_BYTES, InvalidReferenceError
from coffre.contract.identity import RESERVED_IDENTIFIERS

SHORTENED = 150
"""Characters kept of an identifier that is too long."""

_TO_ESCAPE = re.compile(r"[^A-Za-z0-9_.-]|^\.|(?<=\.)\.|\.\Z", re.ASCII | re.DOTALL)
_ESCAPED = re.compile(r"@(@|[0-9A-F]{2})")
_WHOLE_TOKENS = re.compile(r"(?:[^@]|@@|@[0-9A-F]{2})*")


def identifier_of(name: bytes) -> str:
    """The identifier that a file name maps to: always the same one, and of no other name.

    Args:
        name: a path with ``/`` between its parts, relative to where naming starts.

    Raises:
        InvalidReferenceError: the name is empty.
    """
    if not name:
        raise InvalidReferenceError("an empty name cannot name an object")
    # Latin-1 maps each byte to the character of that number, and back.
    identifier = _TO_ESCAPE.sub(_escape, name.decode("latin-1"))
    if identifier in RESERVED_IDENTIFIERS:
        identifier = f"@{name[0]:02X}{identifier[1:]}"
    return identifier if len(identifier) <= MAX_NAME_BYTES else _shorten(identifier, name)


def name_of(identifier: str) -> bytes | None:
    """The file name that an identifier was made from.

    Returns:
        The name, or ``None`` when the identifier was shortened or was not made by
        :func:`identifier_of`: then only the metadata can tell.
    """
    decoded = _ESCAPED.sub(_unescape, identifier)
    try:
        name = decoded.encode("latin-1")
    except UnicodeEncodeError:
        return None
    return name if name and identifier_of(name) == identifier else None


def name_metadata(name: bytes) -> dict[str, str]:
    r"""What is kept beside the object, so that its name is never lost.

    Returns:
        ``name``; and ``name-hex``, the exact bytes, when they are not UTF-8: ``name`` then
        shows the odd ones as ``\xNN``.
    """
    told = {"name": name.decode("utf-8", "backslashreplace")}
    if told["name"].encode() != name:
        told["name-hex"] = name.hex()
    return told


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return "@@" if character == "/" else f"@{ord(character):02X}"


def _unescape(found: re.Match[str]) -> str:
    escaped = found.group(1)
    return "/" if escaped == "@" else chr(int(escaped, 16))


def _shorten(identifier: str, name: bytes) -> str:
    """Cut between two tokens: a lone ``@`` before ``@x`` would read as a slash."""
    whole = _WHOLE_TOKENS.match(identifier[:SHORTENED])
    start = "" if whole is None else whole.group()
    return f"{start}@x{hashlib.sha256(name).hexdigest()}"
