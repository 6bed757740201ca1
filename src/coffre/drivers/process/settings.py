"""What a connection's parameters mean to this driver."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import lru_cache

from coffre.contract import ConnectionParameters, Parameter, ParameterError, Secret

START_TIMEOUT = 10.0
TIMEOUT = 120.0
GRACE = 5.0

PARAMETERS = (
    Parameter(
        name="command",
        help="the program to start: its absolute path and its arguments, in quotes where they "
        "hold spaces; no shell reads this",
    ),
    Parameter(
        name="socket",
        help="absolute path of the Unix socket on which the program listens, instead of command",
    ),
    Parameter(
        name="options",
        help="parameters of the program, as words name=value, in quotes where they hold spaces",
    ),
    Parameter(
        name="secret",
        type=Secret,
        help="the secret of the program, told once the session is open: never on its command line",
    ),
    Parameter(
        name="environment",
        help="names of environment variables to hand on to the program, which gets hardly any",
    ),
    Parameter(
        name="start_timeout",
        type=float,
        default=START_TIMEOUT,
        help="seconds that the program may take until its offer is open",
    ),
    Parameter(
        name="timeout",
        type=float,
        default=TIMEOUT,
        help="seconds that the program may be silent, or take for one frame",
    ),
    Parameter(
        name="grace",
        type=float,
        default=GRACE,
        help="seconds that the program may take to give up a put, or to end, before it is killed",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters, read."""

    url: str
    command: tuple[str, ...] = ()
    """Absolute path and arguments; empty when there is a socket."""
    socket: str = ""
    options: tuple[tuple[str, str], ...] = ()
    environment: tuple[str, ...] = ()
    start_timeout: float = START_TIMEOUT
    timeout: float = TIMEOUT
    grace: float = GRACE

    @classmethod
    @lru_cache(maxsize=64)  # one for each offer, and asked for at each connection
    def of(cls, parameters: ConnectionParameters) -> Settings:
        """Read the parameters; those not given have their described default.

        Raises:
            ParameterError: neither or both of a command and a socket, a path that is not
                absolute, an option without ``=``, or a duration that is none.
        """
        command = _words(parameters, "command")
        socket = parameters.text("socket")
        if bool(command) == bool(socket):
            raise ParameterError("give parameter 'command' or parameter 'socket', one of them")
        _refuse_relative("command" if command else "socket", command[0] if command else socket)
        return cls(
            url=parameters.url,
            command=command,
            socket=socket,
            options=tuple(_option(word) for word in _words(parameters, "options")),
            environment=_words(parameters, "environment"),
            start_timeout=_seconds(parameters, "start_timeout", START_TIMEOUT),
            timeout=_seconds(parameters, "timeout", TIMEOUT),
            grace=_seconds(parameters, "grace", GRACE),
        )


def _words(parameters: ConnectionParameters, name: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(parameters.text(name)))
    except ValueError as error:
        raise ParameterError(f"parameter {name!r}: {error}") from None


def _refuse_relative(name: str, path: str) -> None:
    if not path.startswith("/") or "\0" in path:
        raise ParameterError(f"parameter {name!r} must begin with an absolute path")


def _option(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not name or not equals:
        # Without the word: somebody may have put a secret here.
        raise ParameterError("parameter 'options' is made of words name=value")
    return name, value


def _seconds(parameters: ConnectionParameters, name: str, default: float) -> float:
    value = parameters.get(name, default)
    if not isinstance(value, int | float) or not 0 < value < 86400 * 365:
        raise ParameterError(f"parameter {name!r} must be a number of seconds")
    return float(value)
