"""Parameters of a connection, as a command line gives them: ``--param NAME=VALUE``, repeated.

Values are read in the type that the driver declares. A secret is never written on a command line,
which other users of the machine can read and a shell remembers: it is named, ``key=env:VARIABLE``
or ``key=file:PATH``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coffre.cli.errors import UsageError
from coffre.contract import ConnectionParameters, Driver, Parameter, Secret

_TRUTH = {"true": True, "false": False}
_REFERENCES = {"env": "environment", "file": "file"}


def read_parameters(driver: Driver, url: str, given: Sequence[str]) -> ConnectionParameters:
    """Parameters that a driver allows.

    Args:
        driver: which one; it describes what it understands.
        url: where the offer is; a path is taken from the working directory.
        given: ``NAME=VALUE`` each.

    Raises:
        UsageError: one of them cannot be read so.
        ParameterError: unknown, missing, or not allowed; or there is a password in the URL.
    """
    from coffre.config.places import absolute_url

    described = {parameter.name: parameter for parameter in driver.parameters}
    values: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals):
            # What was written is left out: it may be a secret without its name.
            raise UsageError("--param is written NAME=VALUE; coffre drivers DRIVER tells the names")
        if name in values:
            raise UsageError(f"parameter {name!r} is given twice")
        values[name] = _value(described.get(name), value)
    return ConnectionParameters.checked(
        driver.parameters, url=absolute_url(url, Path.cwd()), values=values
    )


def _value(parameter: Parameter | None, text: str) -> object:
    """One value in its declared type; the contract tells what is wrong with those left as text."""
    if parameter is None:
        return text
    if parameter.type is Secret:
        return _secret(parameter, text)
    if parameter.type is bool:
        return _TRUTH.get(text.lower(), text)
    if parameter.type in (int, float):
        try:
            return parameter.type(text)
        except ValueError:
            return text
    return text


def _secret(parameter: Parameter, text: str) -> dict[str, str]:
    kind, colon, name = text.partition(":")
    if kind not in _REFERENCES or not (colon and name):
        raise UsageError(
            f"parameter {parameter.name!r} is a secret, and a command line is read by others: "
            f"name where it is, {parameter.name}=env:VARIABLE or {parameter.name}=file:PATH"
        )
    if kind == "file":
        name = str(Path.cwd() / name)
    return {_REFERENCES[kind]: name}
