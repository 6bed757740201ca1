"""Put: written aside, checked, flushed, then made to appear in one step.

1. The content goes to a *part*, which nobody looks at, and is digested on its way.
2. Size and digest are held against what was announced; bytes are flushed to the device.
3. The object appears under its name, by a step that fails where the name exists; its record
   follows; names are flushed. Only then is the put acknowledged.

A failure before the third step leaves nothing. One after it leaves a whole object that was not
acknowledged: putting it again finds it, flushes it and says so. A small object takes five round
trips, however many requests they carry; many small objects take as many together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coffre.contract import (
    BulkPutRequest,
    Capability,
    CoffreError,
    PutRequest,
    PutResult,
    refuse_unsupported,
)
from coffre.drivers.sftp.errors import status_error, translating
from coffre.drivers.sftp.exchange import StatusError
from coffre.drivers.sftp.flushing import NamesToFlush
from coffre.drivers.sftp.publishing import require_careful
from coffre.drivers.sftp.putting import SMALL, Putting
from coffre.drivers.sftp.root import Root

TOGETHER = 32
"""Objects that go together at most; each has two files open on the server."""
_TOGETHER_BYTES = 4 * 1024 * 1024
"""Bytes of all of them at most: they are on their way at once."""

Outcome = PutResult | CoffreError


def put(root: Root, request: PutRequest) -> PutResult:
    """Store one object; see ``Connection.put``."""
    with translating(root.exchange, request.ref):
        require_careful(root)
    putting = Putting(root, request)
    names = _names(root, [putting])
    try:
        putting.receive()
        with translating(root.exchange, request.ref):
            putting.settle()
            names.open()
            putting.check()
            with root.exchange.doubting():
                putting.appear()
                putting.record_it()
                putting.end()
                durable = names.flush(*_records([putting]))
        return putting.stored(durable=durable)
    finally:
        names.close()
        putting.discard()
        root.exchange.flush_quietly()


def bulk_put(
    root: Root, request: BulkPutRequest, capabilities: frozenset[Capability]
) -> Sequence[Outcome]:
    """Store several objects, by groups whose every step is one round trip."""
    with translating(root.exchange):
        require_careful(root)
    outcomes: list[Outcome] = []
    for group in _groups(request.puts):
        outcomes += _Group(root, group, capabilities).run()
    return outcomes


def _groups(puts: Sequence[PutRequest]) -> list[list[PutRequest]]:
    """Small objects together, a large one by itself."""
    groups: list[list[PutRequest]] = []
    room = 0
    for put in puts:
        if not groups or len(groups[-1]) >= TOGETHER or put.size > room:
            groups.append([])
            room = _TOGETHER_BYTES if put.size <= SMALL else 0
        groups[-1].append(put)
        room -= put.size
    return groups


class _Group:
    """Some objects that take each step together; one that fails stops nobody."""

    def __init__(
        self, root: Root, puts: Sequence[PutRequest], capabilities: frozenset[Capability]
    ) -> None:
        self._root = root
        self._capabilities = capabilities
        self._all = [Putting(root, put) for put in puts]
        self._failed: dict[int, CoffreError] = {}

    def run(self) -> list[Outcome]:
        """Take them through the steps.

        Raises:
            OfferUnavailableError: the session is lost; putting the same bytes again succeeds.
        """
        exchange = self._root.exchange
        try:
            with translating(exchange):
                return self._steps()
        finally:
            for putting in self._all:
                putting.discard()
            exchange.flush_quietly()

    def _steps(self) -> list[Outcome]:
        self._each(lambda putting: refuse_unsupported(putting.request, self._capabilities))
        self._each(Putting.receive)
        names = _names(self._root, self._going())
        try:
            durable = self._publish(names)
        finally:
            names.close()
        return [
            self._failed.get(number) or putting.stored(durable=durable)
            for number, putting in enumerate(self._all)
        ]

    def _publish(self, names: NamesToFlush) -> bool:
        self._each(Putting.settle)
        names.open()
        self._each(Putting.check)
        with self._root.exchange.doubting():
            self._each(Putting.appear)
            self._each(Putting.record_it)
            self._each(Putting.end)
            return names.flush(*_records(self._going()))

    def _each(self, step: Callable[[Putting], None]) -> None:
        for number, putting in enumerate(self._all):
            if number in self._failed:
                continue
            try:
                step(putting)
            except StatusError as error:
                self._failed[number] = status_error(error, putting.ref)
            except CoffreError as error:
                if not self._root.exchange.alive:
                    raise
                self._failed[number] = error

    def _going(self) -> list[Putting]:
        return [one for number, one in enumerate(self._all) if number not in self._failed]


def _names(root: Root, puttings: Sequence[Putting]) -> NamesToFlush:
    """The folders in which their names appear, each once."""
    return NamesToFlush(root, tuple({folder: None for one in puttings for folder in one.folders}))


def _records(puttings: Sequence[Putting]) -> list[bytes | None]:
    """Open records, which are flushed together with the names."""
    return [one.record.handle for one in puttings if one.record is not None]
