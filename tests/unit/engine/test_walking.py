"""A directory is walked in one order, and every entry in it is accounted for."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.contract import InvalidReferenceError
from coffre.engine.items import PutItem
from coffre.engine.outcomes import Refusal
from coffre.engine.walking import Tree, Walked, file_item, walk


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "docs"
    (root / "b").mkdir(parents=True)
    for name in ("z.txt", "a.txt", "b/inner.txt"):
        (root / name).write_text(name)
    return root


def walked(root: Path, *excluded: Path) -> list[Walked]:
    return list(walk(Tree.of(root, tenant=0, container="object", excluded=excluded)))


def items(found: list[Walked]) -> dict[str, PutItem]:
    return {one.ref.identifier: one for one in found if isinstance(one, PutItem)}


def refused(found: list[Walked]) -> dict[str, str]:
    return {Path(one.name).name: one.error.message for one in found if isinstance(one, Refusal)}


def test_files_come_sorted_under_the_name_of_the_directory(tree: Path) -> None:
    assert list(items(walked(tree))) == ["docs@@a.txt", "docs@@b@@inner.txt", "docs@@z.txt"]


def test_an_item_says_where_it_comes_from_and_keeps_its_name(tree: Path) -> None:
    item = items(walked(tree))["docs@@b@@inner.txt"]

    assert item.source == item.name == str(tree / "b" / "inner.txt")
    assert item.metadata == {"name": "docs/b/inner.txt"}


def test_a_tree_named_by_a_dot_takes_its_own_name(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)

    assert list(items(walked(Path()))) == list(items(walked(tree)))


def test_a_name_that_is_no_text_is_walked_like_any_other(tree: Path) -> None:
    path = os.fsencode(tree) + b"/pr\xe9.txt"
    with open(path, "wb"):
        pass

    item = items(walked(tree))["docs@@pr@E9.txt"]

    assert os.fsencode(item.name) == path
    assert item.metadata["name-hex"] == b"docs/pr\xe9.txt".hex()


def test_a_link_to_a_file_inside_is_that_file(tree: Path) -> None:
    (tree / "link").symlink_to("b/inner.txt")

    item = items(walked(tree))["docs@@link"]

    assert item.source == str(tree / "b" / "inner.txt")
    assert item.metadata == {"name": "docs/link", "link": "b/inner.txt"}


def test_links_that_lead_elsewhere_are_refused_and_say_why(tree: Path) -> None:
    (tree / "out").symlink_to("/etc/hostname")
    (tree / "above").symlink_to("../../secret")
    (tree / "gone").symlink_to("nothing")
    (tree / "loop").symlink_to("loop")
    (tree / "back").symlink_to(".")

    said = refused(walked(tree))

    assert "leads out of the directory" in said["out"]
    assert "leads out of the directory" in said["above"]
    assert "a broken link: No such file" in said["gone"]
    assert "a broken link: Too many levels" in said["loop"]
    assert "link to a directory" in said["back"]
    assert len(said) == 5


def test_a_sibling_with_the_same_beginning_is_outside(tree: Path) -> None:
    other = tree.with_name("docs-private")
    other.mkdir()
    (other / "key").touch()
    (tree / "link").symlink_to("../docs-private/key")

    assert "leads out" in refused(walked(tree))["link"]


def test_what_has_no_bytes_is_refused_without_being_opened(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(tree / "plug"))
    (tree / "to-pipe").symlink_to("pipe")

    said = refused(walked(tree))

    assert "a fifo has no bytes" in said["pipe"]
    assert "a socket has no bytes" in said["plug"]
    assert "a link to a fifo" in said["to-pipe"]


def test_a_directory_that_cannot_be_read_is_refused_and_the_walk_goes_on(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def locked(path: bytes) -> Iterator[os.DirEntry[bytes]]:
        if path.endswith(b"/b"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)

    found = walked(tree)

    assert refused(found) == {"b": f"{tree}/b: Permission denied"}
    assert list(items(found)) == ["docs@@a.txt", "docs@@z.txt"]


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(walked(tmp_path / "none"))["none"]


def test_an_offer_inside_the_tree_is_not_stored_in_itself(tree: Path) -> None:
    (tree / "b" / ".coffre").mkdir()
    (tree / "b" / ".coffre" / "offer.json").touch()

    found = walked(tree)

    assert "not stored in itself" in refused(found)["b"]
    assert list(items(found)) == ["docs@@a.txt", "docs@@z.txt"]


def test_what_coffre_uses_itself_is_left_out_and_told(tree: Path) -> None:
    (tree / "link").symlink_to("z.txt")

    found = walked(tree, tree / "z.txt")

    assert refused(found).keys() == {"z.txt", "link"}
    assert list(items(found)) == ["docs@@a.txt", "docs@@b@@inner.txt"]


def test_a_single_file_takes_its_own_name(tree: Path) -> None:
    item = file_item(tree / "b" / "inner.txt", tenant=3, container="report")

    assert str(item.ref) == "3/report/inner.txt"
    assert item.metadata == {"name": "inner.txt"}


def test_a_path_without_a_last_name_names_no_object() -> None:
    with pytest.raises(InvalidReferenceError):
        file_item("/", tenant=0, container="object")


def test_a_file_in_use_is_left_out_wherever_it_is_and_by_whatever_link(tree: Path) -> None:
    (tree / "b" / "ledger.db").write_bytes(b"changing")
    (tree / "link").symlink_to("b/ledger.db")
    (tree / "ledger.db").write_bytes(b"of the same name elsewhere")

    found = walked(tree, tree / "b" / "ledger.db")

    assert set(items(found)) == {
        "docs@@a.txt",
        "docs@@b@@inner.txt",
        "docs@@ledger.db",
        "docs@@z.txt",
    }
    assert (
        sum("in use by coffre" in one.error.message for one in found if type(one) is Refusal) == 2
    )


def test_real_paths_are_looked_for_once_a_directory_and_not_for_each_file(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (tree / "b" / f"{number}").write_bytes(b"")
    named = Tree.of(tree, tenant=0, container="object", excluded=[tree / "x"])
    realpath, asked = os.path.realpath, []

    def counted(path: bytes) -> bytes:
        asked.append(path)
        return realpath(path)

    monkeypatch.setattr(os.path, "realpath", counted)

    assert len(list(walk(named))) == 23
    assert len(asked) == 3, "the root, then each of the two directories"
