"""``coffre new-driver``: the project of a driver, whose tests are green from the start."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from coffre.cli.command import Command
from coffre.cli.errors import UsageError
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus

if TYPE_CHECKING:
    from coffre.cli.scaffold import DriverName


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``new-driver``."""
    parser.add_argument(
        "name", metavar="NAME", help="of the kind of service, in lower case: shelf, tape-library"
    )
    parser.add_argument(
        "--directory", metavar="DIR", help="where, a directory that is not there yet (coffre-NAME)"
    )


def run(args: Namespace, out: Output) -> ExitStatus:
    """Write the project; a name that is taken, or a directory that is there, is refused."""
    from pathlib import Path

    from coffre.cli.scaffold import DriverName, write_project

    name = DriverName(args.name)
    _check_free(name)
    directory = Path(args.directory or name.project)
    written = write_project(name, directory)
    if out.as_json:
        told = {"name": str(name), "directory": str(directory), "package": name.package}
        out.result(told | {"made": written}, "")
    else:
        for path in written:
            out.line({}, f"made  {directory / path}")
    out.advice(
        f"next: cd {shlex.quote(str(directory))} && pip install --editable '.[test]' && pytest"
    )
    return ExitStatus.OK


def _check_free(name: DriverName) -> None:
    """Refuse the name of a driver that is installed: of two, coffre would use neither.

    Raises:
        UsageError: it is taken.
    """
    from coffre.manager.discovery import installed_drivers

    for driver in installed_drivers():
        if driver.name == str(name):
            raise UsageError(
                f"a driver {name} is installed already, by {driver.distribution} {driver.version}: "
                "choose another name"
            )


COMMAND = Command(
    name="new-driver",
    summary="write the project of a driver for another kind of service",
    add_arguments=add_arguments,
    run=run,
)
