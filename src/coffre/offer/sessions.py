"""Sessions: how an offer reaches its driver, and how what the driver raises is made presentable.

Every attempt has a connection of its own; a pool, where there is one, is a driver that wraps
the driver, and decides from the errors it sees whether a connection is lent again.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from coffre.contract import (
    AnyRequest,
    Capability,
    CoffreError,
    Connection,
    ConnectionParameters,
    Driver,
    ObjectRef,
    OfferFailedError,
    OfferUnavailableError,
    SourceError,
    UnsupportedOperationError,
    refuse_unsupported,
    usable,
)
from coffre.offer.standing import UNTRIED, Standing

R = TypeVar("R")

logger = logging.getLogger("coffre.offer")

EVERYTHING = frozenset(Capability)
_Known = tuple[frozenset[Capability], frozenset[Capability], frozenset[Capability]]


class Sessions:
    """Opens connections of one driver under one set of parameters. Safe between threads."""

    def __init__(
        self,
        offer: str,
        driver: Driver,
        parameters: ConnectionParameters,
        withheld: frozenset[Capability],
    ) -> None:
        """Remember; nothing is opened yet.

        Args:
            offer: id that errors are signed with.
            driver: opens the connections.
            parameters: what each is opened with.
            withheld: capabilities not to rely on, although the driver declares them.
        """
        self.offer = offer
        self.driver = driver
        self.parameters = parameters
        self._never = withheld
        self.standing = UNTRIED
        self.withheld = withheld
        # What the last connection seen declares, what was withheld then, and what is left of it:
        # replaced as a whole, so that threads need no lock to read it, and good for nothing as
        # soon as something else is withheld.
        self._known: _Known | None = None

    def stand(self, standing: Standing) -> None:
        """Rely on what trials have left standing, from the next operation on."""
        self.standing = standing
        self.withheld = self._never | frozenset(standing.withheld)

    # --- one attempt -----------------------------------------------------------------------

    def use(self, request: AnyRequest, work: Callable[[Connection], R]) -> R:
        """Open a connection, check that it can do what is asked, work, close it.

        Raises:
            CoffreError: signed with the offer's id, unless it comes from a content.
        """
        with self.signing(getattr(request, "ref", None)):
            connection = self.connect()
            try:
                self.check(request, connection)
                return work(connection)
            finally:
                self.end(connection)

    def hold(self, request: AnyRequest, work: Callable[[Connection], R]) -> tuple[R, Connection]:
        """As :meth:`use`, but the connection stays open, and is the caller's to end."""
        with self.signing(getattr(request, "ref", None)):
            connection = self.connect()
            try:
                self.check(request, connection)
                return work(connection), connection
            except BaseException:
                self.end(connection)
                raise

    def open(self) -> Connection:
        """Open a connection for several requests; the caller checks them, and ends it.

        Raises:
            CoffreError: it cannot be opened; signed.
        """
        with self.signing():
            return self.connect()

    def connect(self) -> Connection:
        """Open a connection, inside a block that signs what it raises.

        Raises:
            CoffreError: it cannot be opened.
        """
        try:
            return self.driver.connect(self.parameters)
        except OfferUnavailableError as error:
            error.effect_unknown = False  # no request was sent yet
            raise

    def end(self, connection: Connection) -> None:
        """Close a connection; what was done over it stands, even if that fails."""
        try:
            connection.close()
        except Exception as error:  # noqa: BLE001
            # The contract says that closing never raises. The result of the work is worth more
            # than this defect, which is told where defects of drivers belong.
            logger.error(
                "driver %r raised while closing a connection: %s", self.driver.name, place_of(error)
            )

    # --- capabilities ----------------------------------------------------------------------

    def check(self, request: AnyRequest, connection: Connection) -> None:
        """Refuse what would have to be ignored in part; nothing was sent.

        Raises:
            UnsupportedOperationError: a field needs what the connection does not have.
        """
        try:
            refuse_unsupported(request, self.effective(connection), self.driver.contract)
        except UnsupportedOperationError as error:
            raise self.explained(error, request) from None

    def explained(
        self, error: UnsupportedOperationError, request: AnyRequest
    ) -> UnsupportedOperationError:
        """A refusal that says which trial led to it, where the driver declares what is missing."""
        for capability, why in self.standing.withheld.items():
            try:
                refuse_unsupported(request, EVERYTHING - {capability}, self.driver.contract)
            except UnsupportedOperationError:
                return UnsupportedOperationError(
                    f"{capability.value} is not relied on: {why}; nothing was sent", ref=error.ref
                )
        return error

    def effective(self, connection: Connection) -> frozenset[Capability]:
        """What can be relied on over this connection."""
        declared = connection.capabilities
        withheld, known = self.withheld, self._known
        if known is None or known[0] is not declared or known[1] is not withheld:
            known = self._known = (declared, withheld, self._relied_on(declared, withheld))
        return known[2]

    def capabilities(self) -> frozenset[Capability]:
        """What can be relied on: learnt from a connection, opened for that if none was yet.

        When the offer cannot be reached, what the driver declares, until it can.
        """
        if self._known is None:
            try:
                connection = self.open()
            except CoffreError:
                return self._relied_on(self.driver.capabilities, self.withheld)
            self.effective(connection)
            self.end(connection)
        withheld, known = self.withheld, self._known
        if known is not None and known[1] is withheld:
            return known[2]
        declared = self.driver.capabilities if known is None else known[0]
        return self._relied_on(declared, withheld)

    def _relied_on(
        self, declared: frozenset[Capability], withheld: frozenset[Capability]
    ) -> frozenset[Capability]:
        # A driver of 1.0 that declares a name of 1.1 cannot have meant its service.
        return usable(declared, self.driver.contract) - withheld

    # --- errors ----------------------------------------------------------------------------

    def signing(self, ref: ObjectRef | None = None) -> Signing:
        """A block that calls the driver: what it raises leaves in the form that users see."""
        return Signing(self, ref)

    def sign(self, error: CoffreError, ref: ObjectRef | None) -> CoffreError:
        """Write the offer's id, and the object where there is one, into an error.

        A content's error (a source; another offer, which has signed it) stays as it is.
        """
        if not isinstance(error, SourceError) and error.offer is None:
            error.offer = self.offer
            if error.ref is None:
                error.ref = ref
        return error


def place_of(error: Exception) -> str:
    """What a foreign error is and where it was raised: its text may hold a secret (law 11)."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


class Signing:
    """Signs errors of the contract; anything else is a defect of the driver, and is named so.

    ``KeyboardInterrupt`` and its like pass.
    """

    __slots__ = ("_ref", "_sessions")

    def __init__(self, sessions: Sessions, ref: ObjectRef | None) -> None:
        """Remember whose errors, about which object."""
        self._sessions = sessions
        self._ref = ref

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Sign, or name the defect.

        Raises:
            OfferFailedError: the driver raised what is no error of the contract.
        """
        if isinstance(error, CoffreError):
            self._sessions.sign(error, self._ref)
        elif isinstance(error, Exception):
            raise self._sessions.sign(self._defect(error), self._ref) from error

    def _defect(self, cause: Exception) -> OfferFailedError:
        # Only the type is told: the text of a foreign error may hold a secret. It stays at
        # hand as the cause, for whoever looks into the defect.
        return OfferFailedError(
            f"driver {self._sessions.driver.name!r} raised {type(cause).__name__}, which is no "
            "error of the contract; this is a defect of the driver: report it to its provider"
        )
