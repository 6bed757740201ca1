"""A sealed document: any change is refused, whoever made it, and nothing hostile does harm."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coffre.seal import DocumentError, NotGenuineError, PrivateKey, SealError, seal, unseal
from coffre.seal.document import LARGEST, signed_bytes

KIND = "application/vnd.coffre.test+json"
CLAIMS = {
    "text": "é\n",
    "count": 3,
    "yes": True,
    "nothing": None,
    "list": [1, {"deep": ["x", 2.5]}],
    "empty": {},
}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> PrivateKey:
    return PrivateKey.make(tmp_path_factory.mktemp("keys") / "key")


@pytest.fixture(scope="module")
def sealed(key: PrivateKey) -> bytes:
    return seal(KIND, CLAIMS, key)


def test_what_was_sealed_comes_back_with_its_signer(key: PrivateKey, sealed: bytes) -> None:
    for expected in (None, key.public):
        document = unseal(sealed, expected=expected)

        assert document.kind == KIND
        assert document.signer == key.public
        assert document.claims == {"signer": str(key.public), **CLAIMS}


def test_another_key_than_expected_is_refused(tmp_path: Path, sealed: bytes) -> None:
    stranger = PrivateKey.make(tmp_path / "stranger").public

    with pytest.raises(NotGenuineError, match="another key"):
        unseal(sealed, expected=stranger)


def test_the_bytes_signed_are_those_that_dsse_prescribes() -> None:
    # The example of its specification, and one whose length in bytes is not that in characters.
    assert signed_bytes("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert signed_bytes("é", b"") == "DSSEv1 2 é 0 ".encode()


# --- tampering -------------------------------------------------------------------------------


def payload_of(envelope: dict[str, object]) -> bytes:
    return base64.b64decode(str(envelope["payload"]))


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a document, its branches as well as its leaves."""
    if path:
        yield path
    inside: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inside += value.items()
    elif isinstance(value, list):
        inside += enumerate(value)
    for name, inner in inside:
        yield from places(inner, (*path, name))


def changed(value: object, path: tuple[str | int, ...], change: Callable[[object], object]) -> None:
    """Change one place of a document."""
    *above, last = path
    for name in above:
        value = value[name]  # type: ignore[index]
    value[last] = change(value[last])  # type: ignore[index]


other_values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.integers(), max_size=2)
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_field_can_be_changed(key: PrivateKey, sealed: bytes, data: st.DataObject) -> None:
    envelope = json.loads(sealed)
    claims = json.loads(payload_of(envelope))
    path = data.draw(st.sampled_from(list(places(claims))))
    other = data.draw(other_values)
    before = json.dumps(claims)
    changed(claims, path, lambda _: other)
    if json.dumps(claims) == before:
        return
    envelope["payload"] = base64.b64encode(json.dumps(claims, indent=1).encode()).decode()

    with pytest.raises(SealError):
        unseal(json.dumps(envelope).encode())


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_part_of_the_envelope_can_be_changed(sealed: bytes, data: st.DataObject) -> None:
    envelope = json.loads(sealed)
    path = data.draw(st.sampled_from(list(places(envelope))))
    other = data.draw(other_values)
    before = json.dumps(envelope)
    changed(envelope, path, lambda _: other)
    if json.dumps(envelope) == before:
        return

    with pytest.raises(SealError):
        unseal(json.dumps(envelope).encode())


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_changed_byte_is_refused_or_changes_nothing(sealed: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(sealed) - 1))
    byte = data.draw(st.integers(0, 255))
    changed_bytes = sealed[:place] + bytes([byte]) + sealed[place + 1 :]
    try:
        document = unseal(changed_bytes)
    except SealError:
        return
    # White space between two members, which nobody reads.
    assert document == unseal(sealed)
    assert json.loads(changed_bytes) == json.loads(sealed)


def test_a_stranger_who_seals_it_anew_is_told_apart(
    tmp_path: Path, key: PrivateKey, sealed: bytes
) -> None:
    stranger = PrivateKey.make(tmp_path / "stranger")
    forged = seal(KIND, {**CLAIMS, "count": 4}, stranger)

    assert unseal(forged).signer == stranger.public
    with pytest.raises(NotGenuineError):
        unseal(forged, expected=key.public)


def test_a_stranger_cannot_pass_for_the_signer(tmp_path: Path, key: PrivateKey) -> None:
    stranger = PrivateKey.make(tmp_path / "stranger")
    forged = seal(KIND, {**CLAIMS, "signer": str(key.public)}, stranger)

    with pytest.raises(NotGenuineError):
        unseal(forged)


def test_a_signature_is_for_one_kind_of_document(sealed: bytes) -> None:
    envelope = json.loads(sealed)
    envelope["payloadType"] = "application/vnd.coffre.other+json"

    with pytest.raises(NotGenuineError, match="changed"):
        unseal(json.dumps(envelope).encode())


# --- what is no document ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"1",
        b"{}",
        b"[" * 100_000,
        b'{"payloadType": "a", "payload": "e30=", "signatures": []}',
        b'{"payloadType": "a", "payload": "!!!!", "signatures": [{"keyid": "", "sig": ""}]}',
        b'{"payloadType": "a", "payload": "e31=", "signatures": [{"keyid": "", "sig": ""}]}',
        b'{"payloadType": "a", "payload": "e30=", "signatures": [{"keyid": "", "sig": ""}]}',
        b'{"payloadType": "\\ud800", "payload": "e30=", "signatures": [{"keyid": "", "sig": ""}]}',
        b'{"a": NaN}',
        b'{"payload": 1, "payload": 2}',
        b" " * (LARGEST + 1),
    ],
    ids=range(14),
)
def test_what_is_no_document_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(DocumentError):
        unseal(data)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_at_all_end_well(data: bytes) -> None:
    with pytest.raises(DocumentError):
        unseal(data)


def test_a_name_that_comes_twice_is_refused(key: PrivateKey) -> None:
    signer = json.dumps(str(key.public))
    payload = f'{{"signer": {signer}, "outcome": "failed", "outcome": "passed"}}'.encode()
    envelope = {
        "payloadType": KIND,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [
            {
                "keyid": key.public.id,
                "sig": base64.b64encode(key.sign(signed_bytes(KIND, payload))).decode(),
            }
        ],
    }

    with pytest.raises(DocumentError, match="no JSON"):
        unseal(json.dumps(envelope).encode())
