"""Markup: texts from a driver or a service, made harmless in HTML and SVG."""

from __future__ import annotations

from html import escape


def escaped(text: object) -> str:
    """A text as markup shows it: nothing in it is a tag, breaks an attribute, or is invisible.

    Line breaks stay. Other characters that are not printable are written out: control characters
    are no XML, and those that turn the direction of writing make a line say something else.
    """
    return "".join(
        character if character.isprintable() or character == "\n" else _written_out(character)
        for character in escape(str(text))
    )


def _written_out(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def tag(name: str, inner: str, **attributes: str) -> str:
    """An element. Its content is markup already; its attributes are text.

    Args:
        name: of the element.
        inner: markup.
        attributes: texts; ``class_`` is ``class``.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{given}>{inner}</{name}>"
