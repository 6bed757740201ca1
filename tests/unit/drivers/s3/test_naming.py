"""Names of buckets and keys: no two references share one, and each says which it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import ContainerEntry, ObjectRef, ParameterError, UnsupportedOperationError
from coffre.drivers.s3.naming import BucketNaming, PrefixNaming, container_entry

names = st.from_regex(r"[A-Za-z0-9_@-]{1,10}(\.[A-Za-z0-9_@-]{1,6}){0,2}", fullmatch=True)
refs = st.builds(
    lambda tenant, container, name: ObjectRef(
        tenant=tenant, container=container, identifier=f"x{name}"
    ),
    st.integers(0, 2**31 - 1),
    names,
    names,
)


@given(st.lists(refs, unique=True, min_size=2, max_size=8))
def test_no_two_references_share_a_key(many: list[ObjectRef]) -> None:
    for naming in (PrefixNaming("archive", "a/b/"), BucketNaming("archive", "")):
        assert len({naming.place(ref) for ref in many}) == len(many)


@given(st.lists(refs, unique=True, min_size=2, max_size=8))
def test_keys_of_a_container_are_in_the_order_of_their_identifiers(many: list[ObjectRef]) -> None:
    same = [
        ObjectRef(tenant=0, container="object", identifier=name)
        for name in sorted({ref.identifier for ref in many})
    ]
    keys = [PrefixNaming("archive", "p/").place(ref).key.encode() for ref in same]
    assert keys == sorted(keys)


@given(refs)
def test_a_bucket_says_which_container_it_is(ref: ObjectRef) -> None:
    naming = BucketNaming("archive", "")
    found = naming.entry(naming.place(ref).bucket)
    assert found == ContainerEntry(tenant=ref.tenant, container=ref.container)


@given(refs)
def test_every_bucket_can_be_one(ref: ObjectRef) -> None:
    bucket = BucketNaming("archive", "").place(ref).bucket
    PrefixNaming(bucket, "")  # refuses what cannot


def test_what_is_the_drivers_own_is_nobodys_object() -> None:
    own = PrefixNaming("archive", "p/").own("large/x")
    assert own == ("archive", "p/.coffre/large/x")
    assert container_entry(".coffre", "large") is None


@pytest.mark.parametrize(
    "bucket",
    [
        "archive",
        "other-0-object",
        "archive-x-object",
        "archive-00-object",
        "archive-0",
        "archive-0-",
        "archive-0-Object",
        "archive-0--not-base-32!",
        "archive-0--nfxgk",  # base 32 of a name that would stand as it is
    ],
)
def test_a_bucket_that_is_not_ours_is_no_container(bucket: str) -> None:
    assert BucketNaming("archive", "").entry(bucket) is None


def test_a_container_that_is_too_long_for_a_bucket_is_refused() -> None:
    ref = ObjectRef(tenant=0, container="A" * 40, identifier="x")
    with pytest.raises(UnsupportedOperationError, match="layout"):
        BucketNaming("archive", "").place(ref)


@pytest.mark.parametrize("stem", ["archive-1", "archive-1-x"])
def test_a_stem_that_could_be_another_offers_bucket_is_refused(stem: str) -> None:
    with pytest.raises(ParameterError):
        BucketNaming(stem, "")


def test_a_bucket_for_each_container_has_no_prefix() -> None:
    with pytest.raises(ParameterError):
        BucketNaming("archive", "a/")


@pytest.mark.parametrize("bucket", ["", "ab", "Archive", "a_b", "-ab", "a" * 64, "a/b"])
def test_what_cannot_be_a_bucket_is_refused(bucket: str) -> None:
    with pytest.raises(ParameterError):
        PrefixNaming(bucket, "")


def test_a_prefix_leaves_room_for_the_longest_names() -> None:
    naming = PrefixNaming("archive", "p" * 399 + "/")
    ref = ObjectRef(tenant=2**31 - 1, container="c" * 255, identifier="i" * 255)
    aside = naming.own(f"records/{ref.tenant}/{ref.container}/{ref.identifier}/{'0' * 32}")
    assert len(aside.key) <= 1024
    with pytest.raises(ParameterError):
        PrefixNaming("archive", "p" * 400 + "/")
