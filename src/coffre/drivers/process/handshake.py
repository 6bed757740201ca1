"""The first words of a session: versions first, then parameters, and secrets last."""

from __future__ import annotations

from dataclasses import dataclass, replace

from coffre.contract import (
    Capability,
    Clock,
    ConnectionParameters,
    DigestAlgorithm,
    InvalidDigestError,
    Parameter,
    ParameterError,
    Secret,
    Version,
    check_contract,
)
from coffre.drivers.process.errors import opening_error
from coffre.drivers.process.fields import Fields
from coffre.drivers.process.log import Redaction, printable
from coffre.drivers.process.protocol import (
    OURS,
    PROTOCOL_VERSION,
    Frame,
    WireError,
    agree,
    message,
)
from coffre.drivers.process.session import Session
from coffre.drivers.process.settings import Settings

_TYPES: dict[str, type[str] | type[int] | type[float] | type[bool] | type[Secret]] = {
    "text": str,
    "whole": int,
    "number": float,
    "flag": bool,
    "secret": Secret,
}
MOST_REQUESTS = 64
"""Requests that this side has under way at most, whatever a program allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFacts:
    """What a program says of itself."""

    name: str
    version: Version
    protocol: Version
    contract: Version
    requests: int
    """Requests that it has under way at most."""
    algorithms: frozenset[DigestAlgorithm]
    """Those under which it digests what it holds; one that this side does not know is left out."""
    parameters: tuple[Parameter, ...]
    """What it understands in ``options``, and whether it wants the secret."""
    capabilities: frozenset[Capability] = frozenset()
    """What this very session can do; one that this side does not know is left out."""


def open_offer(
    session: Session, settings: Settings, parameters: ConnectionParameters, clock: Clock
) -> ProgramFacts:
    """Say hello, agree on versions, hand the parameters over, and hear whether the offer is open.

    Raises:
        ContractVersionError: the program speaks another major version.
        ParameterError: an option is wrong, by the program's description or by its answer.
        OfferError: what the program answered, or the session ended.
    """
    opening = _Opening(session, clock, settings.start_timeout)
    try:
        session.wire.send(message(Frame.HELLO, 0, OURS))
        told = _facts(opening.receive(Frame.HELLO))
        agreed = agree(told.name, told.protocol)
        check_contract(told.name, told.contract)
        values, secrets = _values(told, settings, parameters)
        session.redaction = Redaction(secrets)
        if session.peer.log is not None:
            session.peer.log.redaction = session.redaction
        asked = {"protocol": str(agreed), "url": settings.url, "values": values}
        session.wire.send(message(Frame.OPEN, 0, asked))
        ready = opening.receive(Frame.READY)
        session.requests = told.requests
        return _with_capabilities(told, ready)
    except WireError as error:
        raise session.fail(error) from error


class _Opening:
    """Frames before the session is open, under one deadline for them all."""

    def __init__(self, session: Session, clock: Clock, timeout: float) -> None:
        self._session = session
        self._clock = clock
        self._deadline = clock.monotonic() + timeout

    def receive(self, wanted: Frame) -> Fields:
        """One frame: the one wanted, or the error that it says."""
        while True:
            found = self._session.wire.header(self._deadline - self._clock.monotonic())
            payload = bytearray(found.length)
            if found.length:
                self._session.wire.payload(payload)
            if found.kind is not Frame.WORKING:
                break
        if found.kind is Frame.ERROR:
            raise opening_error(Fields.parse(payload), self._session.redaction)
        if found.kind is not wanted or found.request:
            raise WireError(f"the program sent a {found.kind.name} where a {wanted.name} must be")
        return Fields.parse(payload)


def _facts(hello: Fields) -> ProgramFacts:
    protocol = hello.version("protocol")
    if protocol.major != PROTOCOL_VERSION.major:
        # Whatever else it says, it says it in words of another version.
        agree(printable(hello.text("name", "without a name")), protocol)
    return ProgramFacts(
        name=printable(hello.text("name")),
        version=hello.version("version"),
        protocol=protocol,
        contract=hello.version("contract"),
        requests=max(1, min(hello.whole("requests", 1), MOST_REQUESTS)),
        algorithms=frozenset(_algorithms(hello)),
        parameters=tuple(_described(item) for item in hello.objects("parameters")),
    )


def _algorithms(hello: Fields) -> set[DigestAlgorithm]:
    found = set()
    for name in hello.texts("algorithms"):
        try:
            found.add(DigestAlgorithm.parse(name))
        except InvalidDigestError:
            continue
    return found


def _described(item: Fields) -> Parameter:
    kind = item.text("type", "text")
    if kind not in _TYPES:
        raise WireError("a parameter that the program describes is of no type of the protocol")
    return Parameter(
        name=item.text("name"),
        help=item.text("help"),
        type=_TYPES[kind],
        required=item.flag("required"),
        choices=item.texts("choices"),
    )


def _with_capabilities(told: ProgramFacts, ready: Fields) -> ProgramFacts:
    known = {str(capability): capability for capability in Capability}
    names = ready.texts("capabilities")
    return replace(told, capabilities=frozenset(known[name] for name in names if name in known))


def _values(
    told: ProgramFacts, settings: Settings, parameters: ConnectionParameters
) -> tuple[dict[str, object], list[str]]:
    """The options in the types that the program describes, and which of them are secret."""
    described = {item.name: item for item in told.parameters}
    given: dict[str, object] = {
        name: _typed(described.get(name), text) for name, text in settings.options
    }
    secret = parameters.get("secret")
    if secret is not None:
        given[_wanted_secret(told)] = secret
    checked = ConnectionParameters.checked(told.parameters, url=settings.url, values=given)
    secrets = [checked.text(name) for name in checked if isinstance(checked[name], Secret)]
    values: dict[str, object] = {
        name: checked.text(name) if isinstance(checked[name], Secret) else checked[name]
        for name in checked
    }
    return values, secrets


def _wanted_secret(told: ProgramFacts) -> str:
    names = [item.name for item in told.parameters if item.type is Secret]
    if len(names) != 1:
        raise ParameterError(f"program {told.name!r} wants no secret: leave parameter 'secret' out")
    return names[0]


def _typed(parameter: Parameter | None, text: str) -> object:
    """One option, which is text in the configuration, as what the program wants."""
    if parameter is None or parameter.type is str:
        return text
    if parameter.type is Secret:
        raise ParameterError(f"{parameter.name!r} is a secret: give it as parameter 'secret'")
    if parameter.type is bool:
        return {"true": True, "false": False}.get(text, text)
    try:
        return parameter.type(text)
    except ValueError:
        return text  # which the description then refuses, in its own words
