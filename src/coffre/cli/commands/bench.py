"""``coffre bench pool``: how many connections with an offer are worth having."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from coffre.cli.command import Command, with_engine
from coffre.cli.errors import UsageError
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus

if TYPE_CHECKING:
    from coffre.engine import Engine
    from coffre.manager.measuring import Measured
    from coffre.offer import Offer

HEADINGS = (
    "CONNECTIONS", "PUTS/S", "MEDIAN", "P99", "GETS/S", "MEDIAN", "P99", "FAILED"
)  # fmt: skip


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``bench``."""
    parser.add_argument("what", choices=["pool"], help="what to measure: the connections of one")
    parser.add_argument("offer", metavar="OFFER", help="id of the offer")
    parser.add_argument(
        "--up-to", type=int, default=16, metavar="N", help="most connections to try (16)"
    )
    parser.add_argument(
        "--seconds", type=float, default=2.0, metavar="S", help="how long each step takes (2)"
    )
    parser.add_argument(
        "--size", type=int, default=65536, metavar="BYTES", help="size of an object (65536)"
    )
    parser.add_argument(
        "--tenant", type=int, default=0, help="whose container `coffre-bench` is used (0)"
    )


def run(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """Put and read objects of its own with 1, 2, 4 ... connections; recommend a number."""
    from coffre.manager.measuring import CONTAINER, measure, recommended

    offer = _offer(engine, args.offer)
    found: list[Measured] = []
    out.advice(
        f"measuring {args.offer}: objects of {args.size} bytes are put in {args.tenant}/{CONTAINER}"
        ", read and deleted; past the limits of the configuration, beside whatever else goes on"
    )
    for one in measure(
        offer, up_to=args.up_to, seconds=args.seconds, size=args.size, tenant=args.tenant
    ):
        found.append(one)
        if out.as_json:
            out.result(one.to_json(), "")
    if not out.as_json:
        out.table(HEADINGS, [_row(one) for one in found])
    return _concluded(args.offer, found, recommended(found), out)


def _offer(engine: Engine, name: str) -> Offer:
    offer = engine.offers.get(name)
    if offer is None:
        known = ", ".join(sorted(engine.offers))
        raise UsageError(f"no offer {name!r} is configured; there are: {known}")
    return offer


def _row(one: Measured) -> tuple[str, ...]:
    return (
        str(one.connections),
        f"{one.put_rate:.0f}",
        _milliseconds(one.put_median),
        _milliseconds(one.put_p99),
        f"{one.get_rate:.0f}",
        _milliseconds(one.get_median),
        _milliseconds(one.get_p99),
        str(one.failures),
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _concluded(name: str, found: list[Measured], best: int | None, out: Output) -> ExitStatus:
    put, left = sum(one.puts for one in found), sum(one.left for one in found)
    reason = next((one.reason for one in found if one.reason), "")
    told = {"offer": name, "recommended": best, "put": put, "left": left, "reason": reason}
    if best is None:
        text = "nothing could be measured"
    else:
        text = (
            f"recommended: max_size = {best} in [offers.{name}.pool], the fewest connections that "
            "are within 5 % of the fastest"
        )
    out.summary(told, text)
    if found and best == found[-1].connections and len(found) > 1:
        out.advice("the last number tried was the best: try more with --up-to")
    cleaned = f"{left} could not be deleted again" if left else "all of them were deleted"
    out.advice(f"{put} objects were put, {cleaned}")
    if reason:
        out.message(f"some operations failed: {reason}")
    return ExitStatus.OK if best is not None and not reason else ExitStatus.UNAVAILABLE


COMMAND = Command(
    name="bench",
    summary="measure an offer with 1, 2, 4 ... connections, and recommend a number",
    add_arguments=add_arguments,
    run=with_engine(run),
)
