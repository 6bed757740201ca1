"""Loading: a configuration file becomes typed settings, or a mistake with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from coffre.config.document import Document
from coffre.config.places import absolute_ledger, absolute_path, absolute_url
from coffre.config.pools import (
    DriverTable,
    read_drivers,
    read_offer_limits,
    read_threads,
    refuse_unused,
)
from coffre.config.section import Section
from coffre.config.settings import LedgerSettings, Settings
from coffre.config.strategies import read_strategies
from coffre.contract import Capability, InvalidReferenceError, Secret, check_name
from coffre.engine import ContainerRights, Limits
from coffre.manager import OfferSettings
from coffre.offer import DEFAULT_RETRY, RetryPolicy
from coffre.probe import BASIC, EVERYTHING

_NO_LIMITS = Limits()
_NO_RIGHTS = ContainerRights()
_GUARANTEES = (*BASIC, *(str(one) for one in Capability))


def load_settings(path: Path) -> Settings:
    """Read a configuration. Drivers are not loaded: their parameters are checked on opening.

    Args:
        path: the file.

    Raises:
        ConfigurationError: it cannot be read, or says something wrong: the message names file,
            line and remedy.
    """
    document = Document(path)
    return _read(Section(document, (), document.tables), path.absolute().parent)


def _read(root: Section, base: Path) -> Settings:
    drivers = read_drivers(root)
    offers = tuple(
        _offer(name, section, base, drivers) for name, section in root.sections("offers")
    )
    if not offers:
        root.fail(None, 'no offer is configured: add [offers.north] with "driver" and "url"')
    refuse_unused(root, drivers, offers)
    limits = root.section("limits")
    settings = Settings(
        path=root.document.path,
        ledger=_ledger(root.section("ledger"), base),
        offers=offers,
        strategies=read_strategies(root, {offer.id: offer for offer in offers}),
        rights={name: _rights(name, section) for name, section in root.sections("containers")},
        limits=_limits(limits, base),
        drivers={name: table.shared for name, table in drivers.items()},
        threads=read_threads(limits),
    )
    limits.finish()
    root.finish()
    return settings


# --- offers ----------------------------------------------------------------------------------


def _offer(
    name: str, section: Section, base: Path, drivers: Mapping[str, DriverTable]
) -> OfferSettings:
    _check_name(name, "offer id", section)
    driver = section.take("driver", str)
    settings = OfferSettings(
        id=name,
        driver=driver,
        url=absolute_url(_url(section), base),
        parameters=_with_absolute_files(section.take_anything("parameters"), base),
        retry=_retry(section.section("retry")),
        limits=read_offer_limits(section, drivers.get(driver)),
        require_proved=section.take_words("require_proved", _GUARANTEES, EVERYTHING),
    )
    section.finish()
    return settings


def _url(section: Section) -> str:
    url = section.take("url", str)
    try:
        password = urlsplit(url).password
    except ValueError:
        section.fail("url", "url is not a URL")
    if password is not None:
        section.fail(
            "url", 'url holds a password: give it as a parameter, by {environment = "NAME"}'
        )
    return url


def _with_absolute_files(parameters: Mapping[str, object], base: Path) -> Mapping[str, object]:
    """The parameters, secrets in files named from the directory of the configuration."""
    return {name: _with_absolute_file(value, base) for name, value in parameters.items()}


def _with_absolute_file(value: object, base: Path) -> object:
    match value:
        case {"file": str(path), **others} if not others:
            return {"file": absolute_path(path, base)}
    return value


def _retry(section: Section) -> RetryPolicy:
    default = DEFAULT_RETRY
    policy = RetryPolicy(
        attempts=section.take_number("attempts", int, default.attempts, least=1),
        first_pause=section.take_number("first_pause", float, default.first_pause, least=0),
        longest_pause=section.take_number("longest_pause", float, default.longest_pause, least=0),
        deadline=section.take_number("deadline", float, default.deadline, least=0),
    )
    section.finish()
    return policy


# --- the rest --------------------------------------------------------------------------------


def _ledger(section: Section, base: Path) -> LedgerSettings:
    url = _url(section) if "url" in section else "sqlite:///coffre.db"
    settings = LedgerSettings(
        url=absolute_ledger(url, base),
        password=_secret(section, "password", base),
        busy_timeout=section.take_number("busy_timeout", float, 10.0, least=0),
    )
    section.finish()
    return settings


def _secret(section: Section, key: str, base: Path) -> Secret | None:
    if key not in section:
        return None
    given = section.section(key)
    variable = given.take_if_given("environment", str)
    path = given.take_if_given("file", str)
    given.finish()
    if variable is not None and path is None:
        return Secret.from_environment(variable)
    if path is not None and variable is None:
        return Secret.from_file(absolute_path(path, base))
    section.fail(key, f'{key} must be {{environment = "NAME"}} or {{file = "PATH"}}')


def _rights(name: str, section: Section) -> ContainerRights:
    _check_name(name, "container", section)
    rights = ContainerRights(
        overwrite=section.take("overwrite", bool, _NO_RIGHTS.overwrite),
        delete=section.take("delete", bool, _NO_RIGHTS.delete),
    )
    section.finish()
    return rights


def _limits(section: Section, base: Path) -> Limits:
    default = _NO_LIMITS
    directory = section.take_if_given("spool_directory", str)
    return Limits(
        spool_bytes=section.take_number("spool_bytes", int, default.spool_bytes, least=0),
        spool_directory=None if directory is None else absolute_path(directory, base),
        brake_count=section.take_number("brake_count", int, default.brake_count, least=0),
        brake_share=section.take_number("brake_share", float, default.brake_share, least=0, most=1),
        brake_floor=section.take_number("brake_floor", int, default.brake_floor, least=0),
    )


def _check_name(name: str, what: str, section: Section) -> None:
    try:
        check_name(name, what)
    except InvalidReferenceError as error:
        raise section.document.error(section.path, str(error)) from None
