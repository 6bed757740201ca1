"""Lies of what is done for many objects in one call: bulk stat, bulk delete, bulk put."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coffre.contract import (
    BulkDeleteRequest,
    BulkPutRequest,
    BulkStatRequest,
    Capability,
    CoffreError,
    DeleteResult,
    ObjectNotFoundError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    StatResult,
)
from coffre.streams import Copied
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar

Stats = Sequence[StatResult | CoffreError]
Deletions = Sequence[DeleteResult | CoffreError]


@liar("bulk-stat.each")
class CallsTheAbsentUnknown(HonestConnection):
    """A bulk stat says of what is not there that the offer could not be asked."""

    def bulk_stat(self, request: BulkStatRequest) -> Stats:
        return [
            OfferUnavailableError("no answer") if isinstance(one, ObjectNotFoundError) else one
            for one in super().bulk_stat(request)
        ]


@liar("bulk-stat.each")
class LeavesTheAbsentOut(HonestConnection):
    """A bulk stat answers for what is there, and for nothing else."""

    def bulk_stat(self, request: BulkStatRequest) -> Stats:
        return [one for one in super().bulk_stat(request) if isinstance(one, StatResult)]


@liar("bulk-stat.each")
class SortsWhatItTells(HonestConnection):
    """A bulk stat answers in the order of the identifiers."""

    def bulk_stat(self, request: BulkStatRequest) -> Stats:
        stats = sorted(request.stats, key=lambda one: one.ref)
        return super().bulk_stat(replace(request, stats=stats))


@liar("bulk-stat.each")
class StatsAThousand(HonestConnection):
    """A bulk stat of more than a thousand tells of a thousand."""

    def bulk_stat(self, request: BulkStatRequest) -> Stats:
        return super().bulk_stat(request)[:1000]


@liar("bulk-stat.each")
class ForgetsTheDigestOfMany(HonestConnection):
    """A digest asked for in a bulk stat is not computed."""

    def bulk_stat(self, request: BulkStatRequest) -> Stats:
        stats = [replace(one, digest=None) for one in request.stats]
        return super().bulk_stat(replace(request, stats=stats))


@liar("bulk-delete.each")
class DeletesAThousand(HonestConnection):
    """Of more than a thousand objects to delete the others are acknowledged and kept."""

    def bulk_delete(self, request: BulkDeleteRequest) -> Deletions:
        done = super().bulk_delete(replace(request, deletes=request.deletes[:1000]))
        return [*done, *[DeleteResult(existed=False)] * len(request.deletes[1000:])]


@liar("bulk-delete.each")
class DeletesNoneWhenOneIsRefused(HonestConnection):
    """One object that may not be deleted keeps all others from it."""

    def bulk_delete(self, request: BulkDeleteRequest) -> Deletions:
        return [self._delete(delete) for delete in request.deletes]


@liar("bulk-delete.each")
class DeletesWhatBeginsAlike(HonestConnection):
    """A bulk delete takes along what begins with the same name."""

    def bulk_delete(self, request: BulkDeleteRequest) -> Deletions:
        for delete in request.deletes:
            for ref in self._offer.refs():
                if ref != delete.ref and str(ref).startswith(str(delete.ref)):
                    self._offer.forget(ref)
        return super().bulk_delete(request)


@liar("bulk-delete.each")
class AcknowledgesWhatIsRetained(HonestConnection):
    """A bulk delete says of what is retained that it is gone."""

    def bulk_delete(self, request: BulkDeleteRequest) -> Deletions:
        return [
            DeleteResult(existed=True) if isinstance(one, CoffreError) else one
            for one in super().bulk_delete(request)
        ]


@liar("bulk-delete.each")
class SaysThatAllExisted(HonestConnection):
    """A bulk delete says of what was not there that it was."""

    def bulk_delete(self, request: BulkDeleteRequest) -> Deletions:
        return [
            DeleteResult(existed=True) if isinstance(one, DeleteResult) else one
            for one in super().bulk_delete(request)
        ]


@liar("request.refused")
class IgnoresAFieldInABulkPut(HonestConnection):
    """Retention is not declared, and a bulk put that asks for it is done without."""

    capabilities = HonestConnection.capabilities - {Capability.RETENTION}

    def bulk_put(self, request: BulkPutRequest) -> Sequence[PutResult | CoffreError]:
        return super().bulk_put(
            replace(request, puts=[replace(put, retain_until=None) for put in request.puts])
        )


@liar("put.content")
class LeavesContentsOfManyOpen(HonestConnection):
    """A bulk put closes no content that it opens."""

    def bulk_put(self, request: BulkPutRequest) -> Sequence[PutResult | CoffreError]:
        self.driver.notes["open"] = True
        try:
            return super().bulk_put(request)
        finally:
            self.driver.notes["open"] = False

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        data, copied = super().pull(request)
        if self.driver.notes.get("open"):
            self.driver.at_the_end.append(request.content.open().close)
        return data, copied
