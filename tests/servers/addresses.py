"""Addresses of the servers under test: what a harness asks, and what a test without one does.

The launcher writes the address of each server into a file of ``KEY=VALUE`` lines, and names the
file in ``COFFRE_TEST_<NAME>``. README.md beside this module lists the names and their keys.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

PREFIX = "COFFRE_TEST_"
LEFT_OUT = "COFFRE_SERVERS_LEFT_OUT"
"""Variable with a line ``NAME: reason`` for each server that could not be started."""
REQUIRED = "COFFRE_SERVERS_REQUIRED"
"""Variable that is ``1`` where a server that is missing is a failure: in CI."""
POSTGRESQL = f"{PREFIX}POSTGRESQL"
"""The ledger's own, which is started apart (``.ci/postgresql``) and is no offer."""
HOW = "run `make test-servers`"


def address(name: str) -> Mapping[str, str]:
    """Address of a server, as the launcher told it.

    Without the server the test that asks is skipped, and the reason says so; where servers are
    required it fails.

    Args:
        name: of the server, ``SFTP`` for example.
    """
    path = os.environ.get(PREFIX + name)
    if path is None:
        _do_without(name)
        raise AssertionError  # both ways of doing without have raised
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def place(name: str) -> Path:
    """Directory of a server on this machine; its data, where they are files, are in ``data``."""
    address(name)
    return Path(os.environ[PREFIX + name]).parent


def any_started() -> bool:
    """Whether at least one server was started for this run."""
    return any(name.startswith(PREFIX) and name != POSTGRESQL for name in os.environ)


def required() -> bool:
    """Whether a server that is missing is a failure."""
    return os.environ.get(REQUIRED) == "1"


def _do_without(name: str) -> None:
    reason = f"{name} was not started: {_reason(name)}"
    if required():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _reason(name: str) -> str:
    for line in os.environ.get(LEFT_OUT, "").splitlines():
        if line.startswith(f"{name}: "):
            return line.removeprefix(f"{name}: ")
    return HOW
