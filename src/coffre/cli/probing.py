"""Guarantees on the command line: offers are probed, and what each really gives is shown."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from coffre.cli.errors import InterruptedJobError, UsageError
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus, status_of, status_of_job
from coffre.cli.wording import listed
from coffre.contract import CoffreError, as_text

if TYPE_CHECKING:
    from coffre.cli.interrupts import InterruptedJob
    from coffre.engine import Engine
    from coffre.probe import Guarantee, ProbeRecord, ProbeSettings, TrialRecord

ABREAST = 4
"""Offers that a table of guarantees shows beside each other: more are another table."""
NONE = "-"
"""Where an offer does not even declare something."""
_SIZE = re.compile(r"(\d+)([KMG]i?B?)?", re.ASCII)
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def size_of(text: str) -> int:
    """Bytes of ``9MiB``, ``64M`` or a bare number.

    Raises:
        UsageError: it is not written so.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise UsageError(f"{text!r} is no size: write 9MiB, 1GiB, or a number of bytes")
    return int(found[1]) * _UNITS[(found[2] or "")[:1]]


# --- probing -----------------------------------------------------------------------------------


def probe_offers(names: Sequence[str], args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """Probe one offer after the other; one that cannot be reached stops no other (law 12).

    Returns:
        ``PART`` when something was disproved, ``UNAVAILABLE`` when no offer could be tried.
    """
    from coffre.cli.interrupts import InterruptedJob

    settings = _settings(args)
    failures: set[ExitStatus] = set()
    done, broken = 0, 0
    with InterruptedJob(out) as interrupt:
        for name in names:
            try:
                record = _probe(name, settings, engine, out, interrupt)
            except CoffreError as error:
                failures.add(status_of(error))
                out.message(f"{name} could not be probed: {error.message} [{error.code}]")
                continue
            if interrupt.asked:
                raise InterruptedJobError(f"stopped while {name} was probed; nothing was recorded")
            done += 1
            broken += _tell(name, record, engine.guarantees(name), out)
    return ExitStatus.PART if broken else status_of_job(done, failures)


def _settings(args: Namespace) -> ProbeSettings:
    from coffre.probe import ProbeSettings

    size = None if args.part_size is None else size_of(args.part_size)
    return ProbeSettings(part_size=size, tenants=tuple(args.tenants or ()))


def _probe(
    name: str, settings: ProbeSettings, engine: Engine, out: Output, interrupt: InterruptedJob
) -> ProbeRecord:
    from coffre.cli.progress import counter
    from coffre.probe.trials import EVERY_TRIAL

    most = sum(len(check.cases) for check in EVERY_TRIAL)
    with counter(out, f"probing {name}", most, "trials") as bar:

        def reached(done: int, total: int, _last: TrialRecord) -> None:
            bar.reach(done + most - total, 0)  # what is not declared is passed over

        return engine.probe(
            name, settings=settings, progress=reached, stopped=lambda: interrupt.asked
        )


def _tell(name: str, record: ProbeRecord, found: Sequence[Guarantee], out: Output) -> int:
    """Say what was seen of one offer; how much was disproved."""
    broken = [one for one in found if not one.effective]
    for one in broken:
        out.message(f"{name}: {one.name} is disproved: {one.why} [{one.trial}]")
    for one in found:
        if str(one.state) == "declared":
            out.advice(f"{name}: {one.name} is declared, and no more: {one.why}")
    for sentence in record.left:
        out.advice(f"{name}: {sentence}")
    return len(broken)


# --- showing -----------------------------------------------------------------------------------


def described_guarantees(name: str, engine: Engine) -> dict[str, object]:
    """What one offer gives, for ``--json``."""
    found = engine.guarantees(name)
    record = engine.last_probe(name)
    return {
        "standing": engine.offers[name].standing.word,
        "puts": engine.offers[name].standing.hindrance is None,
        "probed": None if record is None else as_text(record.at),
        "guarantees": [one.to_json() for one in found],
    }


def show_guarantees(names: Sequence[str], engine: Engine, out: Output) -> None:
    """A table with a column an offer, as many abreast as a terminal is wide."""
    found = {name: engine.guarantees(name) for name in names}
    for at in range(0, len(names), ABREAST):
        abreast = names[at : at + ABREAST]
        rows = _rows({name: found[name] for name in abreast})
        out.table(("GUARANTEE", *abreast), [*rows, ("probed", *_dates(abreast, engine))])


def _rows(found: Mapping[str, Sequence[Guarantee]]) -> list[tuple[str, ...]]:
    by_name = {offer: {one.name: one for one in each} for offer, each in found.items()}
    names = dict.fromkeys(one.name for each in found.values() for one in each)
    return [(name, *(_state(each.get(name)) for each in by_name.values())) for name in names]


def _state(guarantee: Guarantee | None) -> str:
    return NONE if guarantee is None else str(guarantee.state)


def _dates(names: Sequence[str], engine: Engine) -> list[str]:
    """When each offer was probed, if it is still the same."""
    return [_date(engine.guarantees(name)) for name in names]


def _date(found: Sequence[Guarantee]) -> str:
    dates = [one.at for one in found if one.at is not None]
    return as_text(max(dates))[:10] if dates else "never"


def advise(names: Sequence[str], engine: Engine, out: Output) -> None:
    """Name the offers of which nothing was tried, or not as they are now; and those that fail."""
    unprobed = [name for name in names if _date(engine.guarantees(name)) == "never"]
    if unprobed:
        out.advice(
            f"not probed: {listed(unprobed)}; coffre offers --check --probe tries what they declare"
        )
    for name in names:
        hindrance = engine.offers[name].standing.hindrance
        if hindrance is not None:
            out.message(f"{name} takes no puts: {hindrance}")
