"""Opening: a configuration becomes an engine at work, everything put together in one place."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from coffre.config.errors import ConfigurationError
from coffre.contract import DriverNotFoundError, ParameterError

if TYPE_CHECKING:
    from coffre.config.settings import LedgerSettings, Settings
    from coffre.contract import Driver, PrepareResult
    from coffre.engine import Engine
    from coffre.engine.ledger import Ledger
    from coffre.manager import DriverManager, OfferSettings
    from coffre.pool import Listener

DEFAULT_PATH = "coffre.toml"
VARIABLE = "COFFRE_CONFIG"
"""Environment variable that names a configuration."""


def find_configuration(path: str | os.PathLike[str] | None = None) -> Path:
    """Where the configuration is: the path given, else ``coffre.toml``, else ``COFFRE_CONFIG``.

    Raises:
        ConfigurationError: there is none there; ``coffre init`` makes one.
    """
    if path is not None:
        return _existing(Path(path), "")
    if Path(DEFAULT_PATH).exists():
        return Path(DEFAULT_PATH)
    named = os.environ.get(VARIABLE)
    if named:
        return _existing(Path(named), f" ({VARIABLE} names it)")
    raise ConfigurationError(
        f"there is no {DEFAULT_PATH} here and {VARIABLE} is not set: make one with `coffre init`, "
        "or name one with --config"
    )


def _existing(path: Path, why: str) -> Path:
    if not path.exists():
        raise ConfigurationError(f"no such file{why}: make one with `coffre init`", path=path)
    return path


def open(
    path: str | os.PathLike[str] | None = None,
    *,
    author: str | None = None,
    drivers: Mapping[str, Driver] | None = None,
    listener: Listener | None = None,
) -> Engine:
    """Open the engine that a configuration describes, with its offers and its ledger.

    Offers are not reached yet: one that is away does not keep the others from working.

    Args:
        path: the configuration; ``coffre.toml``, then what ``COFFRE_CONFIG`` names, when ``None``.
        author: who acts, as the ledger's events say; the login name when ``None``.
        drivers: drivers by name, used instead of installed ones.
        listener: told of what happens in every pool of connections, besides the log.

    Returns:
        The engine. Use it as a context manager: leaving it closes everything.

    Raises:
        ConfigurationError: the configuration is missing or wrong; file, line and remedy are said.
        DriverError: a driver cannot be used; the message says why, and what to do.
        LedgerError: the ledger cannot be opened.
    """
    from coffre.config.loading import load_settings
    from coffre.engine import Engine

    settings = load_settings(find_configuration(path))
    acting = author or login_name()
    with ExitStack() as failed:
        manager = failed.enter_context(_manager(settings, drivers, listener))
        ledger = failed.enter_context(closing(_ledger(settings.ledger, acting)))
        engine = Engine(
            manager,
            settings.strategies,
            ledger,
            rights=settings.rights,
            limits=settings.limits,
            author=acting,
        )
        failed.pop_all()
    # Offers are closed first: what is still under way may have something to record.
    return engine.closing(ledger.close, manager.close)


def prepare_offers(path: Path) -> Sequence[PrepareResult]:
    """Make the places that a new configuration names its offers; the ledger is not opened.

    Raises:
        ConfigurationError, DriverError: as :func:`open` says.
        CoffreError: a place cannot be an offer, because it holds something else for instance.
    """
    from coffre.config.loading import load_settings

    with _manager(load_settings(path), None) as manager:
        return [offer.prepare() for offer in manager.values()]


def _manager(
    settings: Settings, drivers: Mapping[str, Driver] | None, listener: Listener | None = None
) -> DriverManager:
    from coffre.manager import DriverManager

    manager = DriverManager(
        drivers=drivers,
        driver_settings=settings.drivers,
        limit=settings.threads,
        listener=listener,
    )
    for offer in settings.offers:
        _add(manager, offer, settings.path)
    return manager


def _add(manager: DriverManager, offer: OfferSettings, path: Path) -> None:
    """Open one offer; what its driver refuses is a mistake in the file, on its line."""
    from coffre.config.document import Document

    try:
        manager.add(offer)
    except DriverNotFoundError as error:
        key: tuple[str, ...] = ("offers", offer.id, "driver")
        raise Document(path).error(key, f"offers.{offer.id}: {error}") from error
    except ParameterError as error:
        # The error quotes the name of the parameter it is about, when the file has it.
        named = (name for name in offer.parameters if repr(name) in str(error))
        key = ("offers", offer.id, "parameters", *islice(named, 1))
        raise Document(path).error(key, f"offers.{offer.id}: {error}") from error


def _ledger(settings: LedgerSettings, author: str) -> Ledger:
    from coffre.config.places import with_password
    from coffre.engine.ledger import Ledger

    secret = settings.password
    url = settings.url if secret is None else with_password(settings.url, secret.reveal())
    return Ledger.open(url, author=author, busy_timeout_s=settings.busy_timeout)


def login_name() -> str:
    """Who is acting: the login name, or the number of a user that has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
