"""Sources: the paths of a command line as the items of one job."""

from __future__ import annotations

import os
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace

from coffre.cli.errors import UsageError
from coffre.cli.progress import Total
from coffre.cli.references import place_of, reference_of
from coffre.contract import CoffreError, Digest
from coffre.engine.items import PutItem
from coffre.engine.outcomes import Refusal
from coffre.engine.walking import Tree, Walked, file_item, walk

STDIN = "-"
MEASURING = 2.0
"""Seconds spent at most on finding out how much there is to do, for the bar alone."""


def check_paths(args: Namespace) -> None:
    """Refuse a command line that cannot be meant, before anything is stored.

    Raises:
        UsageError: a directory without ``-r``, one name for several objects, standard input
            among other things or without a name.
    """
    alone = len(args.paths) == 1
    directory = next((path for path in args.paths if os.path.isdir(path)), None)
    for wrong, why in (
        (directory and not args.recursive, f"{directory} is a directory: add -r to store it"),
        (STDIN in args.paths and not alone, "- is standard input, and goes alone"),
        (STDIN in args.paths and not args.id, "what comes from standard input needs --id NAME"),
        (args.id is not None and not alone, "--id names one object, and there are several paths"),
        (args.id is not None and directory, "--id names one object, and a directory holds many"),
        (args.digest is not None and not alone, "--digest is of one object"),
        (args.digest is not None and directory, "--digest is of one object"),
    ):
        if wrong:
            raise UsageError(why)


def items_of(args: Namespace) -> Iterator[Walked]:
    """Every object that the paths name, in their order; a refusal for each that cannot be one."""
    tenant, container = place_of(args)
    excluded = ledger_files(args.config) if args.recursive else ()
    for path in args.paths:
        if os.path.isdir(path):
            tree = Tree.of(path, tenant=tenant, container=container, excluded=excluded)
            yield from walk(tree)
        else:
            yield _file(path, args)


def ledger_files(configuration: str | None) -> tuple[str, ...]:
    """Files of an embedded ledger: they change as a job runs, and are no part of what it stores.

    Raises:
        ConfigurationError: the configuration is missing or wrong.
    """
    from coffre.config import find_configuration
    from coffre.config.loading import load_settings

    ledger = load_settings(find_configuration(configuration)).ledger.url
    return tuple(ledger + end for end in ("", "-wal", "-shm"))


def _file(path: str, args: Namespace) -> Walked:
    tenant, container = place_of(args)
    try:
        item = file_item(path, tenant=tenant, container=container)
        if args.id is not None:
            item = replace(item, ref=reference_of(args.id, args))
        if args.digest is not None:
            item = replace(item, digest=Digest.parse(args.digest))
    except CoffreError as error:
        return Refusal(ref=None, error=error, name=path)
    return item


def until(stopped: Callable[[], bool], items: Iterator[Walked]) -> Iterator[Walked]:
    """The same items, until stopped: what was handed out before is finished, and told."""
    for item in items:
        if stopped():
            return
        yield item


def measure(items: Iterator[Walked]) -> Total | None:
    """Count objects and bytes of a job to come; ``None`` when that takes too long."""
    until = time.monotonic() + MEASURING
    objects = size = 0
    for item in items:
        if isinstance(item, PutItem):
            objects += 1
            size += _size(item)
        if time.monotonic() > until:
            return None
    return Total(objects, size)


def _size(item: PutItem) -> int:
    if not isinstance(item.source, str | os.PathLike):
        return 0
    try:
        return os.stat(item.source).st_size
    except OSError:
        return 0  # its turn will come, and be refused
