"""References on the command line: ``tenant/container/identifier``, or the identifier alone."""

from __future__ import annotations

import os
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from coffre.contract import InvalidReferenceError, ObjectRef

DEFAULT_TENANT = 0
DEFAULT_CONTAINER = "object"


def tenant_number(text: str) -> int:
    """Read ``--tenant``; whether there can be such a tenant is for the reference to say.

    Raises:
        ArgumentTypeError: not a whole number in decimal digits.
    """
    if not re.fullmatch(r"-?[0-9]{1,20}", text, re.ASCII):
        raise ArgumentTypeError(f"{text!a} is not a whole number")
    return int(text)


def add_place(parser: ArgumentParser) -> None:
    """Add ``--tenant`` and ``--container``, which have defaults."""
    parser.add_argument(
        "--tenant", type=tenant_number, default=DEFAULT_TENANT, metavar="N", help="owner (0)"
    )
    parser.add_argument(
        "--container", default=DEFAULT_CONTAINER, metavar="NAME", help="kind of object (object)"
    )


def add_scope(parser: ArgumentParser) -> None:
    """Add ``--tenant`` and ``--container``, which narrow what is otherwise everything."""
    parser.add_argument("--tenant", type=tenant_number, metavar="N", help="this tenant only")
    parser.add_argument("--container", metavar="NAME", help="this container only")


def reference_of(text: str, args: Namespace) -> ObjectRef:
    """The reference that a user means.

    Raises:
        InvalidReferenceError: not one; when it looks like a file's name, the message tells the
            identifier that such a file has.
    """
    try:
        if text.count("/") == 2 and text.split("/", 1)[0].isdigit():
            return ObjectRef.parse(text)
        tenant, container = place_of(args)
        return ObjectRef(tenant=tenant, container=container, identifier=text)
    except InvalidReferenceError as error:
        raise InvalidReferenceError(error.message + _meant(text)) from None


def place_of(args: Namespace) -> tuple[int, str]:
    """Tenant and container of an identifier that is given alone."""
    tenant = DEFAULT_TENANT if args.tenant is None else args.tenant
    return tenant, args.container or DEFAULT_CONTAINER


def _meant(text: str) -> str:
    from coffre.engine.naming import identifier_of

    if not text:
        return ""
    return f"; a file of that name is stored as {identifier_of(os.fsencode(text))}"
