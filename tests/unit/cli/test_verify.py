"""``coffre verify``: genuine, or not; whose; and what it does not prove."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coffre.cli.main import main
from coffre.conformance import Outcome, Report
from coffre.conformance.certificate import DOES_NOT_PROVE, KIND, Certificate
from coffre.contract import SYSTEM_CLOCK
from coffre.seal import PrivateKey, seal
from tests.unit.cli.conftest import Bench
from tests.unit.conformance.reports import HOSTILE, mixed, report, verdict

PASSED = report(verdict(), verdict("get.whole/look", Outcome.NOT_TRIED))


@pytest.fixture
def key(tmp_path: Path) -> PrivateKey:
    return PrivateKey.make(tmp_path / "me")


def keep(told: Report, key: PrivateKey, name: str = "c.json") -> str:
    certificate = Certificate.of(told, issued=SYSTEM_CLOCK.now(), distribution="tapes 2.1")
    Path(name).write_bytes(certificate.sealed(key))
    return name


def test_a_genuine_certificate_is_told_with_what_it_does_not_prove(
    coffre: Bench, key: PrivateKey
) -> None:
    ran = coffre("verify", keep(PASSED, key), "--key", str(key.public))

    assert ran.status == 0
    assert ran.lines[-1] == f"genuine: signed by the key that you expected, {key.public}"
    assert ran.lines[-2] == "the certificate says: passed (1 passed, 0 failed, 1 not tried)"
    assert "tape 2.1 from tapes 2.1, written for contract 1.0" in ran.out
    assert "seed 7" in ran.out
    assert "not tried  1 trial: no way" in ran.out
    for sentence in DOES_NOT_PROVE:
        assert f"- {sentence}" in ran.lines
    assert ran.err == ""


def test_the_key_may_be_a_file(coffre: Bench, key: PrivateKey) -> None:
    Path("me.pub").write_text(f"{key.public}\n")

    assert coffre("verify", keep(PASSED, key), "--key", "me.pub").status == 0


def test_without_a_key_it_says_that_nobody_knows_whose_it_is(
    coffre: Bench, key: PrivateKey
) -> None:
    ran = coffre("verify", keep(PASSED, key))

    assert ran.status == 0
    assert ran.lines[-1] == f"unchanged since it was signed by {key.public}"
    assert "anyone can make a key" in ran.err
    assert "genuine" not in ran.out


def test_another_key_than_expected_is_refused_and_nothing_is_told(
    coffre: Bench, key: PrivateKey, tmp_path: Path
) -> None:
    other = PrivateKey.make(tmp_path / "other").public

    ran = coffre("verify", keep(PASSED, key), "--key", str(other), "--json")

    assert (ran.status, ran.codes) == (1, ["not-genuine"])
    assert str(key.public) in ran.err
    assert "tape" not in ran.out


def test_failures_end_with_status_1_however_genuine(coffre: Bench, key: PrivateKey) -> None:
    ran = coffre("verify", keep(mixed(), key), "--key", str(key.public))

    assert ran.status == 1
    assert "failed  put.whole/other: two bytes" in ran.lines
    assert "the certificate says: failed (2 passed, 1 failed, 1 not tried)" in ran.lines
    assert any(line.split() == ["puts", "1,234.5", "objects/s"] for line in ran.lines)


def test_a_run_in_which_nothing_was_tried_is_not_good_enough(
    coffre: Bench, key: PrivateKey
) -> None:
    name = keep(report(verdict(outcome=Outcome.NOT_TRIED)), key)

    assert coffre("verify", name).status == 1


def test_programs_get_the_whole_document(coffre: Bench, key: PrivateKey) -> None:
    name = keep(PASSED, key)
    (told,) = coffre("verify", name, "--key", str(key.public), "--json").told

    assert (told["genuine"], told["expected"], told["kind"]) == (True, True, KIND)
    assert told["signer"] == str(key.public)
    envelope = json.loads(Path(name).read_text())
    assert told["document"] == json.loads(base64.b64decode(envelope["payload"]))
    assert coffre("verify", name, "--json").told[0]["expected"] is False


def test_what_a_signer_wrote_cannot_move_the_cursor(coffre: Bench, key: PrivateKey) -> None:
    ran = coffre("verify", keep(mixed(HOSTILE), key))

    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert r"\x1b[2J" in ran.out


def test_our_words_stand_for_what_the_signer_left_out(coffre: Bench, key: PrivateKey) -> None:
    claims = Certificate.of(PASSED, issued=SYSTEM_CLOCK.now()).to_json()
    claims |= {"proves": ["Everything."], "does_not_prove": []}
    Path("c.json").write_bytes(seal(KIND, claims, key))

    ran = coffre("verify", "c.json")

    assert "Everything." not in ran.out
    assert f"- {DOES_NOT_PROVE[0]}" in ran.lines


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nothing.json",), "document-unreadable"),
        (("directory",), "document-unreadable"),
        (("empty.json",), "document-unreadable"),
        (("c.json", "--key", "nothing"), "key-unusable"),
        (("c.json", "--key", "ed25519:x"), "key-unusable"),
        (("c.json", "--key", "me"), "key-unusable"),
        (("other.json",), "document-unreadable"),
    ],
)
def test_what_cannot_be_checked_is_a_usage_error(
    coffre: Bench, key: PrivateKey, words: tuple[str, ...], code: str
) -> None:
    Path("directory").mkdir()
    Path("empty.json").touch()
    keep(PASSED, key)
    Path("other.json").write_bytes(seal("application/vnd.coffre.later+json", {}, key))

    ran = coffre("verify", *words, "--json")

    assert (ran.status, ran.codes) == (2, [code])


# --- tampering -------------------------------------------------------------------------------


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inside: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inside += value.items()
    elif isinstance(value, list):
        inside += enumerate(value)
    if path and not inside:
        yield path
    for name, inner in inside:
        yield from leaves(inner, (*path, name))


def opened(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    envelope = json.loads(Path(name).read_text())
    return envelope, json.loads(base64.b64decode(envelope["payload"]))


def test_every_field_that_is_changed_is_refused(coffre: Bench, key: PrivateKey) -> None:
    envelope, claims = opened(keep(mixed(), key))
    paths = list(leaves(claims))
    assert len(paths) > 40
    for path in paths:
        _, changed = opened("c.json")
        inner: Any = changed
        for name in path[:-1]:
            inner = inner[name]
        before = inner[path[-1]]
        inner[path[-1]] = before + 1 if isinstance(before, int | float) else f"{before}x"
        payload = base64.b64encode(json.dumps(changed).encode()).decode()
        Path("changed.json").write_text(json.dumps({**envelope, "payload": payload}))

        ran = coffre("verify", "changed.json", "--json")

        refused = ["document-unreadable"] if path == ("signer",) else ["not-genuine"]
        assert ran.codes == refused, path


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_file_with_a_changed_byte_never_says_anything_else(
    coffre: Bench, data: st.DataObject
) -> None:
    if not Path("c.json").exists():
        keep(PASSED, PrivateKey.make(Path("mine")))
    whole = Path("c.json").read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    Path("changed.json").write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])

    ran = coffre("verify", "changed.json", "--json")

    if ran.status == 0:
        assert ran.told == coffre("verify", "c.json", "--json").told
    else:
        assert ran.status in (1, 2)
        assert ran.codes


def test_a_tampered_certificate_ends_with_status_1(coffre: Bench, key: PrivateKey) -> None:
    envelope, claims = opened(keep(mixed(), key))
    claims["outcome"] = "passed"
    envelope["payload"] = base64.b64encode(json.dumps(claims).encode()).decode()
    Path("c.json").write_text(json.dumps(envelope))

    ran = coffre("verify", "c.json")

    assert ran.status == 1
    assert ran.out == ""
    assert "changed after it was sealed" in ran.err


def test_without_the_library_it_says_what_to_install(
    coffre: Bench, key: PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = keep(PASSED, key)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)

    ran = coffre("verify", name, "--json")

    assert (ran.status, ran.codes) == (2, ["signing-missing"])
    assert "coffre[certificate]" in ran.err


def test_the_command_needs_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: PrivateKey
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["verify", keep(PASSED, key)]) == 0
