"""Parameters and credentials: what may be given, and what it means."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from coffre.contract import ConnectionParameters, ForbiddenError, ParameterError, Secret
from coffre.drivers.s3.credentials import Credentials, Renewing, source_of
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import MIB, PARAMETERS, Settings
from coffre.testing import FakeClock

NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def parameters(url: str = "https://s3.example/archive", **values: object) -> ConnectionParameters:
    return ConnectionParameters.checked(PARAMETERS, url=url, values=values)


def settings(url: str = "https://s3.example/archive", **values: object) -> Settings:
    return Settings.of(parameters(url, **values))


# --- places --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "endpoint", "prefix"),
    [
        ("https://s3.example/archive", "https://s3.example", ""),
        ("https://s3.example/archive/", "https://s3.example", ""),
        ("http://127.0.0.1:9000/archive/a/b", "http://127.0.0.1:9000", "a/b/"),
        ("s3://archive/a", "https://s3.us-east-1.amazonaws.com", "a/"),
        ("https://s3.example/archive/a%20b", "https://s3.example", "a b/"),
    ],
)
def test_a_url_names_service_bucket_and_prefix(url: str, endpoint: str, prefix: str) -> None:
    found = settings(url)
    assert (found.site.url, found.naming.bucket, found.naming.prefix) == (
        endpoint,
        "archive",
        prefix,
    )


def test_an_endpoint_of_ones_own_goes_with_a_short_url() -> None:
    found = settings("s3://archive", endpoint="https://objects.example:8443")
    assert found.site.url == "https://objects.example:8443"


def test_with_virtual_addressing_the_bucket_is_a_host() -> None:
    found = settings(addressing="virtual")
    assert found.site.host == "archive.s3.example"
    assert Service(found)._path(Place("archive", "a@b")) == "/a%40b"


WRONG = {
    "no-bucket": ("https://s3.example", {}),
    "another-scheme": ("ftp://s3.example/archive", {}),
    "a-query": ("https://s3.example/archive?x=y", {}),
    "two-endpoints": ("https://s3.example/archive", {"endpoint": "https://other.example"}),
    "a-way-up": ("https://s3.example/archive/a/../b", {}),
    "an-empty-part": ("https://s3.example/archive/a//b", {}),
    "a-small-part": ("https://s3.example/archive", {"part_size": 5 * MIB - 1}),
    "no-threads": ("https://s3.example/archive", {"parallel": 0}),
    "half-a-key": ("https://s3.example/archive", {"access_key": "A"}),
    "no-function": ("https://s3.example/archive", {"credentials": "nothing:at_all"}),
    "virtual-buckets": (
        "https://s3.example/archive",
        {"addressing": "virtual", "layout": "buckets"},
    ),
}


@pytest.mark.parametrize(("url", "values"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_meant_is_refused(url: str, values: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        settings(url, **values)


def test_parts_grow_with_an_object_that_would_have_too_many() -> None:
    found = settings(part_size=8 * MIB)
    assert found.part_of(80_000 * MIB) == 8 * MIB
    assert found.part_of(80_000 * MIB + 1) == 8 * MIB + 1


# --- credentials ---------------------------------------------------------------------------------


def test_keys_that_are_given_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    given = parameters(access_key="given", secret_key=Secret("s"), session_token=Secret("t"))
    assert source_of(given)() == Credentials(access_key="given", secret_key="s", token="t")
    assert source_of(parameters())().access_key == "of-the-environment"


def test_a_profile_is_read_each_time(tmp_path: Path) -> None:
    place = tmp_path / "credentials"
    source = source_of(parameters(profile="archive"))
    for secret in ("one", "two"):
        place.write_text(
            f"[archive]\naws_access_key_id = A\naws_secret_access_key = {secret}\n", "utf-8"
        )
        assert source() == Credentials(access_key="A", secret_key=secret)


def test_another_file_may_be_named(tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    place.write_text(
        "[default]\naws_access_key_id=A\naws_secret_access_key=S%$\naws_session_token=T", "utf-8"
    )
    source = source_of(parameters(credentials_file=str(place)))
    assert source() == Credentials(access_key="A", secret_key="S%$", token="T")


@pytest.mark.parametrize("text", [None, "", "[archive]\n", "[archive]\naws_access_key_id=A\n", "?"])
def test_credentials_that_cannot_be_had_are_a_refusal(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "credentials").write_text(text, "utf-8")
    service = Service(settings(profile="archive"))
    with pytest.raises(ForbiddenError):
        service.ask("HEAD", Place("archive", ""), doing="connect")


def of_a_role() -> Credentials:
    return Credentials(access_key="role", secret_key="s", token="t")


def test_a_function_of_the_users_own_gives_credentials() -> None:
    source = source_of(parameters(credentials=f"{__name__}:of_a_role"))
    assert source().access_key == "role"


def test_credentials_are_asked_for_again_before_they_expire() -> None:
    clock = FakeClock()
    given: list[Credentials] = []

    def source() -> Credentials:
        expires = clock.now() + timedelta(minutes=10)
        given.append(Credentials(access_key=str(len(given)), secret_key="s", expires_at=expires))
        return given[-1]

    renewing = Renewing(source, clock)
    assert renewing() is renewing()
    clock.advance(7 * 60)
    assert renewing().access_key == "0"
    clock.advance(60)
    assert renewing().access_key == "1"


def test_a_secret_shows_nowhere() -> None:
    made = Credentials(access_key="A", secret_key="hidden", token="hidden")
    found = settings(access_key="A", secret_key=Secret("hidden"))
    assert "hidden" not in repr(made) + repr(found)
