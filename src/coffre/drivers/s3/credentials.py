"""Credentials: who asks. Given, read from a profile or the environment, or had from a function.

Nothing here talks to a service. Roles, web identities and single sign-on are what SDKs are good at:
``credentials = "sdk"`` asks botocore where it is installed, and ``"module:function"`` asks a
function of the user's own. They are asked again before what they gave has expired.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from coffre.contract import SYSTEM_CLOCK, Clock, ConnectionParameters, ParameterError

EARLY = timedelta(minutes=2)
"""Before they expire, credentials are renewed: a request that is signed has to arrive, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A key pair, for some time."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    """Of a session; empty for keys that stay."""
    expires_at: datetime | None = None
    """UTC; ``None`` when they stay."""


Given = TypeVar("Given")
Source = Callable[[], Credentials]
"""Gives credentials that are good now."""


class Renewing:
    """Credentials that are asked for again before they expire. One for each connection."""

    __slots__ = ("_clock", "_held", "_source")

    def __init__(self, source: Source, clock: Clock = SYSTEM_CLOCK) -> None:
        """Hold a source, which is asked when credentials are needed for the first time."""
        self._source = source
        self._clock = clock
        self._held: Credentials | None = None

    def __call__(self) -> Credentials:
        """Credentials that are good now, as far as they tell."""
        held = self._held
        if held is None or self._is_due(held):
            held = self._held = self._source()
        return held

    def _is_due(self, held: Credentials) -> bool:
        return held.expires_at is not None and self._clock.now() >= held.expires_at - EARLY


def source_of(parameters: ConnectionParameters) -> Source:
    """Where the credentials of a connection come from.

    Keys that were given win, then a profile that was named, then ``credentials``; without any
    of them the environment, then the profile that it names, or ``default``.

    Raises:
        ParameterError: half a key pair, or an unknown function.
    """
    access, secret = parameters.text("access_key"), parameters.get("secret_key")
    if bool(access) != (secret is not None):
        raise ParameterError("access_key and secret_key are given together, or neither")
    if access:
        return lambda: Credentials(
            access_key=access,
            secret_key=parameters.text("secret_key"),
            token=parameters.text("session_token"),
        )
    wanted = parameters.text("credentials")
    if wanted:
        return _from_sdk(parameters.text("profile")) if wanted == "sdk" else _function(wanted)
    path, profile = parameters.text("credentials_file"), parameters.text("profile")
    if profile:
        return lambda: _from_profile(path, profile)
    return lambda: (
        _from_environment() or _from_profile(path, os.environ.get("AWS_PROFILE", "default"))
    )


def _from_environment() -> Credentials | None:
    access, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not access or not secret:
        return None
    return Credentials(
        access_key=access, secret_key=secret, token=os.environ.get("AWS_SESSION_TOKEN", "")
    )


def _from_profile(path: str, profile: str) -> Credentials:
    """Read each time it is asked: others renew such files while we run."""
    place = Path(path or os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
    place = place.expanduser()
    reader = configparser.RawConfigParser()
    try:
        reader.read_string(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        raise ParameterError(
            f"no credentials: none are given, none are in the environment, and {place} cannot be "
            "read; give access_key and secret_key, or a profile"
        ) from None
    if profile not in reader:
        raise ParameterError(f"no profile {profile!r} in {place}")
    section = reader[profile]
    access, secret = section.get("aws_access_key_id"), section.get("aws_secret_access_key")
    if not access or not secret:
        raise ParameterError(f"profile {profile!r} in {place} holds no pair of keys")
    return Credentials(
        access_key=access, secret_key=secret, token=section.get("aws_session_token", "")
    )


def _function(wanted: str) -> Source:
    module, colon, name = wanted.partition(":")
    try:
        found = getattr(import_module(module), name) if colon else None
    except (ImportError, AttributeError, ValueError):
        found = None
    if not callable(found):
        raise ParameterError(
            f"credentials = {wanted!r} is no function; write module:function, or sdk"
        )
    return lambda: _checked(_called(found))


def _called(function: Callable[[], Given]) -> Given:
    """What somebody else's function gives; whatever goes wrong in it is told without its words."""
    try:
        return function()
    except Exception as error:
        raise ParameterError(
            f"no credentials: the function for them failed ({type(error).__name__})"
        ) from error


def _checked(given: object) -> Credentials:
    if not isinstance(given, Credentials):
        raise ParameterError("the function for credentials must return Credentials")
    return given


def _from_sdk(profile: str) -> Source:
    try:
        session = import_module("botocore.session").Session(profile=profile or None)
    except ImportError:
        raise ParameterError(
            "credentials = 'sdk' needs botocore, which is not installed; install it with: "
            "pip install botocore"
        ) from None

    def ask() -> Credentials:
        found = _called(session.get_credentials)
        if found is None:
            raise ParameterError("botocore finds no credentials; check its configuration")
        frozen = _called(found.get_frozen_credentials)
        expires = getattr(found, "_expiry_time", None)
        return Credentials(
            access_key=frozen.access_key,
            secret_key=frozen.secret_key,
            token=frozen.token or "",
            expires_at=expires.astimezone(UTC) if isinstance(expires, datetime) else None,
        )

    return ask
