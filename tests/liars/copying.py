"""Lies of copies inside the offer."""

from __future__ import annotations

from dataclasses import replace

from coffre.contract import (
    DeleteRequest,
    DeleteResult,
    Evidence,
    ObjectNotFoundError,
    ServerCopyRequest,
    ServerCopyResult,
)
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar


@liar("server-copy.whole")
class MovesInsteadOfCopying(HonestConnection):
    """The source of a copy is gone."""

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        result = super().server_copy(request)
        self._offer.forget(request.source)
        return result


@liar("server-copy.whole")
class LinksInsteadOfCopying(HonestConnection):
    """The copy goes when its source is deleted."""

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        self.driver.notes[str(request.source)] = request.ref
        return super().server_copy(request)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        if copy := self.driver.notes.pop(str(request.ref), None):
            self._offer.forget(copy)
        return super().delete(request)


@liar("server-copy.whole")
class CopiesTheBytesAlone(HonestConnection):
    """A copy has no metadata."""

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        result = super().server_copy(request)
        if (held := self.found(request.ref)) is not None:
            self.place(request.ref, replace(held, metadata={}))
        return result


@liar("server-copy.conflict")
class CopiesOverWhatIsThere(HonestConnection):
    """A copy takes the place of other bytes, whether it may or not."""

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        return super().server_copy(replace(request, replace=True))


@liar("server-copy.conflict")
class NeverReplacesByCopying(HonestConnection):
    """A copy that may replace is a conflict all the same."""

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        return super().server_copy(replace(request, replace=False))


@liar("server-copy.conflict")
class CopiesAnewEveryTime(HonestConnection):
    """A copy onto the same bytes does not say that they were there."""

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        return replace(super().server_copy(request), already_there=False)


@liar("server-copy.absent")
class CopiesNothing(HonestConnection):
    """A copy of what is not there gives an empty object."""

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        if self.found(request.source) is None:
            self._offer.plant(request.ref, b"")
            return ServerCopyResult(size=0, evidence=Evidence.PRESENT)
        return super().server_copy(request)


@liar("server-copy.absent")
class BlamesTheCopy(HonestConnection):
    """When the source is not there, the new reference is said not to be."""

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        try:
            return super().server_copy(request)
        except ObjectNotFoundError as error:
            error.ref = request.ref
            raise


@liar("server-copy.evidence")
class RepeatsTheDigestOfTheSource(HonestConnection):
    """The digest recorded of the source is told as computed over the copy."""

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        result = super().server_copy(request)
        held = self.found(request.source)
        return replace(result, digest=None if held is None else held.recorded)


@liar("server-copy.evidence")
class ClaimsADigestItDoesNotGive(HonestConnection):
    """A copy counts as digested, and no digest is given."""

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        return replace(super().server_copy(request), digest=None)
