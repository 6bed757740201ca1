"""What the parameters mean, and what is a mistake before anything is sent."""

from __future__ import annotations

import pytest

from coffre.contract import ConnectionParameters, ParameterError, Secret
from coffre.drivers.sftp.settings import PARAMETERS, Settings


def settings(url: str = "sftp://one@host/offer", **values: object) -> Settings:
    given = {"password": Secret("x"), **values}
    return Settings.of(ConnectionParameters.checked(PARAMETERS, url=url, values=given))


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sftp://one@host/offer", "/offer"),
        ("sftp://one@host/offer/", "/offer"),
        ("sftp://one@host/a%20b/%C3%A9", "/a b/é"),
        ("sftp://one@host/~/offer", "offer"),
        ("sftp://one@host/~/", "."),
        ("sftp://one@host//offer", "//offer"),
    ],
)
def test_a_path_is_absolute_or_begins_where_the_user_arrives(url: str, path: str) -> None:
    assert settings(url).path == path


def test_host_port_and_user_come_from_the_url() -> None:
    told = settings("sftp://some%40one@[::1]:2222/offer")

    assert (told.user, told.host, told.port) == ("some@one", "::1", 2222)
    assert told.address == "[::1]:2222"
    assert told.known_as == "[::1]:2222"
    assert settings().known_as == "host"


def test_the_parameter_goes_before_the_url() -> None:
    assert settings(user="two").user == "two"


@pytest.mark.parametrize(
    "url",
    [
        "sftp://host/offer",
        "sftp://one@host",
        "sftp://one@host/",
        "sftp:///offer",
        "ssh://one@host/offer",
        "/offer",
        "sftp://one@host/offer?x",
        "sftp://one@host/offer#x",
        "sftp://one@host/of%00fer",
    ],
)
def test_a_url_that_names_no_place_is_a_mistake(url: str) -> None:
    with pytest.raises(ParameterError):
        settings(url)


def test_nothing_to_log_in_with_is_a_mistake() -> None:
    with pytest.raises(ParameterError, match="nothing to log in with"):
        settings(password=None)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e9, float("nan")])
def test_a_wait_without_an_end_is_a_mistake(seconds: float) -> None:
    with pytest.raises(ParameterError, match="seconds"):
        settings(timeout=seconds)


def test_fingerprints_are_separated_by_commas() -> None:
    assert settings(fingerprint="SHA256:a, SHA256:b").fingerprints == ("SHA256:a", "SHA256:b")


def test_no_secret_shows() -> None:
    told = settings(password=Secret("correct-horse"), passphrase=Secret("battery"))

    assert "correct-horse" not in repr(told)
    assert "battery" not in repr(told)
    assert "correct-horse" not in told.place
