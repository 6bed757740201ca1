"""Lies about names: two references that are one, and names that cannot be stored."""

from __future__ import annotations

from dataclasses import replace

from coffre.contract import (
    DeleteRequest,
    DeleteResult,
    ForbiddenError,
    GetRequest,
    GetResult,
    ObjectRef,
    PutRequest,
    PutResult,
    StatRequest,
    StatResult,
)
from coffre.streams import Copied
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar


class Renames(HonestConnection):
    """A session that calls objects otherwise on the offer."""

    def renamed(self, ref: ObjectRef) -> ObjectRef:
        raise NotImplementedError

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        return super().publish(replace(request, ref=self.renamed(request.ref)), data, copied)

    def get(self, request: GetRequest) -> GetResult:
        return super().get(replace(request, ref=self.renamed(request.ref)))

    def stat(self, request: StatRequest) -> StatResult:
        return super().stat(replace(request, ref=self.renamed(request.ref)))

    def delete(self, request: DeleteRequest) -> DeleteResult:
        return super().delete(replace(request, ref=self.renamed(request.ref)))


@liar("put.names")
class FoldsCase(Renames):
    """Identifiers that differ in case are one."""

    def renamed(self, ref: ObjectRef) -> ObjectRef:
        return replace(ref, identifier=ref.identifier.lower())


@liar("put.names")
class LosesDots(Renames):
    """Dots in an identifier become underscores."""

    def renamed(self, ref: ObjectRef) -> ObjectRef:
        return replace(ref, identifier=ref.identifier.replace(".", "_"))


@liar("put.names")
class CutsLongNames(Renames):
    """Of an identifier 254 bytes are kept."""

    def renamed(self, ref: ObjectRef) -> ObjectRef:
        return replace(ref, identifier=ref.identifier[:254])


@liar("put.names")
class KnowsOneTenant(Renames):
    """All tenants share what they store."""

    def renamed(self, ref: ObjectRef) -> ObjectRef:
        return replace(ref, tenant=ref.tenant & ~3)


@liar("put.names")
class KnowsOneContainer(Renames):
    """All containers are one."""

    def renamed(self, ref: ObjectRef) -> ObjectRef:
        return replace(ref, container="object")


@liar("put.names")
class RefusesNamesOfDevices(HonestConnection):
    """Identifiers that are devices on some systems are refused."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        if request.ref.identifier in ("con", "nul", "aux"):
            raise ForbiddenError("not a name for a file", ref=request.ref)
        return super().publish(request, data, copied)


@liar("put.names")
class HasNoTenantZero(HonestConnection):
    """The first tenant that the protocol allows cannot store anything."""

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        if not request.ref.tenant:
            raise ForbiddenError("no tenant", ref=request.ref)
        return super().publish(request, data, copied)
