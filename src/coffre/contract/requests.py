"""Requests: one frozen value for each operation, by keyword, able to grow.

A field that comes later has a default, and names in its metadata the capability it needs
and the contract version it came with. A driver that does not declare the capability, or
was written for an older contract, *refuses* a request in which such a field was set: see
:func:`~coffre.contract.refusing.refuse_unsupported`. No driver ever ignores a field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from coffre.contract.content import Content
from coffre.contract.digest import Digest, DigestAlgorithm
from coffre.contract.errors import InvalidRequestError
from coffre.contract.identity import ObjectRef, check_name, check_tenant
from coffre.contract.services import Capability

MAX_METADATA_BYTES = 16 * 1024
"""Most that names and values of one object may take together, in UTF-8 bytes."""

NO_METADATA: Mapping[str, str] = MappingProxyType({})
"""The empty metadata, shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRequest:
    """One object to store. New fields may come; each will have a default."""

    ref: ObjectRef
    """Tenant, container and identifier, valid by construction."""
    content: Content
    """Opens a fresh stream each time: a put can be retried, or sent to N offers."""
    size: int
    """Length of the content, in bytes. Another length is refused, and leaves nothing."""
    algorithm: DigestAlgorithm = DigestAlgorithm.SHA512
    """Algorithm of the digest the result must carry."""
    expected: Digest | None = None
    """Digest that the bytes must have, under ``algorithm``; others are refused, unpublished."""
    metadata: Mapping[str, str] = field(
        default_factory=lambda: NO_METADATA, metadata={"needs": Capability.METADATA}
    )
    """Names and values kept beside the object, the original file name for instance."""
    replace: bool = field(default=False, metadata={"needs": Capability.REPLACE})
    """Replace an object that holds other bytes, atomically; otherwise that is a conflict."""
    retain_until: datetime | None = field(default=None, metadata={"needs": Capability.RETENTION})
    """Earliest deletion, UTC, enforced by the offer itself."""

    def __post_init__(self) -> None:
        """Check what can be checked without the offer.

        Raises:
            InvalidRequestError: a negative size, an expected digest of another algorithm, a
                retention date without a time zone, or more metadata than
                :data:`MAX_METADATA_BYTES`.
        """
        if self.size < 0:
            raise InvalidRequestError("the size of an object cannot be negative", ref=self.ref)
        if self.expected is not None and self.expected.algorithm is not self.algorithm:
            raise InvalidRequestError(
                f"expected digest is {self.expected.algorithm}, the request says {self.algorithm}",
                ref=self.ref,
            )
        if self.retain_until is not None and self.retain_until.utcoffset() is None:
            raise InvalidRequestError("a retention date needs a time zone", ref=self.ref)
        if self.metadata:
            self._check_metadata()

    def _check_metadata(self) -> None:
        length = 0
        for name, value in self.metadata.items():
            try:
                length += len(name.encode()) + len(value.encode())
            except (AttributeError, UnicodeEncodeError):
                raise InvalidRequestError(
                    "metadata must be text that UTF-8 can write", ref=self.ref
                ) from None
        if length > MAX_METADATA_BYTES:
            raise InvalidRequestError(
                f"{length} bytes of metadata, at most {MAX_METADATA_BYTES} are kept", ref=self.ref
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPutRequest:
    """Several objects to store in one call; needs :attr:`Capability.BULK_PUT`."""

    puts: Sequence[PutRequest]
    """The objects; a reference may appear once only."""

    def __post_init__(self) -> None:
        """Check that no reference is stored twice: which of them would win?

        Raises:
            InvalidRequestError: one is.
        """
        if len({put.ref for put in self.puts}) != len(self.puts):
            raise InvalidRequestError("a bulk put names the same object twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class GetRequest:
    """One object, or a range of it, to read."""

    ref: ObjectRef
    offset: int = field(default=0, metadata={"needs": Capability.RANGE_READ})
    """First byte wanted, from 0."""
    length: int | None = field(default=None, metadata={"needs": Capability.RANGE_READ})
    """Number of bytes wanted, to the end when ``None``; must lie inside the object."""
    describe: bool = True
    """Unset by a caller that only wants the bytes: a driver may then leave out what was kept
    beside the object, where finding it takes time. One that gives it all the same does no wrong."""

    def __post_init__(self) -> None:
        """Check the range as far as it can be without the offer.

        Raises:
            InvalidRequestError: a negative offset or length.
        """
        if self.offset < 0 or (self.length is not None and self.length < 0):
            raise InvalidRequestError("a range cannot be negative", ref=self.ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatRequest:
    """One object to ask about."""

    ref: ObjectRef
    digest: DigestAlgorithm | None = field(
        default=None, metadata={"needs": Capability.OFFER_DIGEST}
    )
    """Have the offer digest, now, the whole object it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRequest:
    """One object to delete, on an order that the caller has recorded."""

    ref: ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """The objects of one container, sorted bytewise by identifier."""

    tenant: int
    container: str
    after: str | None = None
    """Start after this identifier, which need not exist: this is how a listing is resumed."""
    prefix: str = ""
    """Only identifiers that begin so."""
    limit: int | None = None
    """At most this many; the listing then says whether it is complete."""

    def __post_init__(self) -> None:
        """Refuse what cannot be the place of an object: drivers make paths and keys of it.

        Raises:
            InvalidReferenceError: the tenant or the container is not allowed.
            InvalidRequestError: a negative limit.
        """
        check_tenant(self.tenant)
        check_name(self.container, "container")
        if self.limit is not None and self.limit < 0:
            raise InvalidRequestError("a limit cannot be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityRequest:
    """How much room is left."""

    tenant: int = 0
    """Tenant for whom the question is asked, where an offer gives quotas by tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainersRequest:
    """Which containers an offer holds; needs :attr:`Capability.CONTAINERS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRequest:
    """Bad bytes to set aside; needs :attr:`Capability.QUARANTINE`."""

    ref: ObjectRef
    reason: str
    """Code or sentence kept with the bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRequest:
    """Leftovers to remove; needs :attr:`Capability.SWEEP`."""

    older_than: float = 3600.0
    """Only leftovers untouched for that many seconds."""
