"""``coffre verify``: a signed document is checked, without a network, and told.

What a document is, its declared type says, which is signed with it. A new kind of document is one
more line of ``READERS``.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from coffre.cli.command import Command
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus

if TYPE_CHECKING:
    from coffre.seal import PublicKey, SealedDocument

Reader = Callable[["SealedDocument", Output], ExitStatus]


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``verify``."""
    parser.add_argument("file", metavar="FILE", help="a certificate")
    parser.add_argument(
        "--key",
        metavar="PUBLIC",
        help="the key that must have signed it: ed25519:..., or a file with it",
    )


def run(args: Namespace, out: Output) -> ExitStatus:
    """Check, then tell. A document that tells of failures ends with status 1, genuine or not."""
    from coffre.seal import DocumentError, PublicKey, unseal

    expected = None if args.key is None else PublicKey.named(args.key)
    document = unseal(_read(Path(args.file)), expected=expected)
    reader = _readers().get(document.kind)
    if reader is None:
        raise DocumentError(
            f"it is genuine, and of a kind that this coffre does not know, {document.kind!r}: "
            "upgrade coffre"
        )
    status = reader(document, out)
    _tell_signer(document, expected, out)
    return status


def _readers() -> Mapping[str, Reader]:
    """Who reads a document, by its type."""
    from coffre.cli.certificates import tell_certificate
    from coffre.conformance.certificate import KIND

    return {KIND: tell_certificate}


def _read(path: Path) -> bytes:
    """The file, or as much of it as shows that it is too large."""
    from coffre.seal import LARGEST, DocumentError

    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}") from None


def _tell_signer(document: SealedDocument, expected: PublicKey | None, out: Output) -> None:
    """Whose word all this is."""
    if out.as_json:
        told = {
            "genuine": True,
            "kind": document.kind,
            "signer": str(document.signer),
            "expected": expected is not None,
            "document": document.claims,
        }
        out.result(told, "")
    elif expected is not None:
        out.result({}, f"genuine: signed by the key that you expected, {document.signer}")
    else:
        out.result({}, f"unchanged since it was signed by {document.signer}")
    if expected is None:
        out.advice(
            "whose key that is, nobody has checked: anyone can make a key and sign with it. Ask "
            "the signer for the public key, and give it with --key"
        )


COMMAND = Command(
    name="verify",
    summary="check a certificate, without a network",
    add_arguments=add_arguments,
    run=run,
)
