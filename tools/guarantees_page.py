"""Make docs/reference/guarantees.md from what was seen on the servers under test.

    export COFFRE_GUARANTEES=docs/reference/guarantees
    make test-servers TESTS="-k test_guarantees"
    python -m tools.guarantees_page

The second command probes each server and writes one file for it, without addresses or paths; the
third one makes the page of these files, and so does `make docs`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from coffre.conformance.duties import duty_of
from coffre.contract import Capability
from coffre.probe import BASIC, Guarantee, ProbeRecord
from coffre.probe.guarantees import day

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / "docs" / "reference" / "guarantees"
PAGE = ROOT / "docs" / "reference" / "guarantees.md"
ABREAST = 5
"""Servers that stand beside each other in a table."""

HEAD = Path(__file__).with_name("guarantees_head.md")
"""What the page says before its tables."""


# --- records -------------------------------------------------------------------------------------


def write_record(
    path: Path,
    record: ProbeRecord,
    found: Sequence[Guarantee],
    *,
    server: str,
    server_version: str,
) -> None:
    """Keep what was seen of one server, without where it was."""
    told = {
        "server": server,
        "server_version": server_version,
        "driver": record.subject.driver,
        "driver_version": record.subject.version,
        "day": day(record.at),
        "coffre": record.coffre,
        "part_size": record.part_size,
        "guarantees": {one.name: str(one.state) for one in found},
        "disproved": {one.name: one.trial for one in found if not one.effective},
    }
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def read_records(directory: Path = RECORDS) -> list[Mapping[str, object]]:
    """What was seen of every server, by the name of its file."""
    return [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted(directory.glob("*.json"))
    ]


# --- the page ------------------------------------------------------------------------------------


def guarantees_page(directory: Path = RECORDS) -> str:
    """The whole page."""
    records = read_records(directory)
    lines = [
        HEAD.read_text(encoding="utf-8"),
        *_meanings(),
        "",
        "## As seen on real servers",
        "",
        *_servers(records),
        "",
    ]
    for at in range(0, len(records), ABREAST):
        lines += [*_table(records[at : at + ABREAST], at), ""]
    lines += list(_disproved(records))
    return "\n".join(lines).rstrip() + "\n"


def _meanings() -> Iterator[str]:
    yield "| guarantee | means |"
    yield "|---|---|"
    for name in BASIC:
        yield f"| `{name}` | {duty_of(name).text} |"
    for capability in Capability:
        yield f"| `{capability.value}` | {_meaning(capability)} |"


def _meaning(capability: Capability) -> str:
    """What the duties of a capability say; those without a duty have no service yet."""
    from coffre.conformance.duties import DUTIES

    texts = [duty.text for duty in DUTIES.values() if duty.profile == capability.value]
    return " ".join(texts) or "Not tried: it has no duty of its own."


def _servers(records: Sequence[Mapping[str, object]]) -> Iterator[str]:
    yield "| | driver | server | probed | parts of |"
    yield "|---|---|---|---|---|"
    for number, one in enumerate(records, start=1):
        server = f"{one['server']}, {one['server_version']}".removesuffix(", ")
        size = f"{int(str(one['part_size'])) / 2**20:.0f} MiB"
        driver = f"`{one['driver']}` {one['driver_version']}"
        yield f"| {number} | {driver} | {server} | {one['day']} | {size} |"


def _table(records: Sequence[Mapping[str, object]], before: int) -> Iterator[str]:
    numbers = [f"{before + at}: {one['driver']}" for at, one in enumerate(records, start=1)]
    yield f"| guarantee | {' | '.join(numbers)} |"
    yield "|---|" + "---|" * len(records)
    for name in (*BASIC, *sorted(str(one) for one in Capability)):
        states = [_states(one).get(name, "") for one in records]
        if any(states):
            yield f"| `{name}` | {' | '.join(state or '-' for state in states)} |"


def _states(record: Mapping[str, object]) -> Mapping[str, str]:
    states = record["guarantees"]
    assert isinstance(states, dict)
    return states


def _disproved(records: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """The trials that failed, below the tables."""
    for number, one in enumerate(records, start=1):
        failed = one["disproved"]
        assert isinstance(failed, dict)
        for name, trial in failed.items():
            yield f"- {number}: `{name}` was disproved by `{trial}`."


def main() -> None:
    PAGE.write_text(guarantees_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
