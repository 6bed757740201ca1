"""A session: TCP, SSH, login and the channel on which SFTP is spoken.

paramiko runs one thread for each session, which reads and decrypts; requests are encrypted by
whoever sends them. A session belongs to the process that opened it: in a forked child it is dead,
and closing it there touches nothing of the parent's.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress

import paramiko

from coffre.contract import (
    SYSTEM_CLOCK,
    Buffer,
    ForbiddenError,
    OfferError,
    OfferTimeoutError,
    OfferUnavailableError,
)
from coffre.drivers.sftp.exchange import LineLostError, LineSilentError
from coffre.drivers.sftp.hostkeys import HostKeys
from coffre.drivers.sftp.inbox import Inbox
from coffre.drivers.sftp.login import log_in
from coffre.drivers.sftp.settings import Settings
from coffre.drivers.sftp.wire import Wire

# Counter mode with a MAC, which paramiko would take first, costs half as much again.
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
_WINDOW = 8 * 1024 * 1024
"""Bytes that the server may send before they are taken: above all that is ever asked for."""
_KEEPALIVE = 30
"""Seconds of quiet after which something is said, so that no firewall forgets the session."""
_MORE = 5.0
"""Seconds beyond our own deadline, where paramiko wants one: ours comes first, and says why."""
_LOG = "coffre.sftp"
_DEAD = (paramiko.SSHException, OSError, EOFError)
"""What paramiko raises when a session ends; reading sends, too, and so may raise any of them."""

# What goes wrong is raised to the caller; paramiko's own log would print it a second time.
logging.getLogger(_LOG).setLevel(logging.CRITICAL)


class Session:
    """An open session; bytes to the server's SFTP and back."""

    def __init__(self, settings: Settings) -> None:
        """Open it.

        Raises:
            OfferUnavailableError: the server cannot be reached, or does not speak SSH or SFTP.
            OfferTimeoutError: it was not open in time.
            ForbiddenError: the server is not the one that was meant, or does not let us in.
            ParameterError: a key or the file of known hosts cannot be read.
        """
        self._process = os.getpid()
        self._inbox = Inbox()
        keys = HostKeys(settings)
        self._wire = _dial(settings)
        try:
            self._transport = _transport(self._wire, keys, settings)
        except BaseException:
            self._wire.close()
            raise
        try:
            self._open(settings, keys)
        except BaseException:
            self.close()
            raise
        _living.add(self)

    def _open(self, settings: Settings, keys: HostKeys) -> None:
        transport = self._transport
        try:
            transport.start_client()
            keys.check(transport.get_remote_server_key())
            log_in(transport, settings)
            self._channel = transport.open_session(timeout=settings.connect_timeout + _MORE)
            self._channel.settimeout(settings.timeout)
            self._channel.in_buffer = self._inbox  # type: ignore[assignment]
            self._channel.invoke_subsystem("sftp")
        except _DEAD as error:
            # Our own errors may derive from OSError by birth.
            if isinstance(error, OfferError):
                raise
            raise self._not_open(settings, error) from error
        self._wire.deadline = None
        transport.set_keepalive(_KEEPALIVE)

    def _not_open(self, settings: Settings, error: Exception) -> OfferError:
        where = settings.address
        if self._wire.given_up:
            return OfferTimeoutError(
                f"no session with {where} within {settings.connect_timeout:g} s",
                effect_unknown=False,
            )
        if isinstance(error, paramiko.ChannelException):
            return ForbiddenError(f"{where} lets {settings.user} in, and opens no session: {error}")
        why = str(error) or type(error).__name__
        return OfferUnavailableError(
            f"no SFTP session with {where}: {why}. Does an SSH server with SFTP listen there?"
        )

    @property
    def server(self) -> str:
        """Name and version of the server's software, as it says itself."""
        return str(self._transport.remote_version)

    def send(self, data: Buffer) -> None:
        """Send all of it; see :class:`~coffre.drivers.sftp.exchange.Line`."""
        self._own()
        try:
            self._channel.sendall(data)  # type: ignore[arg-type] # any buffer does
        except _DEAD as error:
            raise self._lost(error) from error

    def receive(self, least: int) -> bytes:
        """Wait for so many bytes; see :class:`~coffre.drivers.sftp.exchange.Line`."""
        self._own()
        self._inbox.expect(least)
        try:
            data = self._channel.recv(least)
        except _DEAD as error:
            raise self._lost(error) from error
        if len(data) < least:
            raise self._lost(EOFError("the server ended the session"))
        return data

    def _own(self) -> None:
        if os.getpid() != self._process:
            raise LineLostError("the session was opened by another process; connect again")

    def _lost(self, error: Exception) -> LineLostError:
        """End the session: what comes after a lost packet belongs to nothing."""
        silent = isinstance(error, TimeoutError) or self._wire.given_up
        self.close()
        if silent:
            return LineSilentError("the server is silent")
        return LineLostError(str(error) or "the session was cut")

    def close(self) -> None:
        """End the session; twice is harmless, and it never raises."""
        _living.discard(self)
        if os.getpid() != self._process:
            self.forsake()
            return
        transport = self._transport
        with suppress(Exception):
            transport.packetizer.complete_handshake()  # ends the timer thread of one that failed
        with suppress(Exception):
            transport.close()
        self._wire.close()
        if transport.is_alive() and transport is not threading.current_thread():
            transport.join(1.0)

    def forsake(self) -> None:
        """In a forked child: let go of it without a word, as the parent goes on with it."""
        self._transport.active = False  # type: ignore[attr-defined] # what is_active() tells
        channel = getattr(self, "_channel", None)
        if channel is not None:
            # Its destructor would say goodbye, under a lock that a thread of the parent may hold.
            channel.lock = threading.Lock()
            channel.closed = True
        self._wire.close()


def _dial(settings: Settings) -> Wire:
    deadline = SYSTEM_CLOCK.monotonic() + settings.connect_timeout
    try:
        sock = socket.create_connection((settings.host, settings.port), settings.connect_timeout)
    except OSError as error:
        kind = OfferTimeoutError if isinstance(error, TimeoutError) else OfferUnavailableError
        raise kind(
            f"{settings.address} cannot be reached: {error.strerror or error}", effect_unknown=False
        ) from error
    wire = Wire(sock, settings.timeout)
    wire.deadline = deadline
    return wire


def _transport(wire: Wire, keys: HostKeys, settings: Settings) -> paramiko.Transport:
    transport = paramiko.Transport(wire, default_window_size=_WINDOW)  # type: ignore[arg-type]
    transport.set_log_channel(_LOG)
    limit = settings.connect_timeout + _MORE
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = limit
    options = transport.get_security_options()
    options.ciphers = _first(CIPHERS, options.ciphers)
    options.key_types = _first(keys.types, options.key_types)
    return transport


def _first(wanted: Sequence[str], offered: Sequence[str]) -> tuple[str, ...]:
    """What is offered, with what is wanted and known at its head."""
    best = tuple(one for one in wanted if one in offered)
    return best + tuple(one for one in offered if one not in best)


_living: weakref.WeakSet[Session] = weakref.WeakSet()


def _in_child() -> None:
    for session in list(_living):
        session.forsake()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
