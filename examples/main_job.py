"""The main job, on real files: store a directory on two offers, read it back, audit every copy.

This is ``make run``, and it is what an application does: the command line to store and to audit,
the Python interface to read. Nothing is taken on trust: what comes back is compared with the
source by this script, with hashlib, and not by coffre.

    python examples/main_job.py --source docs --work build/run

Leaves the offers, the ledger and the copies read back in the work directory, to be looked at.
Exit status: 0 when everything was stored, read back equal and audited without a finding.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import coffre

SHOWN = 8
"""Objects printed one by one; the others are in the totals."""
MARKER = ".coffre-main-job"
"""Says that a work directory is ours to empty."""
COFFRE = Path(sys.executable).with_name("coffre")

Line = dict[str, object]
"""One JSON line printed by a command."""


PART = 1
"""Exit status of a command that found something, or did only a part."""


def run_coffre(work: Path, *arguments: str) -> list[Line]:
    """Run one command in the work directory, where ``coffre.toml`` is; stop if it fails."""
    command = [str(COFFRE), *arguments, "--json"]
    done = subprocess.run(command, cwd=work, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, PART):
        sys.exit(f"coffre {arguments[0]} ended with status {done.returncode}:\n{done.stdout}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def prepare(work: Path) -> None:
    """Make the work directory, or empty the one a former run left; never anybody else's."""
    if work.exists() and any(work.iterdir()) and not (work / MARKER).exists():
        sys.exit(f"{work} is not empty and was not made by this script; choose another one")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (work / MARKER).touch()


def sha512_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha512").hexdigest()


def read_back(engine: coffre.Engine, ref: str, destination: Path) -> None:
    """Write one object where its file stood in the source."""
    tenant, container, identifier = ref.split("/")
    destination.parent.mkdir(parents=True, exist_ok=True)
    reference = coffre.ObjectRef(tenant=int(tenant), container=container, identifier=identifier)
    with engine.get(reference) as reader, destination.open("wb") as out:
        shutil.copyfileobj(reader, out, 1 << 20)


def read_back_all(work: Path, source: Path, stored: list[Line]) -> int:
    """Read every object back beside its source and compare; return how many differ."""
    different = 0
    with coffre.open(work / "coffre.toml") as engine:
        for line in stored:
            original = Path(str(line["name"]))
            copy = work / "read-back" / original.relative_to(source)
            read_back(engine, str(line["ref"]), copy)
            if sha512_of(copy) != sha512_of(original):
                different += 1
                print(f"  DIFFERENT  {original}")
    return different


def show(stored: list[Line]) -> None:
    for line in stored[:SHOWN]:
        digest = str(line["digest"])
        print(
            f"  {line['size']:>10}  {digest[:24]}…  "
            f"{line['verified']} copies, {line['evidence']}  {line['ref']}"
        )
    if len(stored) > SHOWN:
        print(f"  {'…':>10}  and {len(stored) - SHOWN} more")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--source", type=Path, default=Path("docs"), help="directory to store")
    parser.add_argument("--work", type=Path, default=Path("build/run"), help="where to work")
    options = parser.parse_args()
    source, work = options.source.resolve(), options.work.resolve()
    if not source.is_dir():
        sys.exit(f"{source} is not a directory")
    prepare(work)

    started = time.monotonic()
    run_coffre(work, "init", "--quiet")
    told = run_coffre(work, "put", "-r", str(source))
    stored = [line for line in told if "ref" in line]
    refused = sum("error" in line for line in told)
    put_seconds = time.monotonic() - started
    size = sum(int(str(line["size"])) for line in stored)
    print(
        f"stored   {len(stored)} objects, {size} bytes, in {put_seconds:.2f} s; {refused} refused"
    )
    show(stored)

    started = time.monotonic()
    different = read_back_all(work, source, stored)
    seconds = time.monotonic() - started
    print(f"read     {len(stored)} objects back in {seconds:.2f} s: {different} differ")

    started = time.monotonic()
    summary = run_coffre(work, "audit")[-1]["summary"]
    assert isinstance(summary, dict)
    seconds = time.monotonic() - started
    print(
        f"audited  {summary['copies']} copies of {summary['objects']} objects in {seconds:.2f} s: "
        f"{summary['verified']} verified ({summary['evidence']}), {summary['findings']} findings"
    )
    print(f"look at  {work}")
    return 1 if different or refused or summary["findings"] or not stored else 0


if __name__ == "__main__":
    sys.exit(main())
