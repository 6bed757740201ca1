"""Documents: the little XML that S3 speaks, read and written.

Namespaces are left aside, since services differ in them. A document type is refused before it is
parsed: no answer of S3 has one, and entities are how a parser is made to work for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from coffre.contract import ConnectionLostError


class Node:
    """One element of an answer; names without their namespace."""

    __slots__ = ("_element",)

    def __init__(self, element: ElementTree.Element) -> None:
        self._element = element

    @property
    def name(self) -> str:
        """Name of the element."""
        return self._element.tag.rpartition("}")[2]

    def text(self, name: str, default: str = "") -> str:
        """Text of the first child of that name."""
        found = next(self.all(name), None)
        return default if found is None else found.value

    @property
    def value(self) -> str:
        """Text of this element."""
        return self._element.text or ""

    def all(self, name: str) -> Iterator[Node]:
        """Children of that name."""
        return (child for child in map(Node, self._element) if child.name == name)


def parse(body: bytes) -> Node | None:
    """Read a document; ``None`` when it is none."""
    if b"<!DOCTYPE" in body[:4096] or b"<!ENTITY" in body:
        return None
    try:
        return Node(ElementTree.fromstring(body))  # noqa: S314 - without a document type
    except (ElementTree.ParseError, ValueError):
        return None


def parse_answer(body: bytes, root: str, *others: str) -> Node:
    """Read the document that an answer must be.

    Raises:
        ConnectionLostError: it is another one, or cut: not the service's own word.
    """
    found = parse(body)
    if found is None or found.name not in (root, *others):
        raise ConnectionLostError(
            f"the service answered something else than {root}; is the URL that of an S3 service?",
            effect_unknown=True,
        )
    return found


def element(name: str, *inside: str) -> str:
    """An element around others."""
    return f"<{name}>{''.join(inside)}</{name}>"


def texts(**values: str) -> str:
    """Elements that hold a text each."""
    return "".join(element(name, escape(value)) for name, value in values.items())


def completion(etags: Iterable[str]) -> bytes:
    """What completes a multipart upload: the parts in order, from number 1."""
    parts = (
        element("Part", texts(PartNumber=str(number), ETag=etag))
        for number, etag in enumerate(etags, 1)
    )
    return element("CompleteMultipartUpload", *parts).encode()


def deletion(keys: Iterable[str]) -> bytes:
    """What deletes several keys at once."""
    objects = (element("Object", texts(Key=key)) for key in keys)
    return element("Delete", *objects).encode()
