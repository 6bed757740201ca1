"""One session with an offer that a program keeps."""

from __future__ import annotations

import weakref

from coffre.contract import (
    AnyRequest,
    CapacityRequest,
    CapacityResult,
    Connection,
    ConnectionParameters,
    DeleteRequest,
    DeleteResult,
    GetRequest,
    GetResult,
    Listing,
    ListRequest,
    PutRequest,
    PutResult,
    StatRequest,
    StatResult,
    refuse_unsupported,
)
from coffre.drivers.process import listing, putting, reading
from coffre.drivers.process.handshake import ProgramFacts
from coffre.drivers.process.session import Session


class ProcessConnection(Connection):
    """A session with a program of its own: the program ends with the connection.

    One that is forgotten without being closed ends its program all the same.
    """

    def __init__(
        self, parameters: ConnectionParameters, session: Session, program: ProgramFacts
    ) -> None:
        """Take over a session that is open."""
        super().__init__(parameters)
        self.session = session
        self.program = program
        self.capabilities = program.capabilities
        self._finalizer = weakref.finalize(self, session.end)

    def refuse(self, request: AnyRequest) -> None:
        """Refuse what the program would have to ignore in part: it may be older than a field.

        Raises:
            UnsupportedOperationError: nothing was sent.
        """
        refuse_unsupported(request, self.capabilities, self.program.contract)

    @property
    def log(self) -> str:
        """The end of what the program wrote to its standard error, without secrets."""
        log = self.session.peer.log
        if log is None:
            return ""
        self.session.read_log()
        return log.text()

    def put(self, request: PutRequest) -> PutResult:
        """Send the content as the program asks for it, and have it published at the end."""
        self.refuse(request)
        return putting.put(self.session, request)

    def get(self, request: GetRequest) -> GetResult:
        """Open one object, or a range of it; the program sends no more than is read."""
        self.refuse(request)
        return reading.get(self.session, request, self)

    def stat(self, request: StatRequest) -> StatResult:
        """Ask about one object."""
        self.refuse(request)
        return reading.stat(self.session, request, self.program.algorithms)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Have one object removed."""
        self.refuse(request)
        fields = {"ref": str(request.ref)}
        with self.session.begin("delete", fields, request.ref, changes=True) as exchange:
            answer = exchange.answer()
            with exchange.ending_the_session():
                return DeleteResult(existed=answer.flag_given("existed"))

    def list(self, request: ListRequest) -> Listing:
        """List one container, page by page."""
        self.refuse(request)
        return listing.list_container(self.session, request, self)

    def capacity(self, request: CapacityRequest) -> CapacityResult:
        """Ask for the room left."""
        self.refuse(request)
        with self.session.begin("capacity", {"tenant": request.tenant}) as exchange:
            answer = exchange.answer()
            with exchange.ending_the_session():
                return CapacityResult(
                    total=answer.whole_or_none("total"),
                    used=answer.whole_or_none("used"),
                    free=answer.whole_or_none("free"),
                )

    def close(self) -> None:
        """Let the program go, and wait for it."""
        self._finalizer.detach()
        self.session.close()
