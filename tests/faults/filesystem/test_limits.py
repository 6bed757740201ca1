"""Full, small, read-only and absent disks: the right error, no trace, and life goes on."""

from __future__ import annotations

import json

import pytest

from tests.faults.filesystem.apart import run_apart

pytestmark = [pytest.mark.slow]


def case(name: str) -> dict[str, object]:
    return dict(json.loads(run_apart("tests.faults.filesystem.limited", name)))


def test_what_does_not_fit_leaves_nothing_and_the_next_one_is_stored() -> None:
    assert case("no_space") == {
        "answers": ["stored 2097152", "offer-full", "stored 524288", "stored 3145728"],
        "files": ["small", "too-large"],
    }


def test_one_that_does_not_fit_does_not_stop_the_others() -> None:
    assert case("no_space_in_bulk") == {
        "answers": ["stored", "offer-full", "stored"],
        "files": ["a", "c"],
    }


def test_an_offer_without_room_for_another_name_is_full() -> None:
    assert case("no_inodes") == {"answers": ["offer-full", "stored 10"], "last": "offer-full"}


def test_a_read_only_offer_can_be_read_and_refuses_the_rest() -> None:
    assert case("read_only") == {
        "answers": ["stored 10", "forbidden", "forbidden", "bbbbbbbbbb"],
        "available": True,
    }


def test_a_disk_that_is_away_is_not_an_empty_offer() -> None:
    assert case("unmounted") == {
        "answers": ["stored 10", "offer-unavailable", "offer-unavailable"],
        "left": [],
    }


def test_a_record_is_kept_where_files_have_no_attributes() -> None:
    assert case("no_attributes") == {"metadata": {"name": "A"}, "recorded": "sha512"}


def test_an_object_longer_than_files_may_be_is_refused_whole() -> None:
    assert case("file_size_limit") == {"answers": ["offer-full", "stored 10"], "files": ["small"]}


def test_few_open_files_make_smaller_groups_and_none_at_all_an_offer_unavailable() -> None:
    assert case("open_files_limit") == {
        "answers": ["offer-unavailable"],
        "stored": 100,
        "files": 101,
    }
