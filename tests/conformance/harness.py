"""A harness: how the checks reach an offer, by its driver and around it.

The driver is what is tested, so what it claims is held against what a harness sees by another
way: the bytes at rest. A provider's whole test file is a harness and a subclass of
``DriverConformance``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from coffre.contract import (
    NO_METADATA,
    Capability,
    Connection,
    ConnectionParameters,
    DigestAlgorithm,
    Driver,
    ObjectRef,
    PutRequest,
)
from coffre.streams import BytesContent

TENANT = 0
CONTAINER = "object"


class Harness(ABC):
    """One empty offer, its driver, and a way around it."""

    driver: Driver
    parameters: ConnectionParameters

    def connect(self) -> Connection:
        """A fresh session."""
        return self.driver.connect(self.parameters)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What a session of this offer declares."""
        with self.connect() as connection:
            return connection.capabilities

    @abstractmethod
    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        """The bytes held under a reference, seen without the driver; ``None`` when it has none."""

    @abstractmethod
    def damage(self, ref: ObjectRef) -> None:
        """Change the bytes at rest, their number and nothing else unchanged."""

    def new_place(self) -> ConnectionParameters | None:
        """Parameters of an empty place that is no offer yet; ``None`` when there can be no such."""
        return None

    def unreachable(self) -> ConnectionParameters | None:
        """Parameters of an offer that cannot be reached; ``None`` when there can be no such."""
        return None


def named(identifier: str, *, container: str = CONTAINER, tenant: int = TENANT) -> ObjectRef:
    """A reference for a check."""
    return ObjectRef(tenant=tenant, container=container, identifier=identifier)


def deposit(
    identifier: str | ObjectRef,
    data: bytes = b"some bytes",
    *,
    metadata: Mapping[str, str] = NO_METADATA,
    replace: bool = False,
    announce: bool = False,
) -> PutRequest:
    """A put of bytes in memory; with ``announce``, of their digest too."""
    ref = named(identifier) if isinstance(identifier, str) else identifier
    return PutRequest(
        ref=ref,
        content=BytesContent(data),
        size=len(data),
        expected=DigestAlgorithm.SHA512.of(data) if announce else None,
        replace=replace,
        metadata=metadata,
    )
