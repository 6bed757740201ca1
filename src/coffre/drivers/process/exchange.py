"""One request under way: what came in for it, and what it may still send."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from coffre.contract import Buffer, CoffreError, ObjectRef
from coffre.drivers.process.errors import told_error
from coffre.drivers.process.fields import Fields
from coffre.drivers.process.protocol import (
    MAX_CREDIT,
    Frame,
    WireError,
    credit,
    header,
    message,
)

if TYPE_CHECKING:
    from coffre.drivers.process.session import Session


class Exchange:
    """A request and its answer. Used as a context manager, it is given up on leaving early."""

    def __init__(
        self, session: Session, number: int, ref: ObjectRef | None, *, streams: bool, in_doubt: bool
    ) -> None:
        """Begin; made by :meth:`Session.begin`."""
        self.number = number
        self.ref = ref
        self.in_doubt = in_doubt
        """Whether it may have had its effect, for all that is known on this side."""
        self.granted = 0
        """Frames that the program may still send."""
        self.cancelled = False
        self.over = False
        """Whether the last frame of the answer is here."""
        self._session = session
        self._streams = streams
        self._credit = 0
        self._result: Fields | None = None
        self._ended: Fields | None = None
        self._error: Fields | None = None
        self._data: deque[memoryview] = deque()
        self._pages: deque[Fields] = deque()

    # --- frames that come in: called by the session ------------------------------------------

    def take_credit(self, frames: int) -> None:
        """The program asks for so many frames more."""
        self._credit += frames
        if self._credit > MAX_CREDIT or self._streams:
            raise WireError("the program asks for frames that it cannot be sent")

    def take_data(self, buffer: memoryview) -> None:
        """Bytes of the object."""
        self._use_grant()
        if self.cancelled:
            self._session.give_back(buffer)
        elif not buffer:
            raise WireError("the program sent a frame of data without data")
        else:
            self._data.append(buffer)

    def _use_grant(self) -> None:
        self.granted -= 1
        if self.granted < 0:
            raise WireError("the program sent more frames than it was granted")

    def take(self, kind: Frame, fields: Fields) -> None:
        """A frame of JSON."""
        if kind is Frame.PAGE:
            self._use_grant()
            if not self.cancelled:
                self._pages.append(fields)
        elif kind is Frame.ERROR:
            self._error, self.over = fields, True
        elif kind is Frame.RESULT and self._result is None:
            self._result, self.over = fields, not self._streams
        elif kind is Frame.END and self._streams:
            self._ended, self.over = fields, True
        else:
            raise WireError(f"the program sent a {kind.name} where none can be")
        if kind is Frame.RESULT and self.cancelled and self.over:
            raise WireError("the program went on with what it was told to give up")

    # --- waiting for an answer ---------------------------------------------------------------

    def answer(self) -> Fields:
        """The ``RESULT``.

        Raises:
            OfferError: what was answered instead, or the session ended.
        """
        while self._result is None:
            self._await()
        return self._result

    def data(self) -> memoryview | None:
        """The next bytes of the object, lent until given back; ``None`` at the end."""
        while not self._data and self._ended is None:
            self._await()
        return self._data.popleft() if self._data else None

    def page(self) -> Fields | None:
        """The next page of a listing; ``None`` at the end."""
        self.await_page()
        return self._pages.popleft() if self._pages else None

    def await_page(self) -> None:
        """Wait until the first page, or the end, is there.

        Raises:
            OfferError: what was answered instead, or the session ended.
        """
        while not self._pages and self._ended is None:
            self._await()

    @property
    def end(self) -> Fields:
        """What the program said at the end of its stream, once that was reached."""
        return self._ended or Fields({})

    def _await(self) -> None:
        """Wait for a frame; raise what the program has answered instead of it."""
        with self.ending_the_session():
            if self._error is None:
                self._session.receive()
            if self._error is not None:
                raise self._told(self._error)

    def _told(self, fields: Fields) -> CoffreError:
        return told_error(fields, self._session.redaction, self.ref)

    def consumed(self, data: memoryview, *, more: bool) -> None:
        """Bytes that nobody looks at any more: their buffer can take others, if more may come."""
        self._session.give_back(data)
        if more:
            self.grant_one()

    def grant_one(self) -> None:
        """Let the program send one frame more."""
        if not self.over:
            with self.ending_the_session():
                self._session.wire.send(credit(self.number, 1))
                self.granted += 1

    # --- sending a content -------------------------------------------------------------------

    def await_credit(self) -> None:
        """Wait until the program asks for bytes.

        Raises:
            OfferError: it refused the put, or the session ended.
        """
        while not self._credit:
            self._await()
            if self.over:
                with self.ending_the_session():
                    raise WireError("the program answered a put before it had the bytes")

    def send_data(self, data: Buffer) -> None:
        """Send one frame of data, for which there was credit."""
        self._credit -= 1
        with self.ending_the_session():
            self._session.wire.send(header(Frame.DATA, self.number, len(data)), data)

    def commit(self, fields: dict[str, object]) -> None:
        """Tell the program that it has everything, and may publish: from now on it may have."""
        with self.ending_the_session():
            self.in_doubt = True
            self._session.wire.send(message(Frame.COMMIT, self.number, fields))

    # --- ends --------------------------------------------------------------------------------

    @contextmanager
    def ending_the_session(self) -> Iterator[None]:
        """What breaks the session ends it, and leaves as an error of the contract."""
        self._session.check(in_doubt=self.in_doubt)
        try:
            yield
        except WireError as error:
            raise self._session.fail(error, self) from error
        except CoffreError:
            raise
        except BaseException:
            # An interruption can have left half a frame behind, or lost one.
            self._session.end()
            raise

    def cancel(self) -> None:
        """Nobody waits for the answer any more; what was kept of it is let go."""
        self.cancelled = True
        while self._data:
            self._session.give_back(self._data.popleft())
        self._pages.clear()

    def __enter__(self) -> Self:
        """Use the exchange."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it up, and wait until the program has, if it is not over."""
        self._session.give_up(self, wait=True)
