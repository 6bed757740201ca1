"""Lies of sessions: apart from others, closed when told so, leaving nothing behind."""

from __future__ import annotations

import threading
from dataclasses import replace

from coffre.contract import (
    ConnectionLostError,
    ConnectionParameters,
    GetRequest,
    GetResult,
    Listing,
    ListRequest,
    ObjectNotFoundError,
    OfferError,
    OfferFailedError,
    PutRequest,
)
from coffre.streams import Copied
from coffre.testing import MemoryConnection, MemoryOffer
from tests.liars.honest import HonestConnection, HonestDriver
from tests.liars.liar import liar
from tests.liars.listing import Lists
from tests.liars.reading import Gush


@liar("session.apart")
class LendsOneSessionToAll(HonestDriver):
    """Whoever connects is given the session of the one before, as long as it is open."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        kept: MemoryConnection | None = self.notes.get(str(parameters))
        if kept is None or kept._closed:
            kept = self.notes[str(parameters)] = super().connect(parameters)
        return kept


@liar("session.apart")
class ClosesTheOthers(HonestConnection):
    """Closing one session closes all that are open."""

    def __init__(
        self, parameters: ConnectionParameters, offer: MemoryOffer, driver: HonestDriver
    ) -> None:
        super().__init__(parameters, offer, driver)
        driver.notes.setdefault("open", []).append(self)

    def close(self) -> None:
        for session in self.driver.notes["open"]:
            session._closed = True
        self.driver.notes["open"].clear()


@liar("session.close")
class CannotBeClosedTwice(HonestConnection):
    """Closing a closed session is an error."""

    def close(self) -> None:
        if self._closed:
            raise OfferFailedError("it is closed already")
        super().close()


@liar("session.close")
class RaisesWhenClosed(HonestConnection):
    """Closing a session that was used raises."""

    used = False

    def _begin(self, operation: str) -> None:
        super()._begin(operation)
        self.used = True

    def close(self) -> None:
        super().close()
        if self.used:
            raise OfferFailedError("the service did not say goodbye")


@liar("session.closed")
class GoesOnOnceClosed(HonestConnection):
    """A closed session works like an open one."""

    def close(self) -> None:
        """Nothing is done."""


@liar("session.closed")
class SweepsOnceClosed(HonestConnection):
    """A closed session refuses everything but its services."""

    def _begin(self, operation: str) -> None:
        if operation not in ("sweep", "quarantine"):
            super()._begin(operation)


@liar("session.closed")
class SaysAbsentOnceClosed(HonestConnection):
    """A closed session says that nothing is there."""

    def _begin(self, operation: str) -> None:
        if self._closed:
            raise ObjectNotFoundError("not found")
        super()._begin(operation)


@liar("session.closed")
class DoubtsOnceClosed(HonestConnection):
    """A closed session, which did nothing, leaves in doubt whether it did."""

    def _begin(self, operation: str) -> None:
        if self._closed:
            raise ConnectionLostError("closed")
        super()._begin(operation)


class EndsWith(Gush):
    """A stream that ends when its session does."""

    def __init__(self, session: HonestConnection, data: bytes) -> None:
        super().__init__(data)
        self.session = session

    def read(self, size: int = -1, /) -> bytes:
        if self.session._closed:
            return b""
        end = len(self.data) if size < 0 else size
        piece, self.data = self.data[:end], self.data[end:]
        return piece


@liar("session.cut")
class EndsStreamsWithTheSession(HonestConnection):
    """What is still being read when its session is closed just ends."""

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        return replace(result, stream=EndsWith(self, result.stream.read()))


@liar("session.cut")
class EndsListingsWithTheSession(Lists):
    """A listing that is still being read when its session is closed just ends."""

    def list(self, request: ListRequest) -> Listing:
        listing = super().list(request)
        return Listing(entry for entry in listing if not self._closed)


class Stumbles(HonestConnection):
    """A session that fails once, after something that it does not get over."""

    stumbled = False

    def _begin(self, operation: str) -> None:
        super()._begin(operation)
        if self.stumbled:
            self.stumbled = False
            raise ConnectionLostError("there was something left of the answer before")


class Unread(Gush):
    """A stream whose rest stays in the way when it is closed."""

    def __init__(self, session: Stumbles, data: bytes) -> None:
        super().__init__(data)
        self.session = session

    def read(self, size: int = -1, /) -> bytes:
        end = len(self.data) if size < 0 else size
        piece, self.data = self.data[:end], self.data[end:]
        return piece

    def close(self) -> None:
        self.session.stumbled = bool(self.data)


@liar("session.left")
class CannotLeaveAStream(Stumbles):
    """A stream that is closed before its end spoils the session."""

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        return replace(result, stream=Unread(self, result.stream.read()))


@liar("session.left")
class CannotLeaveAListing(Stumbles, Lists):
    """A listing that is closed before its end spoils the session."""

    def list(self, request: ListRequest) -> Listing:
        listing = Lists.list(self, request)

        def closed() -> None:
            self.stumbled = next(listing, None) is not None

        return Listing(listing, close=closed)


@liar("session.fails")
class DiesOfARefusal(HonestConnection):
    """A session that had to refuse something is dead."""

    def receive(self, request: PutRequest) -> tuple[bytes, Copied]:
        try:
            return super().receive(request)
        except OfferError:
            self._closed = True
            raise


@liar("session.fails")
class DiesOfABadSource(HonestConnection):
    """A session whose source failed is dead."""

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        try:
            return super().pull(request)
        except Exception:
            self._closed = True
            raise


@liar("session.threads")
class BelongsToOneThread(HonestConnection):
    """A session works in the thread that opened it, and in no other."""

    def __init__(
        self, parameters: ConnectionParameters, offer: MemoryOffer, driver: HonestDriver
    ) -> None:
        super().__init__(parameters, offer, driver)
        self.home = threading.get_ident()

    def _begin(self, operation: str) -> None:
        super()._begin(operation)
        if threading.get_ident() != self.home:
            raise OfferFailedError("made in another thread")
