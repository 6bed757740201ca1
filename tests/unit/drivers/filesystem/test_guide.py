"""The archive outlives its software: a person reads it back with the text in its root."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coffre.contract import DigestAlgorithm
from coffre.tree import GUIDE, GUIDE_NAME
from tests.unit.drivers.filesystem.conftest import connect, request_of

SCRIPT = Path(__file__).with_name("restore_by_hand.py")
LINES_ALLOWED = 200

HOLDINGS = {
    "charter.pdf": b"charter" * 1000,
    "empty": b"",
    "x" * 255: b"a long name",
    "A": b"upper",
    "a": b"lower",
}


def fill(root: Path, records: str) -> None:
    with connect(root, records=records) as connection:
        for algorithm, (name, data) in zip(DigestAlgorithm, HOLDINGS.items(), strict=False):
            metadata = {"name": f"été/{name}\n"}
            connection.put(request_of(name, data, metadata=metadata, algorithm=algorithm))


def restore(root: Path, destination: Path) -> dict[str, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, root, destination], capture_output=True, check=True
    )
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("records", ["auto", "sidecar"])
def test_everything_is_read_back_without_this_software(
    root: Path, tmp_path: Path, records: str
) -> None:
    fill(root, records)

    report = restore(root, tmp_path / "restored")

    for name, data in HOLDINGS.items():
        assert (tmp_path / "restored/0/object" / name).read_bytes() == data
        assert report[f"0/object/{name}"] == {
            "state": "right",
            "metadata": {"name": f"été/{name}\n"},
        }
    assert len(report) == len(HOLDINGS)


def test_damage_is_seen_without_this_software(root: Path, tmp_path: Path) -> None:
    fill(root, "auto")
    (path,) = root.glob("0/object/*/charter.pdf")
    with path.open("r+b") as file:
        file.write(b"X")

    assert restore(root, tmp_path / "restored")["0/object/charter.pdf"]["state"] == "damaged"


def test_reading_it_back_takes_a_short_script_that_knows_nothing_of_us() -> None:
    text = SCRIPT.read_text(encoding="utf-8")

    assert len(text.splitlines()) < LINES_ALLOWED
    assert not re.search(r"^\s*(import|from) coffre", text, re.MULTILINE)


def test_a_copy_made_as_the_guide_says_is_an_offer(root: Path, tmp_path: Path) -> None:
    fill(root, "auto")
    copy = tmp_path / "copy"
    copy.mkdir()
    assert "cp -a /old/. /new/" in GUIDE
    subprocess.run(["cp", "-a", f"{root}/.", f"{copy}/"], check=True)

    with connect(copy) as connection:
        again = connection.put(request_of("charter.pdf", HOLDINGS["charter.pdf"]))

    assert again.already_there


def test_the_commands_of_the_guide_do_what_it_says(root: Path) -> None:
    fill(root, "auto")
    path = "0/object/88/charter.pdf"

    def shell(command: str) -> str:
        assert command in GUIDE
        done = subprocess.run(command, shell=True, cwd=root, capture_output=True, check=True)
        return done.stdout.decode()

    assert shell("printf %s charter.pdf | sha256sum | cut -c1-2") == "88\n"
    found = shell("find . -mindepth 4 -maxdepth 4 -type f -not -path './.coffre/*'").splitlines()
    assert {Path(line).name for line in found} == set(HOLDINGS)
    digest = shell(f"sha512sum {path}").split()[0]
    if shutil.which("getfattr") is None:
        pytest.skip("getfattr is not installed")
    record = json.loads(shell(f"getfattr --only-values -n user.coffre.record {path}"))
    assert record["digest"] == f"sha512:{digest}"


def test_the_guide_is_in_every_root_and_a_person_may_add_to_it(root: Path) -> None:
    fill(root, "auto")
    guide = root / GUIDE_NAME
    assert guide.read_text() == GUIDE
    guide.write_text(GUIDE + "Kept in room 12.\n")

    fill(root, "auto")

    assert guide.read_text().endswith("room 12.\n")
