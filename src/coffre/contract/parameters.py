"""Connection parameters: what a connection is opened with, and can never change.

Another server or another user means other parameters, hence another connection from the
same driver. Parameters are frozen and hashable, so that they can be the key of a pool, and
secrets inside them are wrapped: they do not show in a ``repr``, a log, an error or a pickle.

Source: VITAM's storage-driver page: the parameters of a connection cannot be modified.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from coffre.contract.errors import ParameterError


class Secret:
    """A password or key that nothing prints.

    A secret given by reference (an environment variable, a file) is read when it is needed,
    and pickles as that reference. A literal one refuses to be pickled.
    """

    __slots__ = ("_origin", "_reveal")

    def __init__(self, value: str) -> None:
        """Wrap a literal secret."""
        self._reveal: Callable[[], str] = lambda: value
        self._origin: tuple[str, str] | None = None

    @classmethod
    def from_environment(cls, name: str) -> Secret:
        """A secret held by an environment variable, read each time it is revealed."""
        return cls._by_reference("environment", name)

    @classmethod
    def from_file(cls, path: str) -> Secret:
        """A secret held by a file, its last line break left out."""
        return cls._by_reference("file", path)

    @classmethod
    def _by_reference(cls, kind: str, name: str) -> Secret:
        secret = cls("")
        secret._origin = (kind, name)
        secret._reveal = lambda: _READERS[kind](name)
        return secret

    def reveal(self) -> str:
        """The secret itself: for the driver, at the moment it authenticates.

        Raises:
            ParameterError: the variable is not set, or the file cannot be read.
        """
        return self._reveal()

    def __eq__(self, other: object) -> bool:
        """Equal when given by the same reference, or literal and of the same value."""
        if not isinstance(other, Secret):
            return NotImplemented
        if self._origin is not None or other._origin is not None:
            return self._origin == other._origin
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def __hash__(self) -> int:
        """Of the reference, or of the value: only meaningful inside this process."""
        return hash(self._origin or self.reveal())

    def __repr__(self) -> str:
        """Where the secret comes from, never what it is."""
        return "Secret(***)" if self._origin is None else f"Secret({':'.join(self._origin)})"

    def __reduce__(self) -> tuple[Callable[[str, str], Secret], tuple[str, str]]:
        """Pickle a reference as a reference.

        Raises:
            TypeError: the secret is a literal one.
        """
        if self._origin is None:
            raise TypeError(
                "a literal secret is not pickled; give it by reference: "
                "Secret.from_environment(name) or Secret.from_file(path)"
            )
        return _secret_by_reference, self._origin


def _secret_by_reference(kind: str, name: str) -> Secret:
    return Secret.from_environment(name) if kind == "environment" else Secret.from_file(name)


def _read_environment(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise ParameterError(f"environment variable {name} is not set") from None


def _read_file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").removesuffix("\n")
    except OSError as error:
        raise ParameterError(f"secret file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ParameterError(f"secret file {path} is not UTF-8 text") from None


_READERS = {"environment": _read_environment, "file": _read_file}

ParameterValue = str | int | float | bool | Secret
"""What a parameter may hold: plain, hashable, and told apart by type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter that a driver understands: for validation, help and documentation."""

    name: str
    """Key in the configuration, lower case with underscores."""
    help: str
    """One sentence for a person, with the unit where there is one."""
    type: type[str] | type[int] | type[float] | type[bool] | type[Secret] = str
    """Type of the value; :class:`Secret` for what must never be printed."""
    default: ParameterValue | None = None
    """Value when none is given; without one and with ``required`` unset, absent."""
    required: bool = False
    """Whether a connection is impossible without it."""
    choices: tuple[str, ...] = ()
    """The only values allowed, when there are few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionParameters:
    """A URL and typed values; read by name, never written.

    Build them with :meth:`checked`, which holds them against a driver's description.
    """

    url: str
    """Where the service is. Never with a password: that is a parameter of its own."""
    values: tuple[tuple[str, ParameterValue], ...] = field(default=())
    """Names and values, sorted by name, so that equal parameters are equal keys."""

    def __post_init__(self) -> None:
        """Refuse a URL that carries a password, and put the values in order.

        Raises:
            ParameterError: there is a password in the URL.
        """
        try:
            parts = urlsplit(self.url)
            # A password with a bare slash in it reads as a port that is no number.
            password, _ = parts.password, parts.port
        except ValueError:
            raise ParameterError("the URL of the offer is not a URL") from None
        if password is not None:
            raise ParameterError(
                "a URL must not carry a password: give it as a secret parameter of its own"
            )
        object.__setattr__(self, "values", tuple(sorted(self.values, key=lambda pair: pair[0])))

    def __getitem__(self, name: str) -> ParameterValue:
        """Value of one parameter.

        Raises:
            KeyError: it was not given and has no default.
        """
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def get(self, name: str, default: ParameterValue | None = None) -> ParameterValue | None:
        """Value of one parameter, or ``default`` when it has none."""
        return next((value for key, value in self.values if key == name), default)

    def __iter__(self) -> Iterator[str]:
        """Names, sorted."""
        return (name for name, _ in self.values)

    def __len__(self) -> int:
        """Number of parameters that have a value."""
        return len(self.values)

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text; a secret is revealed."""
        value = self.get(name, default)
        return value.reveal() if isinstance(value, Secret) else str(value)

    @classmethod
    def checked(
        cls,
        described: tuple[Parameter, ...],
        *,
        url: str,
        values: Mapping[str, object] | None = None,
    ) -> ConnectionParameters:
        """Build parameters that a driver's description allows, defaults filled in.

        Args:
            described: what the driver understands.
            url: where the service is.
            values: what the user gave; a plain text stands for a secret where one is wanted.

        Raises:
            ParameterError: unknown, missing or of the wrong type; the message names it.
        """
        given = dict(values or {})
        found: list[tuple[str, ParameterValue]] = []
        for parameter in described:
            value = given.pop(parameter.name, None)
            if value is not None:
                found.append((parameter.name, _typed(parameter, value)))
            elif parameter.required:
                raise ParameterError(f"parameter {parameter.name!r} is missing: {parameter.help}")
            elif parameter.default is not None:
                found.append((parameter.name, parameter.default))
        if given:
            known = ", ".join(sorted(parameter.name for parameter in described)) or "none"
            raise ParameterError(f"unknown parameter {min(given)!r}; known: {known}")
        return cls(url=url, values=tuple(found))


def _typed(parameter: Parameter, value: object) -> ParameterValue:
    """One value in the type its description asks for, or the sentence that says why not."""
    wanted = parameter.type
    if wanted is Secret:
        return _secret(parameter, value)
    if wanted is float and type(value) is int:
        return float(value)
    # bool is an int in Python; a user who writes true for a number has made a mistake.
    if type(value) is not wanted or not isinstance(value, str | int | float | bool):
        _refuse(parameter, f"must be {_SPOKEN[wanted]}")
    if parameter.choices and value not in parameter.choices:
        _refuse(parameter, f"must be one of {', '.join(parameter.choices)}")
    return value


def _secret(parameter: Parameter, value: object) -> Secret:
    """A secret given as such, as text, or as ``{environment = ...}`` or ``{file = ...}``."""
    if isinstance(value, Secret):
        return value
    if isinstance(value, str):
        return Secret(value)
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, name),) = value.items()
        if kind in _READERS and isinstance(name, str):
            return _secret_by_reference(kind, name)
    _refuse(parameter, 'must be text, {environment = "NAME"} or {file = "PATH"}')


def _refuse(parameter: Parameter, why: str) -> NoReturn:
    # The value is left out on purpose: it may be a secret given under the wrong name.
    raise ParameterError(f"parameter {parameter.name!r} {why}: {parameter.help}")


_SPOKEN: dict[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}
