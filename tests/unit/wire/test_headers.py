"""Headers: sections 2.1, 2.2, 5.4 and 5.5 of the protocol, value by value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import DigestAlgorithm
from coffre.wire import HeaderError, NegativeLengthError, headers

NOT_ONE_NUMBER = ["", " 1", "1 ", "+1", "01", "1.0", "1e3", "0x1", "1,1", "1, 1", "١", "one", "--1"]


@given(st.integers(0, 2**31 - 1))
def test_a_tenant_is_read_as_it_is_written(tenant: int) -> None:
    assert headers.read_tenant(str(tenant)) == tenant


@pytest.mark.parametrize("value", [None, "-1", "000", "0,1", str(2**31), *NOT_ONE_NUMBER])
def test_a_tenant_has_one_spelling(value: str | None) -> None:
    with pytest.raises(HeaderError, match="X-Tenant-Id"):
        headers.read_tenant(value)


@given(st.integers(0, 2**63 - 1))
def test_a_length_is_read_as_it_is_written(length: int) -> None:
    assert headers.read_length(str(length)) == length


@pytest.mark.parametrize(
    "value", [None, str(2**63), "9" * 5000, "-0x1", "-", "-1.5", *NOT_ONE_NUMBER]
)
def test_a_length_is_a_whole_number_of_64_bits(value: str | None) -> None:
    with pytest.raises(HeaderError) as caught:
        headers.read_length(value)

    assert not isinstance(caught.value, NegativeLengthError)


def test_a_negative_length_is_told_apart() -> None:
    with pytest.raises(NegativeLengthError):
        headers.read_length("-1")


@pytest.mark.parametrize(
    ("value", "flag"),
    [("true", True), ("TRUE", True), ("True", True), ("false", False), ("yes", False), ("", False)],
)
def test_any_flag_that_is_not_true_is_false(value: str, flag: bool) -> None:
    assert headers.read_flag(value, headers.NO_CACHE) is flag


def test_a_flag_that_is_missing_is_not_false() -> None:
    with pytest.raises(HeaderError, match="X-Offer-No-Cache"):
        headers.read_flag(None, headers.NO_CACHE)


@pytest.mark.parametrize("flag", [True, False])
def test_flags_come_back(flag: bool) -> None:
    assert headers.read_flag(headers.write_flag(flag), headers.CROSS_TENANT) is flag


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("MD5", DigestAlgorithm.MD5),
        ("SHA-256", DigestAlgorithm.SHA256),
        ("SHA-384", DigestAlgorithm.SHA384),
        ("SHA-512", DigestAlgorithm.SHA512),
    ],
)
def test_algorithms_have_the_names_of_the_protocol(name: str, algorithm: DigestAlgorithm) -> None:
    assert headers.read_algorithm(name) is algorithm
    assert headers.write_algorithm(algorithm) == name


@pytest.mark.parametrize("name", [None, "", "sha-512", "SHA512", "SHA-1", "SHA-512 ", "\n" * 99])
def test_an_algorithm_is_spelled_exactly(name: str | None) -> None:
    with pytest.raises(HeaderError, match="X-digest-algorithm") as caught:
        headers.read_algorithm(name)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("algorithm", [DigestAlgorithm.SHA3_512, DigestAlgorithm.BLAKE2B])
def test_an_algorithm_that_the_protocol_does_not_know_is_not_sent(
    algorithm: DigestAlgorithm,
) -> None:
    with pytest.raises(HeaderError, match="no name"):
        headers.write_algorithm(algorithm)


@pytest.mark.parametrize(
    ("value", "free"), [("0", 0), ("12", 12), ("-1", None), (None, None), ("much", None)]
)
def test_space_that_is_not_known_is_not_made_up(value: str | None, free: int | None) -> None:
    assert headers.read_usable_space(value) == free


@given(st.none() | st.integers(0, 2**63 - 1))
def test_usable_space_comes_back(free: int | None) -> None:
    assert headers.read_usable_space(headers.write_usable_space(free)) == free


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("aeeaaaaaacemajroabcdefghijklmnopqraq", True),
        (None, False),
        ("", False),
        ("two words", False),
        ("line\nbreak", False),
        ("a" * 129, False),
    ],
)
def test_a_request_id_is_repeated_only_when_it_fits_a_log(value: str | None, kept: bool) -> None:
    assert headers.read_request_id(value) == (value if kept else None)
