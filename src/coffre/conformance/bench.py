"""A bench: one check's own place on the offer, its sessions, and what it notes down.

Every check has a bench of its own: tenants that nobody else uses, sessions that are closed at
the end, chance drawn from the seed and the check's name alone, so that a check run by itself
does what it did among others. What a check stored is deleted at the end, and nothing else is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import count
from types import TracebackType
from typing import Self

from coffre.conformance.broken import NotTried, told
from coffre.conformance.harness import Harness
from coffre.conformance.report import Figure
from coffre.conformance.session import Session
from coffre.conformance.trace import Trace
from coffre.contract import (
    Capability,
    CoffreError,
    Connection,
    ConnectionParameters,
    DeleteRequest,
    Driver,
    GetRequest,
    ListRequest,
    ObjectNotFoundError,
    ObjectRef,
)

DRAWS = 8
"""How often tenants are drawn before an offer counts as full of them."""


class Bench:
    """One check's place on an offer. Use it as a context manager: it cleans up."""

    def __init__(
        self, harness: Harness, *, seed: int = 0, trial: str = "", patience: float | None = None
    ) -> None:
        """Lay it out; nothing is sent yet.

        Args:
            harness: the offer under test.
            seed: of whatever the check draws by chance.
            trial: id of the trial, which the chance depends on as well.
            patience: seconds after which the check counts as hanging; the harness's when ``None``.
        """
        self.harness = harness
        self.seed = seed
        self.patience = harness.patience if patience is None else patience
        """Seconds after which this check counts as hanging."""
        self.random = random.Random(f"{seed}/{trial}")  # noqa: S311 - chance for checks, no secret
        """Where a check draws from."""
        self.trace = Trace()
        """What was done."""
        self.remarks: list[str] = []
        self.figures: list[Figure] = []
        self._abandoned = False
        self._made: set[ObjectRef] = set()
        self._sessions = count(1)
        self._open = ExitStack()

    # --- who is tested --------------------------------------------------------------------

    @property
    def driver(self) -> Driver:
        """The driver under test."""
        return self.harness.driver

    @property
    def parameters(self) -> ConnectionParameters:
        """Parameters of the offer."""
        return self.harness.parameters

    @cached_property
    def capabilities(self) -> frozenset[Capability]:
        """What a session of the offer declares."""
        with self.driver.connect(self.parameters) as connection:
            return connection.capabilities

    def has(self, capability: Capability) -> bool:
        """Whether a session declares it."""
        return capability in self.capabilities

    def need(self, capability: Capability) -> None:
        """Go on only where a session declares it.

        Raises:
            NotTried: it does not.
        """
        if not self.has(capability):
            raise NotTried(f"the driver does not declare {capability.value!r}")

    # --- where ----------------------------------------------------------------------------

    @cached_property
    def _tenants(self) -> tuple[int, int | None]:
        if self.harness.exclusive:
            return self.harness.scratch_tenants()
        for _ in range(1 if self.harness.tenants else DRAWS):
            found = self.harness.scratch_tenants()
            if all(self._is_empty(tenant) for tenant in found if tenant is not None):
                return found
        raise NotTried(
            "the scratch tenants are not empty, or the driver lists what is another tenant's; "
            "what they hold is not ours to touch"
        )

    def _is_empty(self, tenant: int) -> bool:
        with self.driver.connect(self.parameters) as connection:
            for container in self.harness.containers:
                request = ListRequest(tenant=tenant, container=container, limit=1)
                with connection.list(request) as listing:
                    if next(listing, None) is not None:
                        return False
        return True

    @property
    def tenant(self) -> int:
        """Tenant that is this check's own; its containers are empty at the beginning."""
        return self._tenants[0]

    @property
    def other_tenant(self) -> int:
        """A second one.

        Raises:
            NotTried: the service has one tenant only.
        """
        other = self._tenants[1]
        if other is None:
            raise NotTried("the service has one tenant only")
        return other

    @property
    def container(self) -> str:
        """Container that a check uses unless it says otherwise."""
        return self.harness.containers[0]

    @property
    def other_container(self) -> str:
        """A second one, empty at the beginning as well."""
        return self.harness.containers[1]

    def ref(
        self, identifier: str, *, tenant: int | None = None, container: str | None = None
    ) -> ObjectRef:
        """A reference in this check's own place."""
        return ObjectRef(
            tenant=self.tenant if tenant is None else tenant,
            container=container or self.container,
            identifier=identifier,
        )

    # --- reaching it ----------------------------------------------------------------------

    def abandon(self) -> None:
        """Have the check begin no other step: it hangs, and the run goes on without it.

        Its thread cannot be ended from outside. When the step in hand comes to an end, the check
        does, and cleans up.
        """
        self._abandoned = True

    def go_on(self) -> None:
        """Asked before every step.

        Raises:
            NotTried: the check was given up in the meantime.
        """
        if self._abandoned:
            raise NotTried("the check was given up, and does not go on")

    def connect(self, parameters: ConnectionParameters | None = None) -> Connection:
        """A bare connection; it is closed at the end if the check does not."""
        self.go_on()
        # Not `or`: parameters without a value have the length 0, and so are false.
        wanted = self.parameters if parameters is None else parameters
        connection = self.driver.connect(wanted)
        self._open.callback(self._close, connection)
        return connection

    @contextmanager
    def session(self, parameters: ConnectionParameters | None = None) -> Iterator[Session]:
        """A connection whose steps are noted, closed on leaving."""
        session = Session(self, self.connect(parameters))
        try:
            yield session
        finally:
            session.connection.close()

    def label(self) -> str:
        """How steps of the next session begin: the first needs no name."""
        number = next(self._sessions)
        return "" if number == 1 else f"session {number}: "

    def at_rest(self, ref: ObjectRef | str) -> bytes | None:
        """The bytes that the offer holds, seen by the best way there is.

        Around the driver where the harness can, else through a fresh session of it.
        """
        ref = self.ref(ref) if isinstance(ref, str) else ref
        try:
            return self.harness.bytes_at_rest(ref)
        except NotTried:
            return self._read(ref)

    def _read(self, ref: ObjectRef) -> bytes | None:
        with self.driver.connect(self.parameters) as connection:
            try:
                with connection.get(GetRequest(ref=ref)) as result:
                    return result.stream.read()
            except ObjectNotFoundError:
                return None

    # --- noting it ------------------------------------------------------------------------

    def stored(self, ref: ObjectRef) -> None:
        """Remember that something may be held under a reference, and is to be deleted."""
        self._made.add(ref)

    def did(self, step: str) -> None:
        """Note a step that no session notes."""
        self.trace.add(step)

    def start_over(self) -> None:
        """Forget the steps so far, and how many sessions there were: another history begins."""
        self.trace = Trace()
        self._sessions = count(1)

    def remark(self, text: str) -> None:
        """Tell the provider something that breaks no duty."""
        self.remarks.append(text)

    def stays(self, what: str) -> None:
        """Tell that something cannot be removed again; of no interest where all is thrown away."""
        if not self.harness.exclusive:
            self.remark(f"left on the offer: {what}")

    def measured(self, name: str, value: float, unit: str) -> None:
        """Note a figure."""
        self.figures.append(Figure(name=name, value=value, unit=unit))

    def finally_do(self, call: Callable[[], object]) -> None:
        """Have something done at the end, whatever happens: the last named is done first."""
        self._open.callback(call)

    # --- leaving it -----------------------------------------------------------------------

    def close(self) -> None:
        """Close what is open, and delete what was stored, unless the offer is thrown away."""
        self._open.close()
        if self._made and not self.harness.exclusive:
            self._clean()

    def _clean(self) -> None:
        left = sorted(self._made)
        try:
            with self.driver.connect(self.parameters) as connection:
                while left:
                    connection.delete(DeleteRequest(ref=left[-1]))
                    left.pop()
        except CoffreError as error:
            names = ", ".join(map(str, left[:3])) + (" ..." if len(left) > 3 else "")
            self.stays(f"{names} ({told(error)})")

    def _close(self, connection: Connection) -> None:
        try:
            connection.close()
        except Exception as error:  # noqa: BLE001 - told by a check of its own
            self.remark(f"closing a session raised {told(error)}")

    def __enter__(self) -> Self:
        """Use the bench; it is cleaned up on leaving."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clean up."""
        self.close()
