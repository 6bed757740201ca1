"""Who asks: a key of the account, a signature given by its owner, or a token.

Each is revealed at the moment a request is made, and kept nowhere: a file or a variable that
was renewed meanwhile counts from the next request on, in the middle of a put, too.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Protocol

from coffre.contract import DriverError, ForbiddenError, Secret
from coffre.drivers.azure.settings import Settings
from coffre.drivers.azure.signing import Query, read_key, signature, string_to_sign
from coffre.http import refuse_in_clear

Tokens = Callable[[], str]
"""Gives a token that is good now; asked for every request, from several threads."""

SCOPE = "https://storage.azure.com/.default"
"""What a token must be for."""


class Credential(Protocol):
    """Proves who asks, on one request at a time."""

    def prove(self, method: str, path: str, query: Query, headers: MutableMapping[str, str]) -> str:
        """Add what proves it to the headers; return what is to be added to the query, escaped."""
        ...


class Nobody:
    """Asks without a name, as public containers allow."""

    def prove(self, method: str, path: str, query: Query, headers: MutableMapping[str, str]) -> str:
        """Nothing is added."""
        return ""


class SharedKey:
    """A key of the account: may do everything in it."""

    def __init__(self, account: str, key: Secret) -> None:
        """Remember both; the key is decoded for each request."""
        self._account = account
        self._key = key

    def prove(self, method: str, path: str, query: Query, headers: MutableMapping[str, str]) -> str:
        """Sign the request."""
        text = string_to_sign(method, path, query, headers, account=self._account)
        signed = signature(read_key(self._key.reveal()), text)
        headers["Authorization"] = f"SharedKey {self._account}:{signed}"
        return ""


class SharedAccessSignature:
    """What the owner of an account allows, for a time, to whoever holds it."""

    def __init__(self, token: Secret) -> None:
        """Remember it."""
        self._token = token

    def prove(self, method: str, path: str, query: Query, headers: MutableMapping[str, str]) -> str:
        """Added to the query as it was given."""
        return self._token.reveal().strip().removeprefix("?")


class Bearer:
    """An OAuth token of a user, an application or a machine."""

    def __init__(self, tokens: Tokens) -> None:
        """Remember where tokens come from."""
        self._tokens = tokens

    def prove(self, method: str, path: str, query: Query, headers: MutableMapping[str, str]) -> str:
        """Named in a header."""
        headers["Authorization"] = f"Bearer {self._tokens().strip()}"
        return ""


def credential_of(settings: Settings, tokens: Tokens | None) -> Credential:
    """The one credential that the settings name.

    Args:
        settings: name one at most.
        tokens: given to the driver itself by a program; used when the settings name none.

    Raises:
        DriverError: azure-identity is wanted and not installed.
        ParameterError: the key is none, or a token cannot be read or would be sent in the clear.
    """
    found = _named(settings, tokens)
    if not isinstance(found, SharedKey | Nobody):  # a key signs, and is never told
        site = settings.site
        refuse_in_clear(site.url, secured=site.secure, allowed=settings.plain)
    return found


def _named(settings: Settings, tokens: Tokens | None) -> Credential:
    if settings.account_key is not None:
        read_key(settings.account_key.reveal())
        return SharedKey(settings.account, settings.account_key)
    if settings.sas_token is not None:
        return SharedAccessSignature(settings.sas_token)
    if settings.token is not None:
        return Bearer(settings.token.reveal)
    if settings.identity:
        return Bearer(_identity())
    return Bearer(tokens) if tokens is not None else Nobody()


def _identity() -> Tokens:
    """Tokens of whatever identity this machine has. The library keeps and renews them."""
    try:
        from azure.core.exceptions import AzureError
        from azure.identity import DefaultAzureCredential
    except ImportError as error:
        raise DriverError(
            "parameter 'identity' needs azure-identity; install it with: pip install azure-identity"
        ) from error
    credential = DefaultAzureCredential()

    def token() -> str:
        try:
            return str(credential.get_token(SCOPE).token)
        except AzureError as error:
            raise ForbiddenError(
                f"azure-identity gives no token ({type(error).__name__}); "
                "log in, or give this machine an identity"
            ) from error

    return token
