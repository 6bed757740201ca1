"""The installed command tries real drivers, leaves nothing behind, and certifies what it saw."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.conftest import LONGEST, Archive

DISK = ("conform", "filesystem", "--url", "scratch")


@pytest.fixture
def place(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def objects_of(offer: Path) -> list[str]:
    """Files that stand for objects: everything but what the offer keeps for itself."""
    found = (path.relative_to(offer) for path in offer.rglob("*") if path.is_file())
    return [str(path) for path in found if path.parts[0] != ".coffre" and len(path.parts) > 1]


def test_a_new_offer_in_a_directory_is_made_tried_and_left_empty(place: Archive) -> None:
    ran = place(*DISK, "--prepare", "--profile", "metadata", "--profile", "bulk-put", "--seed", "1")

    assert ran.status == 0, ran.out.decode() + ran.err
    assert [line.split()[:2] for line in ran.lines[1:3]] == [
        ["metadata", "passed"],
        ["bulk-put", "passed"],
    ]
    assert objects_of(place.home / "scratch") == []


def test_an_offer_that_is_not_there_ends_with_status_6_and_is_not_made(place: Archive) -> None:
    ran = place(*DISK, "--json")

    assert (ran.status, ran.codes) == (6, ["offer-unavailable"])
    assert "--prepare" in ran.err
    assert not (place.home / "scratch").exists()


def test_what_others_keep_on_the_offer_is_not_touched(archive: Archive) -> None:
    archive.file("charter", b"We, the people")
    assert archive("put", "charter").status == 0
    offer = next(path for path in (archive.home / "offers").iterdir() if objects_of(path))
    before = {name: (offer / name).stat() for name in objects_of(offer)}

    ran = archive("conform", "filesystem", "--url", str(offer), "--only", "put.[a-e]*", "--json")

    assert ran.status == 0, ran.err
    assert {name: (offer / name).stat() for name in objects_of(offer)} == before
    assert archive("audit", "-q").status == 0


def test_a_program_that_is_a_driver_is_tried_like_any_other(place: Archive) -> None:
    source = Path(__file__).parents[3] / "examples" / "process_driver.c"
    if shutil.which("cc") is None or not source.exists():
        pytest.skip("there is no C compiler, or no program to compile")
    subprocess.run(["cc", "-O1", "-o", place.home / "driver", source], check=True)

    ran = place(
        *("conform", "process", "--url", "file:west", "--only", "put.conflict", "--json"),
        *("--param", f"command='{place.home}/driver'", "--param", "options=create=true"),
    )

    assert ran.status == 0, ran.out.decode() + ran.err
    (report,) = ran.told
    assert report["service"] == f"file://{place.home}/west"


def test_ctrl_c_ends_with_what_is_known_and_a_clean_offer(place: Archive) -> None:
    offer = place.home / "scratch"
    assert place(*DISK, "--prepare", "--only", "put.conflict").status == 0

    with place._started([*DISK, "--profile", "core", "--report", "page.html", "--json"]) as process:
        while process.poll() is None and not objects_of(offer):
            continue
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LONGEST)

    assert process.returncode == 1, err.decode()
    report = json.loads(out)
    reasons = {one["reason"] for one in report["verdicts"]}
    assert "somebody stopped the run" in reasons
    assert report["tally"]["failed"] == 0
    assert b"stopping after what is in hand" in err
    assert b"Traceback" not in err
    assert objects_of(offer) == []
    assert "somebody stopped the run" in (place.home / "page.html").read_text()


def test_a_certificate_is_checked_by_somebody_else_without_a_network(place: Archive) -> None:
    made = place("conform", "--new-key", "me.pem", "--json")
    (told,) = made.told
    public = str(told["public_key"])
    run = place(
        *(*DISK, "--prepare", "--profile", "metadata", "--certificate", "c.json"),
        *("--key", "me.pem", "--badge", "badge.svg"),
    )
    assert run.status == 0, run.err

    assert place("verify", "c.json", "--key", public).status == 0
    envelope: dict[str, Any] = json.loads((place.home / "c.json").read_text())
    document = json.loads(base64.b64decode(envelope["payload"]))
    assert document["service"] == {"url": str(place.home / "scratch")}

    document["service"]["url"] = "elsewhere"
    envelope["payload"] = base64.b64encode(json.dumps(document).encode()).decode()
    (place.home / "c.json").write_text(json.dumps(envelope))
    changed = place("verify", "c.json", "--key", public, "--json")
    assert (changed.status, changed.codes) == (1, ["not-genuine"])


def test_openssl_checks_a_certificate_too(place: Archive) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl")
    place("conform", "--new-key", "me.pem")
    run = place(
        *(*DISK, "--prepare", "--profile", "metadata", "--certificate", "c.json"),
        *("--key", "me.pem"),
    )
    assert run.status == 0, run.err
    envelope = json.loads((place.home / "c.json").read_text())
    kind, payload = envelope["payloadType"].encode(), base64.b64decode(envelope["payload"])
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    (place.home / "signed").write_bytes(signed)
    (place.home / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))

    words = ("-inkey", "me.pem", "-in", "signed", "-sigfile", "sig")
    done = subprocess.run(
        [*("openssl", "pkeyutl", "-verify", "-rawin"), *words],
        cwd=place.home,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
