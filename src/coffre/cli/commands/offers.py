"""``coffre offers``: what is configured, what it answers, what it really gives, its pools."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coffre.cli import probing
from coffre.cli.command import Command, with_engine
from coffre.cli.errors import UsageError
from coffre.cli.output import Output
from coffre.cli.pools import described, pools_of, show
from coffre.cli.status import ExitStatus
from coffre.cli.wording import listed, seconds_text, size_text
from coffre.contract import (
    SYSTEM_CLOCK,
    CapacityResult,
    CoffreError,
    OfferTimeoutError,
    OfferUnavailableError,
    ParameterValue,
    Secret,
)

if TYPE_CHECKING:
    from coffre.engine import Engine
    from coffre.manager.availability import Availability
    from coffre.offer import Offer

HEADINGS = ("OFFER", "DRIVER", "URL", "PARAMETERS")
PATIENCE = 10.0
"""Seconds that offers are given to answer, all together."""
CHECKED = ("OFFER", "DRIVER", "URL", "ANSWERS", "FREE", "TOTAL", "GUARANTEES")
"""Narrower than a terminal: parameters are told without ``--check``, capabilities as JSON."""


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``offers``."""
    parser.add_argument("--check", action="store_true", help="ask each offer now")
    parser.add_argument(
        "--probe",
        action="store_true",
        help="try what each declares, in scratch tenants that are cleaned up; record what was seen",
    )
    parser.add_argument("--only", action="append", metavar="ID", help="this offer only; repeat")
    parser.add_argument(
        "--guarantees", action="store_true", help="show what each gives: proved, or declared"
    )
    parser.add_argument(
        "--part-size", metavar="SIZE", help="with --probe: of its large objects (9MiB at least)"
    )
    parser.add_argument(
        "--tenant",
        action="append",
        type=int,
        dest="tenants",
        metavar="N",
        help="with --probe: an empty tenant to try in, where the service knows only some; repeat",
    )
    parser.add_argument(
        "--pools", action="store_true", help="show the connections and threads of this process"
    )
    parser.add_argument(
        "--prepare", metavar="ID", help="make the new, empty place of an offer ready for use"
    )
    parser.add_argument(
        "--replaced",
        action="store_true",
        help="with --prepare: what the ledger knows there is lost for good, this place is another",
    )


def run(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """List the offers; one that does not answer when checked ends with status 6."""
    if args.prepare is not None:
        return _prepare(args, engine, out)
    offers = _chosen(args, engine)
    names = [offer.id for offer in offers]
    tried = ExitStatus.OK
    if args.probe:
        tried = probing.probe_offers(names, args, engine, out)
    answers = _ask_all(offers) if args.check else [None] * len(offers)
    pools = pools_of(engine)
    if out.as_json:
        for offer, answer in zip(offers, answers, strict=True):
            told = {} if answer is None else answer.to_json()
            told |= probing.described_guarantees(offer.id, engine)
            out.result(_described(offer) | described(pools.get(offer.id)) | told, "")
    elif args.pools:
        show(pools, out)
    elif args.probe or args.guarantees:
        probing.show_guarantees(names, engine, out)
    else:
        rows = [_row(offer, answer) for offer, answer in zip(offers, answers, strict=True)]
        out.table(CHECKED if args.check else HEADINGS, rows)
    status = _concluded(offers, answers, out)
    if args.check or args.probe:
        probing.advise(names, engine, out)
    return tried if status is ExitStatus.OK else status


def _chosen(args: Namespace, engine: Engine) -> list[Offer]:
    """The offers that are meant, by id.

    Raises:
        UsageError: one is not configured.
    """
    unknown = sorted(set(args.only or ()) - set(engine.offers))
    if unknown:
        raise UsageError(f"no offer {unknown[0]!r} is configured; coffre offers lists them")
    wanted = set(args.only or engine.offers)
    return [offer for name, offer in sorted(engine.offers.items()) if name in wanted]


def _prepare(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """Make one place an offer, and say what became of it."""
    result = engine.prepare(args.prepare, replaced=args.replaced)
    told = {"id": args.prepare, "place": result.place, "made": result.made}
    out.line(told, f"{'made' if result.made else 'already an offer'}  {result.place}")
    return ExitStatus.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What an offer answered just now; no answer is told as such, and never as a number."""

    room: CapacityResult | None
    capabilities: tuple[str, ...] = ()
    reason: str = ""
    """Error code, when there was one."""
    message: str = ""
    """What the offer, or its system, said of it."""

    def to_json(self) -> dict[str, object]:
        return {
            "available": self.room is not None,
            "free": None if self.room is None else self.room.free,
            "total": None if self.room is None else self.room.total,
            "capabilities": list(self.capabilities),
            "code": self.reason or None,
            "message": self.message or None,
        }


def _ask_all(offers: Sequence[Offer]) -> list[_Answer | None]:
    """Ask all at once whether they answer, so that one that hangs does not hide the others."""
    from coffre.manager.availability import ask_all

    found = ask_all(offers, timeout=PATIENCE, clock=SYSTEM_CLOCK)
    return [_ask(offer, seen) for offer, seen in zip(offers, found, strict=True)]


def _ask(offer: Offer, seen: Availability) -> _Answer:
    """The room of an offer; or the reason why it does not answer, which only an operation tells."""
    if seen.seconds is None:
        late = f"no answer within {seconds_text(PATIENCE)}"
        return _Answer(room=None, reason=OfferTimeoutError.code, message=late)
    try:
        room = offer.capacity()
    except CoffreError as error:
        return _Answer(room=None, reason=error.code, message=str(error))
    if not seen.available:
        away = "its driver says that it would accept no session"
        return _Answer(room=None, reason=OfferUnavailableError.code, message=away)
    return _Answer(room=room, capabilities=tuple(sorted(offer.capabilities)))


def _concluded(
    offers: Sequence[Offer], answers: Sequence[_Answer | None], out: Output
) -> ExitStatus:
    silent = [
        (offer, answer)
        for offer, answer in zip(offers, answers, strict=True)
        if answer is not None and answer.room is None
    ]
    for offer, answer in silent:
        out.message(f"{offer.id} does not answer: {answer.message} [{answer.reason}]")
    if not silent:
        return ExitStatus.OK
    names = listed(offer.id for offer, _ in silent)
    out.advice(f"not usable now: {names}; see that it is mounted, reachable and allowed")
    return ExitStatus.UNAVAILABLE


def _described(offer: Offer) -> dict[str, object]:
    return {
        "id": offer.id,
        "driver": offer.driver.name,
        "version": str(offer.driver.version),
        "url": offer.parameters.url,
        "parameters": {name: _shown(offer.parameters[name]) for name in offer.parameters},
    }


def _shown(value: ParameterValue) -> str | int | float | bool:
    """A value as it may be printed: a secret only says where it comes from."""
    return repr(value) if isinstance(value, Secret) else value


def _worded(value: ParameterValue) -> str:
    """A value as the configuration writes it."""
    return str(value).lower() if isinstance(value, bool) else str(_shown(value))


def _row(offer: Offer, answer: _Answer | None) -> tuple[str, ...]:
    parameters = offer.parameters
    named = offer.id, f"{offer.driver.name} {offer.driver.version}", parameters.url
    if answer is not None:
        return *named, *_answered(answer), offer.standing.word
    return *named, " ".join(f"{name}={_worded(parameters[name])}" for name in parameters) or "-"


def _answered(answer: _Answer) -> tuple[str, ...]:
    if answer.room is None:
        return "no", "-", "-"
    room = (answer.room.free, answer.room.total)
    return "yes", *("-" if size is None else size_text(size) for size in room)


COMMAND = Command(
    name="offers",
    summary="configured offers, what they answer and really give; --prepare makes a new one",
    add_arguments=add_arguments,
    run=with_engine(run),
)
