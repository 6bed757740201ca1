"""Writing a project: every file of it, or nothing at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from secrets import token_hex
from string import Template
from typing import TYPE_CHECKING

from coffre import __version__
from coffre.cli.errors import OutputError, UsageError
from coffre.cli.scaffold.name import DriverName
from coffre.contract import CONTRACT_VERSION

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

SUFFIX = ".template"
"""What templates are called, so that no tool takes one for code."""
DOT = "dot-"
"""How the name of a hidden file begins among the templates, where it should not be hidden."""


def project_files(name: DriverName) -> Mapping[str, str]:
    """The files of a project for one driver, as text, by path in the project."""
    values = {
        "name": name.text,
        "project": name.project,
        "package": name.package,
        "class": name.words,
        "coffre_version": __version__,
        "contract_major": str(CONTRACT_VERSION.major),
        "contract_minor": str(CONTRACT_VERSION.minor),
    }
    return {
        _path(parts, name): Template(template.read_text(encoding="utf-8")).substitute(values)
        for parts, template in _templates(files("coffre.cli.scaffold") / "templates")
    }


def write_project(name: DriverName, directory: Path) -> list[str]:
    """Write a project into a directory that is not there yet.

    It is written aside and put in its place in one step: whatever happens, the directory holds
    the whole project or does not exist.

    Returns:
        Paths of what was written, within the directory, sorted.

    Raises:
        UsageError: the directory is there already, or the one it should be in is not.
        OutputError: it cannot be written; nothing of it is left.
    """
    found = project_files(name)
    if os.path.lexists(directory):
        raise UsageError(
            f"{directory} is there already and stays as it is: name another place with --directory"
        )
    if not directory.parent.is_dir():
        raise UsageError(f"there is no directory {directory.parent}: make it first")
    part = directory.with_name(f".{directory.name}.{token_hex(4)}.part")
    try:
        _write(found, part)
        # An empty directory that appeared meanwhile gives way; anything else refuses.
        part.rename(directory)
    except OSError as error:
        raise OutputError(f"{directory} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)  # gone already, when all went well
    return sorted(found)


def _write(found: Mapping[str, str], directory: Path) -> None:
    directory.mkdir()
    for path, text in found.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")


def _templates(
    directory: Traversable, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Traversable]]:
    """Every template, with the parts of its path."""
    for entry in sorted(directory.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _templates(entry, (*above, entry.name))
        elif entry.name.endswith(SUFFIX):
            yield (*above, entry.name.removesuffix(SUFFIX)), entry


def _path(parts: tuple[str, ...], name: DriverName) -> str:
    made = (name.package if part == "package" else part for part in parts)
    return "/".join(f".{part.removeprefix(DOT)}" if part.startswith(DOT) else part for part in made)
