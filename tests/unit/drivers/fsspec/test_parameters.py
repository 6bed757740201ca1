"""What may be an offer, and what is refused before anything is reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffre.contract import (
    ConnectionParameters,
    OfferUnavailableError,
    ParameterError,
    Secret,
)
from coffre.drivers.fsspec import PARAMETERS, FsspecDriver, Settings


def parameters(url: str, **values: object) -> ConnectionParameters:
    return ConnectionParameters.checked(PARAMETERS, url=url, values=values)


@pytest.mark.parametrize(
    ("url", "values", "said"),
    [
        ("/srv/archive", {}, "names no file system"),
        ("file:///srv/a?b", {}, "%3F"),
        ("file://elsewhere/srv", {}, "not on this machine"),
        ("file:///srv", {"options": "[]"}, "JSON object"),
        ("file:///srv", {"options": "{"}, "JSON object"),
        ("file:///srv", {"timeout": 0.0}, "above 0"),
        ("file:///srv", {"options": '{"no_such_option": 1}'}, None),
        ("memory:///archive", {}, "renames = true"),
        ("memory:///archive", {"renames": True}, "a copy and a deletion"),
        ("unheard-of://host/", {"renames": True}, "no file system is called"),
        ("ftp://archive.example/", {"password": "hunter2"}, "without TLS"),
        ("webdav://archive.example/", {"password": "hunter2"}, "without TLS"),
    ],
)
def test_what_cannot_be_an_offer_is_refused_with_the_reason(
    url: str, values: dict[str, object], said: str | None
) -> None:
    with pytest.raises((ParameterError, OfferUnavailableError)) as caught:
        FsspecDriver().connect(parameters(url, **values))
    assert said is None or said in caught.value.message
    assert "hunter2" not in str(caught.value)


def test_secrets_do_not_show() -> None:
    given = parameters("ftp://127.0.0.1/", password="hunter2", secret_options='{"acct": "hunter3"}')
    settings = Settings.of(given)
    assert settings.password == Secret("hunter2")
    assert settings.storage_options() == {"acct": "hunter3"}
    assert "hunter" not in repr(settings)


def test_a_folder_that_holds_other_things_is_not_made_an_offer(tmp_path: Path) -> None:
    (tmp_path / "thesis.pdf").write_bytes(b"mine")
    with pytest.raises(ParameterError, match="neither empty nor an offer"):
        FsspecDriver().prepare(parameters(tmp_path.as_uri()))
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.pdf"]


def test_a_missing_folder_is_made_and_preparing_again_changes_nothing(tmp_path: Path) -> None:
    given = parameters((tmp_path / "archive").as_uri())
    assert FsspecDriver().prepare(given).made
    before = (tmp_path / "archive/.coffre/offer.json").read_bytes()
    assert not FsspecDriver().prepare(given).made
    assert (tmp_path / "archive/.coffre/offer.json").read_bytes() == before
