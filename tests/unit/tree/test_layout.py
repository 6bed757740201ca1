"""Where things lie: decided without looking at any disk."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import InvalidReferenceError, ObjectRef
from coffre.tree import (
    PARTS,
    QUARANTINE,
    RECORDS,
    SERVICE,
    SHARDS,
    container_folder,
    is_container,
    is_identifier,
    is_tenant,
    part_path,
    place_of,
    quarantine_folder,
    record_place,
    shard_of,
)

IDENTIFIERS = st.from_regex(r"[A-Za-z0-9_@-]{1,20}(\.[A-Za-z0-9_@-]{1,20}){0,3}", fullmatch=True)


def ref_of(identifier: str) -> ObjectRef:
    return ObjectRef(tenant=7, container="object", identifier=identifier)


def test_an_object_lies_where_the_guide_says() -> None:
    # printf %s charter.pdf | sha256sum | cut -c1-2
    assert place_of(ref_of("charter.pdf")).path == "7/object/88/charter.pdf"


@given(IDENTIFIERS)
def test_the_shard_is_the_beginning_of_a_digest(identifier: str) -> None:
    assert shard_of(identifier) == sha256(identifier.encode()).hexdigest()[:2]
    assert shard_of(identifier) in SHARDS


@given(IDENTIFIERS.filter(lambda name: name not in {"logs", "metadatas"}))
def test_no_place_of_an_object_is_a_place_of_ours(identifier: str) -> None:
    place = place_of(ref_of(identifier))

    assert not place.path.startswith(SERVICE)
    assert ".." not in place.path.split("/")
    assert record_place(place).path == f"{RECORDS}/{place.path}"


def test_a_name_of_255_bytes_is_long_enough_for_its_record_too() -> None:
    place = place_of(ref_of("x" * 255))

    assert len(record_place(place).name) == 255


def test_what_is_not_an_object_is_below_one_folder() -> None:
    assert part_path("abc") == f"{PARTS}/abc.part"
    assert quarantine_folder(ref_of("a"), "now") == f"{QUARANTINE}/7/object/now"
    assert {path.split("/")[0] for path in (PARTS, QUARANTINE, RECORDS)} == {SERVICE}


@pytest.mark.parametrize("name", ["0", "7", "2147483647"])
def test_a_tenant_is_known_by_its_number(name: str) -> None:
    assert is_tenant(name)


@pytest.mark.parametrize("name", ["", "-1", "07", "a", ".coffre", "lost+found", "٣", "1\n"])
def test_what_is_not_a_tenant_is_passed_over(name: str) -> None:
    assert not is_tenant(name)


def test_names_found_on_a_disk_are_held_against_the_grammar() -> None:
    assert is_identifier("charter.pdf", "88")
    assert not is_identifier("charter.pdf", "89"), "it would be listed and never found"
    assert not is_identifier(".hidden", shard_of(".hidden"))
    assert not is_identifier("été", shard_of("été"))
    assert is_container("object")
    assert not is_container("..")


def test_no_folder_is_made_of_a_hostile_container() -> None:
    with pytest.raises(InvalidReferenceError):
        container_folder(0, "../../etc")


def test_every_shard_is_two_hexadecimal_digits() -> None:
    assert len(set(SHARDS)) == 256
    assert all(re.fullmatch("[0-9a-f]{2}", shard) for shard in SHARDS)
