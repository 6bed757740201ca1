"""A secret leaves this machine under TLS, or because its owner said that it may."""

from __future__ import annotations

import pytest

from coffre.contract import ConnectionParameters, ParameterError
from coffre.http import HttpRequest, refuse_in_clear
from tests.conformance.harnesses import installed


@pytest.mark.parametrize(
    "host", ["archive.example", "192.0.2.7", "[2001:db8::7]", "localhost.evil"]
)
def test_a_secret_is_not_told_to_another_machine_without_tls(host: str) -> None:
    with pytest.raises(ParameterError, match="plain = true"):
        refuse_in_clear(f"http://{host}/", secured=False, allowed=False)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "[::1]", "localhost"])
def test_this_machine_may_be_told_everything(host: str) -> None:
    refuse_in_clear(f"http://{host}/", secured=False, allowed=False)


def test_tls_is_enough_and_so_is_the_owners_word() -> None:
    refuse_in_clear("https://archive.example/", secured=True, allowed=False)
    refuse_in_clear("http://archive.example/", secured=False, allowed=True)


@pytest.mark.parametrize(
    ("driver", "url", "values"),
    [
        ("swift", "http://archive.example/auth/v1.0", {"user": "a:b", "password": "hunter2"}),
        ("azure", "http://archive.example/a", {"container": "abc", "sas_token": "sig=hunter2"}),
        ("azure", "http://archive.example/a", {"container": "abc", "token": "hunter2"}),
        ("fsspec", "webdav://archive.example/a", {"user": "a", "password": "hunter2"}),
    ],
)
def test_drivers_whose_services_are_told_a_secret_refuse(
    driver: str, url: str, values: dict[str, object]
) -> None:
    made = installed(driver)
    given = ConnectionParameters.checked(made.parameters, url=url, values=values)
    with pytest.raises(ParameterError, match="without TLS") as caught:
        made.connect(given)
    assert "hunter2" not in str(caught.value)


def test_a_request_does_not_show_what_it_asks_for() -> None:
    assert "hunter2" not in repr(HttpRequest("GET", "/a?sig=hunter2"))
