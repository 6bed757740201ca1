"""The server must be the one that was meant: always asked, never taken on trust."""

from __future__ import annotations

from pathlib import Path

import paramiko
import pytest

from coffre.contract import ForbiddenError, ParameterError
from coffre.drivers.sftp import SftpDriver
from tests.unit.drivers.sftp.conftest import Parameters
from tests.unit.drivers.sftp.server import Server


def line_of(server: Server, key: paramiko.PKey | None = None) -> str:
    shown = key or server.host_key
    return f"[127.0.0.1]:{server.port} {shown.get_name()} {shown.get_base64()}\n"


@pytest.fixture
def known(tmp_path: Path) -> Path:
    return tmp_path / "known_hosts"


def opens(parameters: Parameters, known: Path, **given: object) -> bool:
    place = parameters(**{"fingerprint": None, "known_hosts": str(known), **given})
    return SftpDriver().prepare(place).made


def test_a_known_host_is_let_in(server: Server, parameters: Parameters, known: Path) -> None:
    known.write_text(line_of(server))

    assert opens(parameters, known)


def test_an_unknown_host_is_refused_and_not_added(
    server: Server, parameters: Parameters, known: Path
) -> None:
    known.write_text("# nobody\n")

    with pytest.raises(ForbiddenError, match="is not a known host") as caught:
        opens(parameters, known)

    assert server.fingerprint in str(caught.value)
    assert known.read_text() == "# nobody\n"


def test_without_a_file_nobody_is_known(parameters: Parameters, known: Path) -> None:
    with pytest.raises(ForbiddenError, match="is not a known host"):
        opens(parameters, known)
    assert not known.exists()


def test_a_changed_key_is_refused_and_the_message_says_what_to_do(
    server: Server, parameters: Parameters, known: Path
) -> None:
    known.write_text(line_of(server, paramiko.ECDSAKey.generate()))

    with pytest.raises(ForbiddenError, match="has changed") as caught:
        opens(parameters, known)

    assert f"ssh-keygen -R '[127.0.0.1]:{server.port}'" in str(caught.value)
    assert not caught.value.retryable


def test_a_key_of_another_kind_than_the_known_one_is_a_changed_key(
    server: Server, parameters: Parameters, known: Path
) -> None:
    known.write_text(line_of(server, paramiko.RSAKey.generate(2048)))

    with pytest.raises(ForbiddenError, match="has changed"):
        opens(parameters, known)


def test_a_revoked_key_is_refused(server: Server, parameters: Parameters, known: Path) -> None:
    known.write_text(line_of(server) + "@revoked " + line_of(server))

    with pytest.raises(ForbiddenError, match="@revoked"):
        opens(parameters, known)


def test_a_pinned_fingerprint_stands_for_the_file(
    server: Server, parameters: Parameters, known: Path
) -> None:
    both = f"SHA256:anything,{server.fingerprint}"

    assert opens(parameters, known, fingerprint=both)


def test_another_fingerprint_than_the_pinned_one_is_refused(
    server: Server, parameters: Parameters, known: Path
) -> None:
    known.write_text(line_of(server))

    with pytest.raises(ForbiddenError, match="not the pinned one"):
        opens(parameters, known, fingerprint="SHA256:anything")


def test_no_password_is_sent_to_a_host_that_is_not_known(
    server: Server, parameters: Parameters, known: Path
) -> None:
    with pytest.raises(ForbiddenError):
        opens(parameters, known)

    assert server.passwords == []


def test_lines_that_cannot_be_read_hide_none_of_the_others(
    server: Server, parameters: Parameters, known: Path
) -> None:
    known.write_text(f"nonsense\n{server.port} ssh-rsa !!!\n@cert-authority * x\n{line_of(server)}")

    assert opens(parameters, known)


def test_a_host_may_be_hashed(server: Server, parameters: Parameters, known: Path) -> None:
    name, rest = line_of(server).split(" ", 1)
    known.write_text(f"{paramiko.HostKeys.hash_host(name)} {rest}")

    assert opens(parameters, known)


@pytest.mark.parametrize(("names", "good"), [("[127.0.0.*]:*", True), ("*,![127.*]:*", False)])
def test_a_host_may_be_meant_by_a_pattern(
    server: Server, parameters: Parameters, known: Path, names: str, good: bool
) -> None:
    known.write_text(f"{names} {line_of(server).split(' ', 1)[1]}")

    if good:
        assert opens(parameters, known)
        return
    with pytest.raises(ForbiddenError, match="is not a known host"):
        opens(parameters, known)


def test_a_file_of_known_hosts_that_cannot_be_read_is_a_mistake(
    parameters: Parameters, tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match="known_hosts"):
        opens(parameters, tmp_path)
