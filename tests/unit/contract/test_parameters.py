"""Parameters never change, and secrets never show."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import traceback
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import ConnectionParameters, Parameter, ParameterError, Secret
from coffre.testing import MemoryDriver

WORD = "correct horse battery staple"
DESCRIBED = (
    Parameter(name="user", help="Who."),
    Parameter(name="password", help="Proof.", type=Secret),
    Parameter(name="retries", help="How often.", type=int, default=3),
    Parameter(name="timeout", help="Seconds.", type=float),
    Parameter(name="tls", help="Whether.", type=bool, default=True),
    Parameter(name="mode", help="How.", choices=("fast", "safe")),
)


def checked(**values: object) -> ConnectionParameters:
    return ConnectionParameters.checked(DESCRIBED, url="memory://x", values=values)


# --- secrets ------------------------------------------------------------------------------


def test_a_secret_shows_in_nothing_that_prints() -> None:
    secret = Secret(WORD)
    parameters = checked(password=secret)
    log = io.StringIO()
    logger = logging.getLogger("coffre.tests.secret")
    logger.addHandler(logging.StreamHandler(log))
    logger.error("%s %r %s", secret, secret, parameters)

    shown = [repr(secret), str(secret), f"{secret}", f"{secret!a:>20}", repr(parameters)]
    shown += [str(parameters), repr([secret]), json.dumps({"s": secret}, default=str)]
    shown += [log.getvalue(), repr(secret.__dir__())]

    assert not [text for text in shown if WORD in text]


def test_a_secret_does_not_show_in_a_traceback_with_local_variables() -> None:
    secret = Secret(WORD)
    parameters = checked(password=secret)
    try:
        parameters["nothing"]
    except KeyError as error:
        shown = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )

    assert "Secret(***)" in shown
    assert WORD not in shown


@pytest.mark.parametrize("name", ["retries", "timeout", "tls", "mode", "nonsense"])
def test_a_secret_under_the_wrong_name_does_not_show_in_the_error(name: str) -> None:
    with pytest.raises(ParameterError) as caught:
        checked(**{name: WORD})

    assert WORD not in str(caught.value)
    assert name in str(caught.value)


def test_a_literal_secret_is_not_pickled() -> None:
    for whatever in (Secret(WORD), checked(password=WORD)):
        with pytest.raises(TypeError, match="by reference") as caught:
            pickle.dumps(whatever)
        assert WORD not in str(caught.value)


def test_a_secret_by_reference_pickles_as_the_reference(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COFFRE_TEST_SECRET", WORD)
    file = tmp_path / "secret"
    file.write_text(WORD + "\n")

    for secret in (Secret.from_environment("COFFRE_TEST_SECRET"), Secret.from_file(str(file))):
        pickled = pickle.dumps(secret)
        assert WORD.encode() not in pickled
        again = pickle.loads(pickled)
        assert again == secret
        assert again.reveal() == WORD
        assert WORD not in repr(again)


def test_a_reference_that_leads_nowhere_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("COFFRE_TEST_SECRET", raising=False)
    with pytest.raises(ParameterError, match="COFFRE_TEST_SECRET is not set"):
        Secret.from_environment("COFFRE_TEST_SECRET").reveal()
    with pytest.raises(ParameterError, match="secret file"):
        Secret.from_file(str(tmp_path / "none")).reveal()
    (tmp_path / "binary").write_bytes(b"\xff\xfe" + WORD.encode())
    with pytest.raises(ParameterError, match="not UTF-8") as caught:
        Secret.from_file(str(tmp_path / "binary")).reveal()
    assert WORD not in "".join(traceback.format_exception(caught.value))


def test_secrets_are_compared_by_what_they_are() -> None:
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret("é") != Secret("è")
    assert Secret.from_environment("A") == Secret.from_environment("A")
    assert Secret.from_environment("A") != Secret.from_file("A")


@pytest.mark.parametrize(
    ("given_", "shown"),
    [(WORD, "Secret(***)"), ({"environment": "E"}, "Secret(environment:E)"),
     ({"file": "/f"}, "Secret(file:/f)")],
)  # fmt: skip
def test_a_secret_can_be_given_in_three_ways(given_: object, shown: str) -> None:
    assert repr(checked(password=given_)["password"]) == shown


@pytest.mark.parametrize(
    "given_", [7, True, {}, {"vault": "x"}, {"file": 1}, {"file": "a", "environment": "b"}, [WORD]]
)
def test_a_secret_given_otherwise_is_refused(given_: object) -> None:
    with pytest.raises(ParameterError, match=r"\{environment = \"NAME\"\}") as caught:
        checked(password=given_)
    assert WORD not in str(caught.value)


# --- parameters ---------------------------------------------------------------------------


def test_parameters_cannot_be_changed() -> None:
    parameters = checked(user="anne")

    with pytest.raises(FrozenInstanceError):
        parameters.url = "memory://elsewhere"  # type: ignore[misc]
    with pytest.raises(TypeError):
        parameters["user"] = "bob"  # type: ignore[index]
    with pytest.raises(TypeError):
        parameters.values[0] = ("user", "bob")  # type: ignore[index]


def test_the_parameters_of_a_connection_cannot_be_replaced() -> None:
    with MemoryDriver().connect(ConnectionParameters(url="memory://x")) as connection:
        with pytest.raises(AttributeError):
            connection.parameters = checked()  # type: ignore[misc]
        with pytest.raises(AttributeError):
            del connection.parameters


def test_two_users_are_two_connections_of_one_driver() -> None:
    driver = MemoryDriver()
    one, other = (
        driver.connect(
            ConnectionParameters.checked(driver.parameters, url="memory://x", values={"user": user})
        )
        for user in ("anne", "bob")
    )

    assert one.parameters != other.parameters
    assert (one.parameters["user"], other.parameters["user"]) == ("anne", "bob")


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans()))
def test_equal_parameters_are_one_key_in_whatever_order_they_were_given(
    values: dict[str, str | int | bool],
) -> None:
    pairs = tuple(values.items())
    one = ConnectionParameters(url="memory://x", values=pairs)
    other = ConnectionParameters(url="memory://x", values=pairs[::-1])

    assert one == other
    assert {one: 1}[other] == 1
    assert list(one) == sorted(values)
    assert len(one) == len(values)


def test_defaults_are_filled_in_and_absent_ones_are_absent() -> None:
    parameters = checked(user="anne")

    assert (parameters["retries"], parameters["tls"]) == (3, True)
    assert parameters.get("timeout") is None
    assert parameters.text("timeout", "none") == "none"
    with pytest.raises(KeyError):
        parameters["timeout"]


def test_parameters_with_secrets_by_reference_travel() -> None:
    parameters = checked(password={"environment": "E"})

    assert pickle.loads(pickle.dumps(parameters)) == parameters
    assert copy.deepcopy(parameters) == parameters


@pytest.mark.parametrize(
    "url",
    ["sftp://anne:secret@host/", "http://:secret@host", "http://a:@host", "s3://k:s/ecret@h/x",
     "http://[bad"],
)  # fmt: skip
def test_a_url_with_a_password_or_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ParameterError) as caught:
        ConnectionParameters(url=url)

    assert "secret@" not in str(caught.value)


@pytest.mark.parametrize("url", ["sftp://anne@host/a:b@c", "memory://x", "/a/path", "file:///a"])
def test_a_url_without_one_is_taken(url: str) -> None:
    assert ConnectionParameters(url=url).url == url


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("retries", "3", "a whole number"),
        ("retries", True, "a whole number"),
        ("retries", 3.5, "a whole number"),
        ("timeout", "3", "a number"),
        ("timeout", False, "a number"),
        ("tls", 1, "true or false"),
        ("tls", "true", "true or false"),
        ("user", 7, "text"),
        ("user", ["anne"], "text"),
        ("mode", "slow", "fast, safe"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_name(name: str, value: object, why: str) -> None:
    with pytest.raises(ParameterError, match=f"'{name}' must be .*{why}"):
        checked(**{name: value})


def test_a_whole_number_will_do_for_a_number() -> None:
    assert checked(timeout=3)["timeout"] == 3.0


def test_a_missing_parameter_is_named_with_its_help() -> None:
    described = (Parameter(name="root", help="Directory of the offer.", required=True),)

    with pytest.raises(ParameterError, match="'root' is missing: Directory of the offer"):
        ConnectionParameters.checked(described, url="x")


def test_an_unknown_parameter_is_named_with_those_that_are_known() -> None:
    with pytest.raises(ParameterError, match="unknown parameter 'pasword'; known: mode, password"):
        checked(pasword=WORD)
