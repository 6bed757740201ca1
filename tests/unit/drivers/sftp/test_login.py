"""Who is let in: by key, by password, by what was given and nothing else."""

from __future__ import annotations

import builtins
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from coffre.contract import (
    DriverError,
    ForbiddenError,
    OfferTimeoutError,
    OfferUnavailableError,
    ParameterError,
    Secret,
)
from coffre.drivers.sftp import SftpDriver
from tests.unit.drivers.sftp.conftest import Parameters
from tests.unit.drivers.sftp.server import Server

PASSPHRASE = "a staple"


@pytest.fixture
def key_file(server: Server, tmp_path: Path) -> Path:
    key = paramiko.ECDSAKey.generate()
    server.accepted_key = key
    path = tmp_path / "key"
    key.write_private_key_file(str(path), password=PASSPHRASE)
    return path


def prepare(parameters: Parameters, **given: object) -> bool:
    return SftpDriver().prepare(parameters(**given)).made


def test_a_key_with_its_passphrase_opens(parameters: Parameters, key_file: Path) -> None:
    given = {"key_file": str(key_file), "passphrase": Secret(PASSPHRASE), "password": None}

    assert prepare(parameters, **given)


def test_a_key_that_is_refused_leaves_the_password(
    server: Server, parameters: Parameters, key_file: Path
) -> None:
    server.accepted_key = None

    assert prepare(parameters, key_file=str(key_file), passphrase=Secret(PASSPHRASE))


@pytest.mark.parametrize("passphrase", [None, Secret("wrong")])
def test_a_key_that_cannot_be_read_is_a_mistake_and_shows_nothing(
    parameters: Parameters, key_file: Path, passphrase: Secret | None
) -> None:
    with pytest.raises(ParameterError, match="passphrase") as caught:
        prepare(parameters, key_file=str(key_file), passphrase=passphrase)

    assert "wrong" not in str(caught.value)


def test_a_key_file_that_is_not_there_is_a_mistake(parameters: Parameters, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="cannot be read"):
        prepare(parameters, key_file=str(tmp_path / "nothing"))


def test_a_wrong_password_is_refused_and_not_shown(parameters: Parameters) -> None:
    with pytest.raises(ForbiddenError, match="tried password") as caught:
        prepare(parameters, password=Secret("a-guess-that-is-wrong"))

    assert "a-guess" not in str(caught.value)


def test_an_agent_without_keys_is_said_to_hold_none(
    parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)

    with pytest.raises(ForbiddenError, match="the SSH agent, which holds no key"):
        prepare(parameters, agent=True, password=None)


def test_a_server_without_sftp_is_not_an_offer(server: Server, parameters: Parameters) -> None:
    server.opens_sftp = False

    with pytest.raises(OfferUnavailableError, match="no SFTP session"):
        prepare(parameters)


@pytest.fixture
def silent(server: Server) -> Iterator[int]:
    """A port on which somebody listens, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_server_that_says_nothing_is_given_up_in_time(
    parameters: Parameters, silent: int
) -> None:
    from coffre.contract import SYSTEM_CLOCK, ConnectionParameters

    known = parameters(connect_timeout=1.0)
    place = ConnectionParameters(url=f"sftp://one@127.0.0.1:{silent}/offer", values=known.values)
    begin = SYSTEM_CLOCK.monotonic()

    with pytest.raises(OfferTimeoutError, match="within 1 s") as caught:
        SftpDriver().connect(place)

    assert SYSTEM_CLOCK.monotonic() - begin < 5
    assert not caught.value.effect_unknown
    assert not SftpDriver().is_available(place)


def test_without_paramiko_the_driver_says_what_to_install(
    parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "paramiko", None)

    with pytest.raises(DriverError, match=r"pip install 'coffre\[sftp\]'"):
        SftpDriver().connect(parameters())
    assert not SftpDriver().is_available(parameters())


def test_the_driver_is_described_without_paramiko() -> None:
    assert builtins.all(parameter.help for parameter in SftpDriver.parameters)
