"""A session of a check: the operations of a connection, each step noted with what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar, cast

from coffre.conformance.broken import raises, shown, told
from coffre.contract import (
    NO_METADATA,
    CapacityRequest,
    CapacityResult,
    Connection,
    Content,
    DeleteRequest,
    DeleteResult,
    DigestAlgorithm,
    GetRequest,
    GetResult,
    Listing,
    ListRequest,
    ObjectNotFoundError,
    ObjectRef,
    PutRequest,
    PutResult,
    QuarantineRequest,
    QuarantineResult,
    StatRequest,
    StatResult,
    SupportsQuarantine,
)
from coffre.streams import BytesContent

if TYPE_CHECKING:
    from coffre.conformance.bench import Bench

Result = TypeVar("Result")

DATA = b"some bytes"
"""What a check stores when the bytes do not matter: ten of them."""


MOST_SHOWN = 8
"""Outcomes of one call that a step shows."""


class Session:
    """One connection of a check. Objects are named by a reference, or by an identifier alone."""

    def __init__(self, bench: Bench, connection: Connection) -> None:
        """Wrap a connection, which is also there bare."""
        self._bench = bench
        self.connection = connection
        self._label = bench.label()

    # --- putting --------------------------------------------------------------------------

    def put(
        self,
        what: ObjectRef | str,
        data: bytes = DATA,
        *,
        metadata: Mapping[str, str] = NO_METADATA,
        replace: bool = False,
        announce: bool = False,
    ) -> PutResult:
        """Put bytes in memory; with ``announce``, of their digest too."""
        return self.store(
            PutRequest(
                ref=self.ref(what),
                content=BytesContent(data),
                size=len(data),
                expected=DigestAlgorithm.SHA512.of(data) if announce else None,
                replace=replace,
                metadata=metadata,
            )
        )

    def pull(
        self, what: ObjectRef | str, content: Content, size: int, *, replace: bool = False
    ) -> PutResult:
        """Put a content that is special."""
        return self.store(
            PutRequest(ref=self.ref(what), content=content, size=size, replace=replace)
        )

    def store(self, request: PutRequest) -> PutResult:
        """Put what a request says."""
        self._bench.stored(request.ref)
        return self.do(_put_step(request), lambda: self.connection.put(request))

    # --- reading --------------------------------------------------------------------------

    def get(
        self,
        what: ObjectRef | str,
        *,
        offset: int = 0,
        length: int | None = None,
        describe: bool = True,
    ) -> GetResult:
        """Open an object; close what it returns."""
        request = GetRequest(ref=self.ref(what), offset=offset, length=length, describe=describe)
        part = "" if request.offset == 0 and length is None else f" from {offset}, {length} bytes"
        return self.do(f"get {request.ref}{part}", lambda: self.connection.get(request))

    def read(self, what: ObjectRef | str, *, offset: int = 0, length: int | None = None) -> bytes:
        """All bytes of an object, or of a range."""
        with self.get(what, offset=offset, length=length) as result:
            return self.do("read to the end", result.stream.read)

    def stat(self, what: ObjectRef | str, digest: DigestAlgorithm | None = None) -> StatResult:
        """Ask about an object."""
        request = StatRequest(ref=self.ref(what), digest=digest)
        how = f", computing {digest}" if digest else ""
        return self.do(f"stat {request.ref}{how}", lambda: self.connection.stat(request))

    def absent(self, what: ObjectRef | str) -> None:
        """Hold that both ``get`` and ``stat`` answer that an object is not there.

        Raises:
            Broken: one of them does not.
        """
        ref = self.ref(what)
        with raises(ObjectNotFoundError, f"get {ref}"):
            self.get(ref).stream.close()
        with raises(ObjectNotFoundError, f"stat {ref}"):
            self.stat(ref)

    # --- deleting, listing, asking --------------------------------------------------------

    def delete(self, what: ObjectRef | str) -> DeleteResult:
        """Delete an object."""
        request = DeleteRequest(ref=self.ref(what))
        return self.do(f"delete {request.ref}", lambda: self.connection.delete(request))

    def listing(
        self,
        *,
        tenant: int | None = None,
        container: str | None = None,
        after: str | None = None,
        prefix: str = "",
        limit: int | None = None,
    ) -> Listing:
        """List a container, the check's own unless it says otherwise."""
        request = ListRequest(
            tenant=self._bench.tenant if tenant is None else tenant,
            container=container or self._bench.container,
            after=after,
            prefix=prefix,
            limit=limit,
        )
        return self.do(_list_step(request), lambda: self.connection.list(request))

    def names(
        self, *, after: str | None = None, prefix: str = "", limit: int | None = None
    ) -> list[str]:
        """Identifiers that a listing of the check's own container gives, in its order."""
        with self.listing(after=after, prefix=prefix, limit=limit) as listing:
            return self.do("read it", lambda: [entry.identifier for entry in listing])

    def capacity(self) -> CapacityResult:
        """Ask for the room left."""
        request = CapacityRequest(tenant=self._bench.tenant)
        return self.do("capacity", lambda: self.connection.capacity(request))

    def close(self) -> None:
        """Close the connection."""
        self.do("close the session", self.connection.close)

    def set_aside(self, what: ObjectRef | str) -> QuarantineResult:
        """Set an object aside; the session must have the service. Nothing removes it again."""
        service = cast(SupportsQuarantine, self.connection)
        request = QuarantineRequest(ref=self.ref(what), reason="object-corrupt")
        result = self.do(f"set {request.ref} aside", lambda: service.quarantine(request))
        self._bench.stays("what was set aside; the contract has no way to remove it")
        return result

    # --- any other step -------------------------------------------------------------------

    def ref(self, what: ObjectRef | str) -> ObjectRef:
        """The reference that is meant."""
        return self._bench.ref(what) if isinstance(what, str) else what

    def do(self, step: str, call: Callable[[], Result]) -> Result:
        """Do anything, and note what came of it."""
        self._bench.go_on()
        try:
            result = call()
        except BaseException as error:
            self._bench.did(f"{self._label}{step}: raised {told(error)}")
            raise
        self._bench.did(f"{self._label}{step}: {_brief(result)}")
        return result


def _put_step(request: PutRequest) -> str:
    how = [f"put {request.size} bytes under {request.ref}"]
    if request.expected is not None:
        how.append("their digest announced")
    if request.metadata:
        how.append("with metadata")
    if request.replace:
        how.append("replacing")
    if request.retain_until is not None:
        how.append("retained")
    return ", ".join(how)


def _list_step(request: ListRequest) -> str:
    bare = ListRequest(tenant=request.tenant, container=request.container)
    place = f"list {request.tenant}/{request.container}"
    if request == bare:
        return place
    asked = {"after": request.after, "prefix": request.prefix or None, "limit": request.limit}
    given = ", ".join(f"{name} {shown(one)}" for name, one in asked.items() if one is not None)
    return f"{place} {given}"


def _brief(result: object) -> str:
    if isinstance(result, PutResult):
        there = ", already there" if result.already_there else ""
        return f"{result.size} bytes, {str(result.digest)[:15]}..., {result.evidence}{there}"
    if isinstance(result, StatResult):
        return f"{result.size} bytes, {result.evidence}"
    if isinstance(result, GetResult):
        return f"open, of {result.size} bytes"
    if isinstance(result, Listing):
        return "a listing"
    if result is None:
        return "done"
    if isinstance(result, list) and result and not isinstance(result[0], str):
        return f"[{'; '.join(_brief(one) for one in result[:MOST_SHOWN])}]"
    if isinstance(result, BaseException):
        return told(result)
    return shown(result)
