"""``stat``, ``ls``, ``rm`` and ``offers``: what is held, and what is deleted by order."""

from __future__ import annotations

import pytest

from coffre.contract import ConnectionParameters, Secret
from coffre.engine import Deletion, DeletionOrder, Engine
from coffre.testing import MemoryDriver
from tests.unit.cli.conftest import Bench, ref


@pytest.fixture
def stored(coffre: Bench) -> Bench:
    for name in ("b.txt", "a.txt", "ab.txt"):
        coffre("put", coffre.file(name, name.encode()))
    return coffre


def test_stat_tells_each_copy_and_on_what_evidence(stored: Bench) -> None:
    ran = stored("stat", "a.txt")

    assert ran.status == 0
    assert ran.lines[0] == "object     0/object/a.txt"
    assert ran.lines[-3].split()[:3] == ["OFFER", "STATE", "EVIDENCE"]
    assert [line.split()[:2] for line in ran.lines[-2:]] == [
        ["north", "verified"],
        ["south", "verified"],
    ]


def test_stat_asks_the_offers_when_told_to(stored: Bench) -> None:
    stored.memory["south"].online = False

    told = stored("stat", "a.txt", "--ask", "--json").told[0]["copies"]

    assert isinstance(told, list)
    assert [copy["now"] for copy in told] == ["present", "offer-unavailable"]


def test_stat_of_what_is_not_stored_is_not_found(coffre: Bench) -> None:
    assert coffre("stat", "nothing").status == 3


def test_ls_is_sorted_and_takes_a_prefix_in_both_ways_of_writing(stored: Bench) -> None:
    def listed(*words: str) -> list[str]:
        return [line.split()[-1] for line in stored("ls", *words).lines]

    assert listed() == ["a.txt", "ab.txt", "b.txt"]
    assert listed("a") == listed("0/object/a") == ["a.txt", "ab.txt"]
    assert listed("--after", "ab.txt") == ["b.txt"]
    assert listed("1/object/") == []


def test_ls_tells_programs_everything(stored: Bench) -> None:
    told = stored("ls", "b", "--json").told

    assert [line["ref"] for line in told] == ["0/object/b.txt"]


def test_rm_deletes_by_an_order_that_is_told(stored: Bench) -> None:
    ran = stored("rm", "a.txt", "--reason", "asked by the owner", "--json")

    assert ran.status == 0
    assert ran.told[0].items() >= {"deleted": ["north", "south"], "owed": {}}.items()
    assert stored.memory["north"].bytes_of(ref("a.txt")) is None
    assert stored("stat", "a.txt").status == 3


@pytest.mark.parametrize(
    ("words", "status"),
    [((), 2), (("--reason", " "), 4), (("--reason", "x", "--author", ""), 4)],
    ids=str,
)
def test_rm_without_a_reason_or_an_author_deletes_nothing(
    stored: Bench, words: tuple[str, ...], status: int
) -> None:
    assert stored("rm", "a.txt", *words).status == status
    assert stored.memory["north"].bytes_of(ref("a.txt")) is not None


def test_rm_where_nothing_is_ever_deleted_is_forbidden(coffre: Bench) -> None:
    coffre("put", coffre.file("log"), "--container", "logbook")

    ran = coffre("rm", "log", "--container", "logbook", "--reason", "x", "--json")

    assert (ran.status, ran.codes) == (4, ["forbidden"])


def test_rm_that_an_offer_owes_is_part_done_and_says_how_to_finish(stored: Bench) -> None:
    stored.memory["south"].online = False

    ran = stored("rm", "a.txt", "--reason", "x")

    assert ran.status == 1
    assert "1 copy (north), 1 owed" in ran.out
    assert "run coffre repair" in ran.err


def test_rm_in_a_dry_run_deletes_nothing(stored: Bench) -> None:
    ran = stored("rm", "a.txt", "--reason", "x", "--dry-run")

    assert ran.lines == ["would delete  0/object/a.txt  on north, south"]
    assert stored.memory["north"].bytes_of(ref("a.txt")) is not None


def test_the_author_of_an_order_is_whoever_is_logged_in_unless_told(
    stored: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    orders: list[DeletionOrder] = []
    delete = Engine.delete

    def noting(engine: Engine, order: DeletionOrder) -> Deletion:
        orders.append(order)
        return delete(engine, order)

    monkeypatch.setattr(Engine, "delete", noting)
    stored("rm", "a.txt", "--reason", "x")
    stored("rm", "b.txt", "--reason", "x", "--author", "grace")

    assert [order.author for order in orders] == ["ada", "grace"]


def test_offers_are_listed_without_being_asked(coffre: Bench) -> None:
    coffre.memory["south"].online = False

    ran = coffre("offers", "--json")

    assert ran.status == 0
    assert [line["id"] for line in ran.told] == ["north", "south"]
    assert "available" not in ran.told[0]


def test_an_offer_that_does_not_answer_ends_the_check_with_its_status(coffre: Bench) -> None:
    coffre.memory["south"].online = False

    ran = coffre("offers", "--check")

    assert ran.status == 6
    assert [line.split()[4] for line in ran.lines[1:]] == ["yes", "no"]
    assert "south does not answer: " in ran.err
    assert "[offer-unavailable]" in ran.err
    told = coffre("offers", "--check", "--json").told[1]
    assert told["available"] is False
    assert str(told["message"]) in ran.err


def test_an_offer_whose_driver_says_no_is_not_told_as_usable(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryDriver, "is_available", lambda *_: False)

    ran = coffre("offers", "--check")

    assert ran.status == 6
    assert "would accept no session [offer-unavailable]" in ran.err


def test_a_list_shows_the_name_of_a_file_where_it_is_not_the_identifier(coffre: Bench) -> None:
    coffre("put", coffre.file("été.txt"))
    coffre("put", coffre.file("plain.txt"))

    lines = coffre("ls").lines

    assert lines[0].endswith("  @C3@A9t@C3@A9.txt  été.txt")
    assert lines[1].endswith("  plain.txt")
    assert not lines[1].endswith("plain.txt  plain.txt")


def test_a_check_tells_room_and_capabilities(coffre: Bench) -> None:
    told = coffre("offers", "--check", "--json").told[0]

    assert told["available"] is True
    assert isinstance(told["capabilities"], list)
    assert "metadata" in told["capabilities"]


def test_no_secret_of_an_offer_is_ever_printed(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = ConnectionParameters(
        url=f"memory://{coffre.home}/north", values=(("user", Secret("hunter2")),)
    )
    monkeypatch.setattr("coffre.offer.Offer.parameters", secret)
    monkeypatch.setattr(MemoryDriver, "is_available", lambda *_: True)

    for words in (("offers",), ("offers", "--json"), ("offers", "--check")):
        ran = coffre(*words)
        assert "hunter2" not in ran.out + ran.err
        assert "--check" in words or "Secret(***)" in ran.out
