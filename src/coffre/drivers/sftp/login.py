"""Login: by key, by agent, by password, in that order; what the user gave and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing

import paramiko

from coffre.contract import ForbiddenError, ParameterError
from coffre.drivers.sftp.settings import Settings


def log_in(transport: paramiko.Transport, settings: Settings) -> None:
    """Prove to the server who we are.

    Raises:
        ParameterError: the key file cannot be read, or not with this passphrase.
        ForbiddenError: the server accepts nothing of what was given.
    """
    refused: list[str] = []
    for name, attempt in _means(transport, settings):
        try:
            # A server that wants two proofs names what is still missing, and is content later.
            if not attempt():
                return
            refused.append(f"{name} (accepted, and not enough)")
        except paramiko.BadAuthenticationType as error:
            allowed = ", ".join(error.allowed_types)
            refused.append(f"{name} (the server allows: {allowed})")
        except paramiko.AuthenticationException:
            if not transport.is_active():
                raise
            refused.append(name)
    tried = "; ".join(refused) or "the SSH agent, which holds no key"
    raise ForbiddenError(
        f"{settings.address} does not let {settings.user} in: tried {tried}. Look at the "
        "server's authorized_keys, or at its log"
    )


def _means(
    transport: paramiko.Transport, settings: Settings
) -> Iterator[tuple[str, Callable[[], list[str]]]]:
    """What can be tried, each with a name for a person."""
    user = settings.user
    if settings.key_file:
        key = load_key(settings)
        yield f"key {settings.key_file}", lambda: transport.auth_publickey(user, key)
    if settings.agent:
        agent = paramiko.Agent()
        with closing(agent):
            for held in agent.get_keys():
                # Called before the next one is asked for.
                yield f"key {held.name} of the agent", lambda: transport.auth_publickey(user, held)  # noqa: B023
    if settings.password is not None:
        secret = settings.password.reveal()
        yield "password", lambda: transport.auth_password(user, secret)


def load_key(settings: Settings) -> paramiko.PKey:
    """Read the private key.

    Raises:
        ParameterError: it cannot be read; the message never holds any of it.
    """
    path = os.path.expanduser(settings.key_file)
    passphrase = None if settings.passphrase is None else settings.passphrase.reveal()
    try:
        key = _of_some_kind(path, passphrase)
        if os.path.exists(f"{path}-cert.pub"):
            key.load_certificate(f"{path}-cert.pub")
        return key
    except paramiko.PasswordRequiredException:
        raise ParameterError(f"key file {path} needs a passphrase: give 'passphrase'") from None
    except OSError as error:
        raise ParameterError(f"key file {path} cannot be read: {error.strerror}") from None
    except Exception:  # noqa: BLE001 - whatever the library says of a key may show a part of it
        raise ParameterError(
            f"key file {path} is not a private key that can be used, or not with this passphrase"
        ) from None


def _of_some_kind(path: str, passphrase: str | None) -> paramiko.PKey:
    # Not PKey.from_path(), which takes no passphrase that is text.
    for load in (
        paramiko.Ed25519Key.from_private_key_file,
        paramiko.ECDSAKey.from_private_key_file,
    ):
        try:
            return load(path, passphrase)
        except paramiko.PasswordRequiredException:
            raise
        except (paramiko.SSHException, ValueError):
            continue
    return paramiko.RSAKey.from_private_key_file(path, passphrase)
