"""The first words: who may speak, in which version, and what is handed over."""

from __future__ import annotations

import json

import pytest

from coffre.contract import (
    Capability,
    ConnectionLostError,
    ContractVersionError,
    OfferTimeoutError,
    OfferUnavailableError,
    ParameterError,
    StatRequest,
)
from coffre.drivers.process import ProcessDriver
from tests.unit.drivers.process.conftest import (
    Connect,
    read,
    ref_of,
    request_of,
    toy_parameters,
)


def told(connect: Connect, **how: object) -> dict[str, object]:
    """What the program sees of its surroundings."""
    metadata = connect("tell", **how).stat(StatRequest(ref=ref_of("it"))).metadata
    seen: dict[str, object] = json.loads(metadata["told"])
    return seen


def test_an_object_goes_there_and_back(connect: Connect) -> None:
    connection = connect()

    connection.put(request_of("it"))

    assert read(connection, "it") == b"some bytes"


def test_what_a_program_declares_beyond_our_words_is_left_out(connect: Connect) -> None:
    connection = connect()

    assert connection.capabilities == {Capability.METADATA}
    assert not hasattr(connection, "quarantine")
    assert connection.program.name == "toy"


@pytest.mark.parametrize("spoken", ["2.0", "0.9"])
def test_another_major_version_is_refused_with_what_to_do(connect: Connect, spoken: str) -> None:
    with pytest.raises(ContractVersionError, match=r"'toy' speaks version .* protocol.*: \w+"):
        connect(hello={"protocol": spoken})


def test_a_newer_minor_version_works(connect: Connect) -> None:
    assert connect(hello={"protocol": "1.7"}).put(request_of("it")).size == 10


def test_another_contract_is_refused_with_what_to_do(connect: Connect) -> None:
    with pytest.raises(ContractVersionError, match=r"written for contract 9\.0"):
        connect(hello={"contract": "9.0"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"protocol": 1},
        {"protocol": "one"},
        {"version": None},
        {"parameters": [{"name": "x", "help": "y", "type": "set of sets"}]},
        {"parameters": {}},
        {"algorithms": [7]},
        {"requests": -1},
    ],
)
def test_a_hello_that_makes_no_sense_ends_the_session(
    connect: Connect, wrong: dict[str, object]
) -> None:
    with pytest.raises(ConnectionLostError, match="program"):
        connect(hello=wrong)


def test_a_program_that_prints_is_told_so(connect: Connect) -> None:
    with pytest.raises(ConnectionLostError, match="print to its standard output"):
        connect(at_start="garbage-at-start")


def test_a_program_that_ends_is_quoted(connect: Connect) -> None:
    with pytest.raises(ConnectionLostError, match=r"ended with status 3; the last words") as caught:
        connect(at_start="exit-at-start")
    assert not caught.value.effect_unknown


@pytest.mark.parametrize("how", [{"at_start": "silent-at-start"}, {"fault": "silent-at-open"}])
def test_a_program_that_says_nothing_is_not_waited_for_long(
    connect: Connect, how: dict[str, str]
) -> None:
    with pytest.raises(OfferTimeoutError, match="did not answer in time"):
        connect(**how, start_timeout=0.2)


def test_a_program_that_is_busy_is_not_waited_for_longer(connect: Connect) -> None:
    with pytest.raises(OfferTimeoutError):
        connect("working-at-open", start_timeout=0.000001)


def test_an_offer_that_is_away_is_unavailable(connect: Connect) -> None:
    with pytest.raises(OfferUnavailableError, match="in its box"):
        connect(url="toy:closed")

    assert not ProcessDriver().is_available(toy_parameters(url="toy:closed"))
    assert ProcessDriver().is_available(toy_parameters())


def test_options_are_held_against_what_the_program_describes(connect: Connect) -> None:
    connect(options="number=12")

    with pytest.raises(ParameterError, match="'number' must be a whole number"):
        connect(options="number=twelve")
    with pytest.raises(ParameterError, match="unknown parameter 'size'"):
        connect(options="size=12")


def test_a_secret_is_neither_on_the_command_line_nor_in_the_environment(connect: Connect) -> None:
    seen = told(connect, secret="open sesame")

    assert "sesame" not in json.dumps(seen)


def test_the_environment_is_next_to_nothing(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "somebody's")
    monkeypatch.setenv("COLOUR", "blue")
    for name in ("LD_LIBRARY_PATH", "TZ", "TMPDIR"):
        monkeypatch.delenv(name, raising=False)

    seen = told(connect, environment="COLOUR NOT_SET")

    assert seen["environ"] == {"PATH": "/bin:/usr/bin", "LC_ALL": "C.UTF-8", "COLOUR": "blue"}
    assert seen["cwd"] == "/"


def test_words_of_the_command_reach_the_program_as_they_are(connect: Connect) -> None:
    seen = told(connect, hello={"name": "$HOME; `ls` *"})

    assert seen["argv"][1] == '{"name": "$HOME; `ls` *"}'  # type: ignore[index]


def test_a_secret_that_the_program_does_not_want_is_refused(connect: Connect) -> None:
    with pytest.raises(ParameterError, match="wants no secret"):
        connect(hello={"parameters": []}, secret="open sesame")


def test_a_secret_among_the_options_is_refused_without_being_repeated(connect: Connect) -> None:
    with pytest.raises(ParameterError, match="give it as parameter 'secret'") as caught:
        connect(options="password=sesame")
    assert "sesame" not in str(caught.value)


def test_no_error_and_no_log_shows_the_secret(connect: Connect) -> None:
    connection = connect("leak", secret="open sesame")

    with pytest.raises(PermissionError) as caught:
        connection.stat(StatRequest(ref=ref_of("it")))

    assert str(caught.value) == "*** was not accepted"
    assert connection.log == "opened with ***\n"
    assert "sesame" not in repr(connection.parameters)


def test_last_words_do_not_show_the_secret(connect: Connect) -> None:
    connection = connect("exit-at-stat", secret="open sesame")

    with pytest.raises(ConnectionLostError, match=r"the last words, \*\*\*"):
        connection.stat(StatRequest(ref=ref_of("it")))


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"command": ""}, "one of them"),
        ({"socket": "/run/toy.socket"}, "one of them"),
        ({"command": "toy"}, "absolute path"),
        ({"command": "'/bin/toy"}, "No closing quotation"),
        ({"command": "/no/such/program"}, "cannot be started: No such file"),
        ({"command": "/etc/passwd"}, "cannot be started: Permission denied"),
        ({"options": "sesame"}, "words name=value"),
        ({"timeout": 0.0}, "number of seconds"),
        ({"timeout": float("nan")}, "number of seconds"),
    ],
)
def test_parameters_that_cannot_be_are_refused(
    connect: Connect, values: dict[str, object], why: str
) -> None:
    with pytest.raises(ParameterError, match=why):
        connect(**values)


def test_a_socket_where_nobody_listens_is_an_offer_that_is_away(connect: Connect) -> None:
    with pytest.raises(OfferUnavailableError, match="socket /no/such"):
        connect(command="", socket="/no/such/socket")
