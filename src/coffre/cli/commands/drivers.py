"""``coffre drivers``: what is installed; with a name, what that driver does and needs."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from coffre.cli.command import Command
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus
from coffre.contract import Driver, Parameter, Secret

if TYPE_CHECKING:
    from coffre.manager import DriverReport

DRIVERS = ("DRIVER", "VERSION", "CONTRACT", "FROM", "USABLE", "MEANING")
PARAMETERS = ("PARAMETER", "TYPE", "DEFAULT", "MEANING")


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``drivers``."""
    parser.add_argument("name", nargs="?", metavar="DRIVER", help="this one, with its parameters")


def run(args: Namespace, out: Output) -> ExitStatus:
    """List the drivers that entry points announce, each with the reason if it cannot be used."""
    from coffre.manager import examine_drivers, load_driver

    if args.name is not None:
        return _describe(load_driver(args.name), out)
    reports = examine_drivers()
    if out.as_json:
        for report in reports:
            out.result(_told(report), "")
        return ExitStatus.OK
    out.table(DRIVERS, map(_row, reports))
    for report in reports:
        if report.problem:
            out.advice(report.problem)
    return ExitStatus.OK


def _describe(driver: Driver, out: Output) -> ExitStatus:
    """Everything that a configuration must know of one driver."""
    if out.as_json:
        out.result(_described(driver), "")
        return ExitStatus.OK
    capabilities = " ".join(sorted(driver.capabilities)) or "none"
    out.result({}, f"{driver.name} {driver.version}, for contract {driver.contract}")
    if meaning := _meaning(driver):
        out.result({}, meaning)
    out.result({}, f"capabilities: {capabilities}")
    if driver.parameters:
        out.table(PARAMETERS, map(_parameter_row, driver.parameters))
    return ExitStatus.OK


def _row(report: DriverReport) -> tuple[str, ...]:
    installed, driver = report.installed, report.driver
    source = f"{installed.distribution} {installed.version}"
    if driver is None:
        return installed.name, "-", "-", source, "no", ""
    told = str(driver.version), str(driver.contract), source, "yes", _meaning(driver)
    return installed.name, *told


def _meaning(driver: Driver) -> str:
    """The first line of what the driver says of itself."""
    return (type(driver).__doc__ or "").strip().partition("\n")[0]


def _told(report: DriverReport) -> dict[str, object]:
    installed = report.installed
    told: dict[str, object] = {
        "name": installed.name,
        "distribution": installed.distribution,
        "distribution_version": installed.version,
        "usable": report.driver is not None,
        "problem": report.problem,
    }
    return told if report.driver is None else told | _described(report.driver)


def _described(driver: Driver) -> dict[str, object]:
    return {
        "name": driver.name,
        "version": str(driver.version),
        "contract": str(driver.contract),
        "meaning": _meaning(driver) or None,
        "capabilities": sorted(driver.capabilities),
        "parameters": [_parameter(parameter) for parameter in driver.parameters],
    }


def _parameter(parameter: Parameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "type": parameter.type.__name__.lower(),
        "required": parameter.required,
        "default": _default(parameter),
        "choices": list(parameter.choices),
        "help": parameter.help,
    }


def _default(parameter: Parameter) -> str | int | float | None:
    """The default as it may be printed; nobody should have a secret as one, and somebody may."""
    default = parameter.default
    return repr(default) if isinstance(default, Secret) else default


def _parameter_row(parameter: Parameter) -> tuple[str, ...]:
    default = _default(parameter)
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    meaning = parameter.help
    if parameter.choices:
        meaning += f" ({', '.join(parameter.choices)})"
    absent = "required" if parameter.required else "-"
    return (
        parameter.name,
        parameter.type.__name__.lower(),
        absent if default is None else shown,
        meaning,
    )


COMMAND = Command(
    name="drivers",
    summary="installed drivers, and the parameters of one",
    add_arguments=add_arguments,
    run=run,
)
