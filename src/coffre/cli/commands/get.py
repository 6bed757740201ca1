"""``coffre get``: an object's bytes, the right ones or none."""

from __future__ import annotations

import shutil
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from coffre.cli.command import Command, with_engine
from coffre.cli.errors import OutputError, ReaderGoneError, UsageError
from coffre.cli.output import Output
from coffre.cli.references import add_place, reference_of
from coffre.cli.status import ExitStatus
from coffre.cli.wording import digest_text, listed, size_text

if TYPE_CHECKING:
    from coffre.contract import ObjectRef
    from coffre.engine import Engine, ObjectReader

CHUNK = 1024 * 1024
"""Bytes handed over at a time."""
LOOKED_AT = 4096
"""Bytes looked at, to know whether a terminal can show them."""


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``get``."""
    parser.add_argument("ref", metavar="REF", help="tenant/container/identifier, or identifier")
    add_place(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write; - is stdout")
    parser.add_argument("--offer", metavar="OFFER", help="the copy on this offer, or none")
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")


def run(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """Write one object to a file or to standard output, once all of it is verified."""
    ref = reference_of(args.ref, args)
    to_file = args.output not in (None, "-")
    if not to_file and out.as_json:
        raise UsageError("standard output is for the object: with --json, say -o FILE")
    reader = _to_file(ref, args, engine, out) if to_file else _to_stdout(ref, args, engine, out)
    if reader.passed_over:
        told = listed(f"{offer} ({code})" for offer, code in reader.passed_over)
        out.advice(f"{told} could not give it: run coffre audit, then coffre repair")
    return ExitStatus.OK


def _to_file(ref: ObjectRef, args: Namespace, engine: Engine, out: Output) -> ObjectReader:
    _check_destination(Path(args.output), replace=args.force)
    reader = engine.fetch(ref, Path(args.output), overwrite=args.force, offer=args.offer)
    told = {
        "ref": str(ref),
        "path": args.output,
        "size": reader.size,
        "digest": str(reader.digest),
        "offer": reader.offer,
        "passed_over": [{"offer": offer, "code": code} for offer, code in reader.passed_over],
    }
    size, digest = size_text(reader.size), digest_text(reader.digest)
    out.line(told, f"read     {ref}  {size}  {digest}  from {reader.offer}, verified")
    return reader


def _check_destination(path: Path, *, replace: bool) -> None:
    """Say early, and in words, what the engine would refuse late.

    Raises:
        UsageError: something is there: a file that was not to be replaced, or no file at all
            (a device, which ``--force`` must never replace).
    """
    if path.is_dir():
        raise UsageError(f"{path} is a directory: name a file in it")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a file: leave -o out, and redirect standard output")
    if path.exists() and not replace:
        raise UsageError(f"{path} exists: add --force to replace it")


def _to_stdout(ref: ObjectRef, args: Namespace, engine: Engine, out: Output) -> ObjectReader:
    with engine.get(ref, offer=args.offer) as reader:
        first = reader.read(LOOKED_AT)
        if out.stdout.isatty() and not _shows_well(first):
            raise UsageError("this is not text, and would upset the terminal: add -o FILE")
        out.flush()
        try:
            sys.stdout.buffer.write(first)
            shutil.copyfileobj(reader, sys.stdout.buffer, CHUNK)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise ReaderGoneError from None
        except OSError as error:
            raise OutputError(f"standard output cannot be written: {error.strerror}") from error
    return reader


def _shows_well(data: bytes) -> bool:
    """Whether a terminal can show bytes that begin like this."""
    # The last character may be cut in two.
    text = data.decode("utf-8", "surrogateescape").rstrip("".join(map(chr, range(0xDC80, 0xDD00))))
    return all(character.isprintable() or character in "\n\r\t" for character in text)


COMMAND = Command(
    name="get",
    summary="read an object back, verified",
    add_arguments=add_arguments,
    run=with_engine(run),
)
