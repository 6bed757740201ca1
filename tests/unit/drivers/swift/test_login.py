"""Logging in: version 3 with a password or an application credential, and version 1."""

from __future__ import annotations

import pytest

from coffre.contract import (
    ConnectionParameters,
    ForbiddenError,
    OfferUnavailableError,
    ParameterError,
)
from coffre.drivers.swift import SwiftDriver
from coffre.drivers.swift.login import Grant, ask_for_token
from coffre.drivers.swift.settings import Auth, Login, Settings
from tests.unit.drivers.swift.keystone import (
    CREDENTIAL,
    CREDENTIAL_NAME,
    DOMAIN,
    PASSWORD,
    PROJECT,
    SECRET,
    USER,
    Keystone,
    serving,
)

ACCOUNT = "http://127.0.0.1:2/v1/AUTH_77"


def login(url: str, **values: object) -> Login:
    return settings(url, **values).login


def settings(url: str, **values: object) -> Settings:
    described = SwiftDriver().parameters
    return Settings.of(ConnectionParameters.checked(described, url=url, values=values))


def by_password(url: str, **more: object) -> Login:
    known = {"user": USER, "password": PASSWORD, "user_domain": DOMAIN, "region": "north"}
    return login(url, **{**known, "project": PROJECT, **more})


def test_a_password_opens_the_account_of_a_project() -> None:
    with serving(Keystone(ACCOUNT)) as keystone:
        assert ask_for_token(by_password(keystone.url)) == Grant(ACCOUNT, "a-token", 3600.0)


def test_a_project_can_be_named_by_its_id() -> None:
    with serving(Keystone(ACCOUNT)) as keystone:
        ask_for_token(by_password(keystone.url, project_id="77"))
    (asked,) = keystone.asked
    assert asked["scope"] == {"project": {"id": "77"}}


def test_the_version_is_added_to_a_url_that_has_none() -> None:
    with serving(Keystone(ACCOUNT)) as keystone:
        given = by_password(keystone.url.removesuffix("/v3"), auth="v3")
        assert ask_for_token(given).token == "a-token"


@pytest.mark.parametrize(
    "known",
    [
        {"application_credential": CREDENTIAL},
        {"application_credential": CREDENTIAL_NAME, "user": USER, "user_domain": DOMAIN},
    ],
)
def test_an_application_credential_has_its_project_already(known: dict[str, object]) -> None:
    with serving(Keystone(ACCOUNT)) as keystone:
        given = login(keystone.url, secret=SECRET, region="north", **known)
        assert ask_for_token(given).storage_url == ACCOUNT


def test_the_life_of_a_token_is_told_by_one_clock() -> None:
    with serving(Keystone(ACCOUNT, lifetime=100.0, skew=86_400.0)) as keystone:
        assert ask_for_token(by_password(keystone.url)).lifetime == pytest.approx(100.0)


def test_a_wrong_password_is_refused_and_not_repeated() -> None:
    with serving(Keystone(ACCOUNT)) as keystone, pytest.raises(ForbiddenError) as caught:
        ask_for_token(by_password(keystone.url, password="a guess"))
    assert "a guess" not in str(caught.value)


def test_the_endpoint_is_that_of_the_region_and_the_interface() -> None:
    with serving(Keystone(ACCOUNT)) as keystone:
        assert ask_for_token(by_password(keystone.url, region="south")).storage_url.endswith(
            "south"
        )
        given = by_password(keystone.url, interface="admin")
        assert ask_for_token(given).storage_url.endswith("admin")
        with pytest.raises(ForbiddenError, match=r"no public endpoint.*region east"):
            ask_for_token(by_password(keystone.url, region="east"))


def test_a_given_account_wins_over_the_catalogue() -> None:
    with serving(Keystone(ACCOUNT)) as keystone:
        given = by_password(keystone.url, storage_url="http://127.0.0.1:3/v1/AUTH_own/")
        assert ask_for_token(given).storage_url == "http://127.0.0.1:3/v1/AUTH_own"


def test_a_url_that_is_no_keystone_is_refused_with_what_to_look_at() -> None:
    with serving(Keystone(ACCOUNT)) as keystone, pytest.raises(ForbiddenError, match="'url'"):
        ask_for_token(by_password(keystone.url.replace("identity", "else")))


def test_a_service_that_cannot_be_reached_is_unavailable() -> None:
    with pytest.raises(OfferUnavailableError):
        ask_for_token(by_password("http://127.0.0.1:1/v3"))


def test_tokens_are_not_sent_in_the_clear_to_an_account_of_a_service_with_tls() -> None:
    from coffre.drivers.swift.login import _checked

    secure = by_password("https://keystone.example.org/v3")
    with pytest.raises(ForbiddenError, match="in the clear"):
        _checked(Grant("http://swift.example.org/v1/AUTH_1", "token", 1.0), secure)
    grant = Grant("https://swift.example.org/v1/AUTH_1", "token", 1.0)
    assert _checked(grant, secure) is grant
    with pytest.raises(ForbiddenError, match="no URL"):
        _checked(Grant("nonsense", "token", 1.0), secure)


def test_a_grant_does_not_print_its_token() -> None:
    assert "hidden" not in repr(Grant(ACCOUNT, "hidden", 1.0))


# --- what the parameters mean ---------------------------------------------------------------------

V1: dict[str, object] = {"user": "account:user", "password": "key"}


def test_the_way_of_logging_in_is_told_by_the_url_unless_it_is_given() -> None:
    assert login("https://swift.example.org/auth/v1.0", **V1).auth is Auth.V1
    assert by_password("https://keystone.example.org/v3/").auth is Auth.V3
    assert by_password("https://keystone.example.org", auth="v3").auth is Auth.V3


@pytest.mark.parametrize(
    ("url", "values", "why"),
    [
        ("ftp://swift.example.org", V1, "not an http"),
        ("https://swift.example.org/v1", {"user": "x"}, "'user' and 'password'"),
        ("https://swift.example.org/v1", {**V1, "storage_url": "x"}, "not an http"),
        ("https://swift.example.org/v1", {**V1, "prefix": "a+b"}, "'prefix'"),
        ("https://swift.example.org/v1", {**V1, "prefix": ""}, "'prefix'"),
        ("https://swift.example.org/v1", {**V1, "segment_size": 1000}, "'segment_size'"),
        ("https://swift.example.org/v1", {**V1, "buffer": -1}, "'buffer'"),
        ("https://swift.example.org/v1", {**V1, "timeout": 0.0}, "'timeout'"),
        ("https://swift.example.org/v3", V1, "'project'"),
        ("https://swift.example.org/v3", {"user": "x", "project": "y"}, "'password'"),
        ("https://swift.example.org/v3", {"application_credential": "x"}, "'secret'"),
    ],
)
def test_parameters_that_open_nothing_are_refused(
    url: str, values: dict[str, object], why: str
) -> None:
    with pytest.raises(ParameterError, match=why):
        settings(url, **values)
