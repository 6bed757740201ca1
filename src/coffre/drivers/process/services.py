"""Services that a program may have or not: a connection has the methods of those it declares."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import cast

from coffre.contract import (
    Capability,
    ContainerEntry,
    ContainersRequest,
    QuarantineRequest,
    QuarantineResult,
    SweepRequest,
    SweepResult,
)
from coffre.drivers.process import listing
from coffre.drivers.process.connection import ProcessConnection


class _Containers(ProcessConnection):
    def containers(self, request: ContainersRequest) -> Iterator[ContainerEntry]:
        """Name every container that may hold objects."""
        self.refuse(request)
        return listing.containers(self.session, request, self)


class _Quarantine(ProcessConnection):
    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        """Have the program set bad bytes aside."""
        self.refuse(request)
        fields = {"ref": str(request.ref), "reason": request.reason}
        with self.session.begin("quarantine", fields, request.ref, changes=True) as exchange:
            answer = exchange.answer()
            with exchange.ending_the_session():
                return QuarantineResult(place=answer.text("place"), size=answer.whole("size"))


class _Sweep(ProcessConnection):
    def sweep(self, request: SweepRequest) -> SweepResult:
        """Have the program remove what writers that died have left."""
        self.refuse(request)
        fields = {"older_than": request.older_than}
        with self.session.begin("sweep", fields, changes=True) as exchange:
            answer = exchange.answer()
            with exchange.ending_the_session():
                return SweepResult(
                    removed=answer.whole("removed"),
                    kept=answer.whole("kept", 0),
                    freed=answer.whole("freed", 0),
                )


_SERVICES: dict[Capability, type[ProcessConnection]] = {
    Capability.CONTAINERS: _Containers,
    Capability.QUARANTINE: _Quarantine,
    Capability.SWEEP: _Sweep,
}

CAPABILITIES = frozenset(
    {
        Capability.METADATA,
        Capability.RECORDED_DIGEST,
        Capability.REPLACE,
        Capability.CREATE_ONLY,
        Capability.RANGE_READ,
        Capability.OFFER_DIGEST,
        Capability.CONTAINERS,
        Capability.QUARANTINE,
        Capability.SWEEP,
        Capability.RETENTION,
    }
)
"""What the protocol can carry; a program declares which of these it has."""


@lru_cache(maxsize=len(_SERVICES) ** 2)
def connection_with(capabilities: frozenset[Capability]) -> type[ProcessConnection]:
    """The connection that has the methods of these capabilities, and no others."""
    bases = tuple(kind for capability, kind in _SERVICES.items() if capability in capabilities)
    if not bases:
        return ProcessConnection
    return cast(type[ProcessConnection], type(ProcessConnection.__name__, bases, {}))
