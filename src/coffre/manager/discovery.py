"""Discovery: drivers are found by entry point, ours like anyone's, and imported when used.

Listing what is installed imports no driver, so that one that is broken, or lacks its library,
takes nothing down with it; using it says what is wrong and what to do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coffre.contract import (
    CoffreError,
    Driver,
    DriverError,
    DriverNotFoundError,
    check_contract,
)

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "coffre.drivers"
"""Entry-point group of drivers: the name of the entry is the name of the driver."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class InstalledDriver:
    """One driver that some installed distribution claims to have. Nothing was imported."""

    name: str
    """Name of the driver, as configurations write it."""
    distribution: str
    """Distribution that brings it."""
    version: str
    """Version of that distribution, which is not the driver's own."""
    target: str
    """Where it is: ``package.module:Class``."""
    extras: tuple[str, ...] = ()
    """Extras of the distribution that it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverReport:
    """An installed driver, and whether it can be used here."""

    installed: InstalledDriver
    driver: Driver | None
    """The driver, when it can be used."""
    problem: str | None
    """Why it cannot, and what to do; ``None`` when it can."""


def installed_drivers() -> tuple[InstalledDriver, ...]:
    """Every driver that is installed, sorted by name; none of them is imported.

    A name that two distributions claim appears twice, and is refused when it is used.
    """
    return tuple(sorted(_described(entry) for entry in _entries()))


def load_driver(name: str) -> Driver:
    """Import a driver and check that it can be used.

    Args:
        name: as its entry point has it: ``filesystem``, ``s3``.

    Returns:
        A new driver object.

    Raises:
        DriverNotFoundError: none of that name is installed; the message names those that are.
        DriverError: it cannot be used; the message says why, and what to do.
        ContractVersionError: it was written for another contract.
    """
    entries = _entries()
    claims = [entry for entry in entries if entry.name == name]
    if not claims:
        raise DriverNotFoundError(_not_found(name, {entry.name for entry in entries}))
    return _load(claims)


def examine_drivers() -> tuple[DriverReport, ...]:
    """Every installed driver, with the reason where one cannot be used. Imports them all."""
    claims: dict[str, list[EntryPoint]] = defaultdict(list)
    for entry in _entries():
        claims[entry.name].append(entry)
    reports = [_examined(entry, rivals) for rivals in claims.values() for entry in rivals]
    return tuple(sorted(reports, key=lambda report: report.installed))


def _examined(entry: EntryPoint, claims: Sequence[EntryPoint]) -> DriverReport:
    try:
        driver = _load(claims)
    except CoffreError as error:
        return DriverReport(installed=_described(entry), driver=None, problem=str(error))
    return DriverReport(installed=_described(entry), driver=driver, problem=None)


# --- entry points ----------------------------------------------------------------------------


def _entries() -> Iterable[EntryPoint]:
    # Imported here: it costs more than the rest of this room together.
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))


def _described(entry: EntryPoint) -> InstalledDriver:
    distribution = entry.dist
    return InstalledDriver(
        name=entry.name,
        distribution="unknown" if distribution is None else distribution.name,
        version="unknown" if distribution is None else distribution.version,
        target=f"{entry.module}:{entry.attr}",
        extras=_extras(entry),
    )


def _extras(entry: EntryPoint) -> tuple[str, ...]:
    """Extras that bring what the driver imports: those it names, else one with its own name."""
    if entry.extras:
        return tuple(entry.extras)
    provided = entry.dist.metadata.get_all("Provides-Extra") if entry.dist is not None else None
    return (entry.name,) if entry.name in (provided or ()) else ()


def _not_found(name: str, known: set[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"no driver {name!r} is installed; installed are: {', '.join(sorted(known)) or 'none'}."
        f"{meant}"
    )


# --- loading ---------------------------------------------------------------------------------


def _load(claims: Sequence[EntryPoint]) -> Driver:
    entry = claims[0]
    if len(claims) > 1:
        rivals = " and ".join(sorted(_described(claim).distribution for claim in claims))
        raise DriverError(
            f"driver {entry.name!r} is claimed by {rivals}: uninstall all of them but one"
        )
    kind = _imported(entry)
    if not (isinstance(kind, type) and issubclass(kind, Driver)):
        raise DriverError(_faulty(entry, "it is no subclass of coffre.Driver"))
    return _checked(entry, _made(entry, kind))


def _imported(entry: EntryPoint) -> object:
    """What the entry point names.

    An import may run any code, so anything may go wrong with it: all of it is this driver's
    problem, and none of it a reason for the others not to work.
    """
    try:
        return entry.load()
    except ImportError as error:
        raise DriverError(_missing(entry, error)) from error
    except Exception as error:
        raise DriverError(_faulty(entry, f"importing it raised {_told(error)}")) from error


def _made(entry: EntryPoint, kind: type[Driver]) -> Driver:
    try:
        return kind()
    except Exception as error:
        raise DriverError(_faulty(entry, f"making it raised {_told(error)}")) from error


def _checked(entry: EntryPoint, driver: Driver) -> Driver:
    """The driver, when it is what its entry point says and speaks our contract.

    Raises:
        DriverError: it has another name, or lacks what every driver has.
        ContractVersionError: it was written for another contract.
    """
    lacking = [
        word for word in ("name", "version", "contract") if getattr(driver, word, None) is None
    ]
    if lacking:
        raise DriverError(_faulty(entry, f"it has no {' and no '.join(lacking)}"))
    if driver.name != entry.name:
        raise DriverError(_faulty(entry, f"it calls itself {driver.name!r}"))
    check_contract(driver.name, driver.contract)
    return driver


def _missing(entry: EntryPoint, error: ImportError) -> str:
    installed = _described(entry)
    if installed.extras:
        remedy = f"pip install '{installed.distribution}[{','.join(installed.extras)}]'"
    elif error.name and not error.name.startswith(entry.module.split(".")[0]):
        remedy = f"pip install {error.name.split('.')[0]}, or what its provider says it needs"
    else:
        remedy = f"pip install --force-reinstall {installed.distribution}"
    return f"driver {entry.name!r} cannot be imported ({error}): {remedy}"


def _faulty(entry: EntryPoint, why: str) -> str:
    installed = _described(entry)
    return (
        f"driver {entry.name!r} cannot be used: {why}; report it to the provider of "
        f"{installed.distribution} {installed.version}"
    )


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
