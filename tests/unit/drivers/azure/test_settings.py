"""Parameters: what is refused before anything is sent, and who asks."""

from __future__ import annotations

import sys

import pytest

from coffre.contract import ConnectionParameters, DriverError, ParameterError, Secret
from coffre.drivers.azure import AzureDriver
from coffre.drivers.azure.credentials import credential_of
from coffre.drivers.azure.settings import Settings, account_of

URL = "https://acme.blob.core.windows.net"


def settings(url: str = URL, **values: object) -> Settings:
    given = {"container": "archive"} | values
    return Settings.of(ConnectionParameters.checked(AzureDriver.parameters, url=url, values=given))


@pytest.mark.parametrize(
    ("url", "account"),
    [(URL, "acme"), ("http://127.0.0.1:10000/devstoreaccount1", "devstoreaccount1")],
)
def test_the_account_is_told_by_the_url(url: str, account: str) -> None:
    assert account_of(url) == account
    assert settings(url).account == account
    assert settings(url, account="other").account == "other"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("container", "ab"),
        ("container", "Archive"),
        ("container", "a--b"),
        ("container", "-ab"),
        ("container", "a" * 64),
        ("block_size", 65535),
        ("block_size", 100 * 1024 * 1024 + 1),
        ("api_version", "latest"),
        ("layout", "some"),
        ("tier", "frozen"),
        ("timeout", -1.0),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(name: str, value: object) -> None:
    with pytest.raises(ParameterError):
        settings(URL, **{name: value})


def test_the_beginning_of_many_names_is_short() -> None:
    assert settings(container="a" * 16, layout="each").each
    with pytest.raises(ParameterError, match="3 to 16"):
        settings(container="a" * 17, layout="each")


def test_one_credential_at_most() -> None:
    with pytest.raises(ParameterError, match="give one"):
        settings(account_key=Secret("a2V5"), sas_token=Secret("sig=x"))
    with pytest.raises(ParameterError, match="give one"):
        settings(token=Secret("t"), identity=True)


def test_no_secret_shows_in_what_settings_print() -> None:
    shown = repr(settings(account_key=Secret("aHVzaA=="))) + repr(
        settings(proxy=Secret("http://u:hush@p"))
    )

    assert "aHVzaA==" not in shown
    assert "hush" not in shown


def test_a_key_signs_in_a_header() -> None:
    headers: dict[str, str] = {}
    added = credential_of(settings(account_key=Secret("a2V5")), None).prove(
        "GET", "/x", (), headers
    )

    assert added == ""
    assert headers["Authorization"].startswith("SharedKey acme:")


def test_a_signature_is_added_to_the_query_as_it_was_given() -> None:
    headers: dict[str, str] = {}
    credential = credential_of(settings(sas_token=Secret("?sv=1&sig=a%3D")), None)

    assert credential.prove("GET", "/x", (), headers) == "sv=1&sig=a%3D"
    assert headers == {}


def test_a_token_is_asked_for_every_request() -> None:
    tokens = iter(["first", "second"])
    credential = credential_of(settings(), lambda: next(tokens))
    seen = []
    for _ in range(2):
        headers: dict[str, str] = {}
        credential.prove("GET", "/x", (), headers)
        seen.append(headers["Authorization"])

    assert seen == ["Bearer first", "Bearer second"]


def test_a_token_is_never_sent_in_the_clear() -> None:
    with pytest.raises(ParameterError, match="without TLS"):
        credential_of(settings("http://acme.example", token=Secret("t")), None)


def test_whoever_has_no_credential_asks_without_a_name() -> None:
    headers: dict[str, str] = {}

    assert credential_of(settings(), None).prove("GET", "/x", (), headers) == ""
    assert headers == {}


def test_azure_identity_is_asked_for_by_name_when_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(DriverError, match="pip install azure-identity"):
        credential_of(settings(identity=True), None)
