"""Engine: what an application holds. N verified copies of each object, and what is known of them.

Every method is one story told in its own module; here they are only named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from os import PathLike
from pathlib import Path
from typing import Self

from coffre.contract import NO_METADATA, SYSTEM_CLOCK, Clock, Digest, ObjectRef
from coffre.engine import bulk, deleting, depositing, fetching, proving, reading, status
from coffre.engine.containers import ContainerRights
from coffre.engine.context import Context, Limits, Observed
from coffre.engine.deleting import DeletionOrder
from coffre.engine.items import PutItem, Source
from coffre.engine.ledger import Ledger
from coffre.engine.outcomes import Deletion, ObjectStatus, Receipt, Refusal
from coffre.engine.reading import ObjectReader
from coffre.engine.strategy import Strategy
from coffre.engine.upkeep import Upkeep
from coffre.offer import Offer


class Engine(Upkeep):
    """Stores, reads, audits and repairs objects on the offers it is handed.

    Thread-safe. A context manager: leaving it closes what :meth:`closing` was given.
    """

    def __init__(
        self,
        offers: Mapping[str, Offer],
        strategies: Mapping[str, Strategy],
        ledger: Ledger,
        *,
        rights: Mapping[str, ContainerRights] | None = None,
        limits: Limits | None = None,
        author: str = "coffre",
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Work with these; nothing is opened here.

        Args:
            offers: every offer, by id; the mapping may change while the engine runs.
            strategies: by name; a put without one uses ``default``.
            ledger: where everything is recorded.
            rights: of containers, where they differ from the protocol's.
            limits: bounds on what one operation may use or touch.
            author: who acts, as the ledger's events say.
            clock: where time comes from.
        """
        super().__init__(
            Context(
                offers=offers,
                strategies=strategies,
                ledger=ledger,
                rights=rights or {},
                limits=limits or Limits(),
                author=author,
                clock=clock,
            )
        )
        self._on_close = ExitStack()
        proving.tell_offers(self._context)

    @property
    def offers(self) -> Mapping[str, Offer]:
        """Every offer, by id."""
        return self._context.offers

    @property
    def strategies(self) -> Mapping[str, Strategy]:
        """Every strategy, by name."""
        return self._context.strategies

    def snapshot(self) -> Mapping[str, object]:
        """Connections and threads in use now, as whoever opened the offers tells it, as JSON.

        Of this process alone: another one has pools of its own. Empty when nobody can tell.
        """
        offers = self._context.offers
        return offers.snapshot().to_json() if isinstance(offers, Observed) else {}

    # --- storing -------------------------------------------------------------------------

    def put(
        self,
        source: Source,
        ref: ObjectRef,
        *,
        strategy: str = "default",
        size: int | None = None,
        digest: Digest | None = None,
        metadata: Mapping[str, str] = NO_METADATA,
        name: str = "",
    ) -> Receipt:
        """Store one object, in as many verified copies as its strategy requires.

        The source is read once and digested once, whatever the number of offers. The same
        bytes again succeed, and the receipt says so.

        Args:
            source: bytes, a path, a content, or an open stream.
            ref: where it goes.
            strategy: name of the strategy.
            size: length announced, in bytes; another is refused.
            digest: digest announced, under any algorithm; other bytes are refused.
            metadata: names and values kept beside the object.
            name: what to call the source in receipts.

        Raises:
            SourceError, SizeMismatchError, DigestMismatchError: the source is not what was
                announced; no trace of the object anywhere.
            InvalidRequestError: more metadata than an offer keeps.
            ObjectConflictError: other bytes are there, and the container is write-once.
            ClaimedError: another process is storing this reference now.
            NotEnoughCopiesError: too few copies; those made are left, and found by an audit.
            LedgerError: it could not be recorded, so it does not count as stored.
            KeyboardInterrupt: nothing was stored; or it came late, and all was stored and recorded.
        """
        item = PutItem(
            ref=ref, source=source, name=name, metadata=metadata, digest=digest, size=size
        )
        return depositing.put(self._context, item, strategy)

    def put_many(
        self, items: Iterable[PutItem | Refusal], *, strategy: str = "default"
    ) -> Iterator[Receipt | Refusal]:
        """Store many objects as one job: flushed, recorded and acknowledged in batches.

        One answer for each item, not always in their order. Running the same job again resumes it.

        Raises:
            LedgerError: a batch could not be recorded; what was answered before stands.
            KeyboardInterrupt: after the batch in hand was recorded, and its answers given.
        """
        return bulk.put_many(self._context, items, strategy)

    # --- reading -------------------------------------------------------------------------

    def get(
        self, ref: ObjectRef, *, verified: bool = True, offer: str | None = None
    ) -> AbstractContextManager[ObjectReader]:
        """Open an object: the first offer by rank that gives the right bytes.

        Args:
            ref: the object.
            verified: give the first byte only once the last one is known to be right; without
                it, wrong bytes show as an error at the end.
            offer: read from this offer alone.

        Raises:
            ObjectNotFoundError: it is not stored.
            NoReadableCopyError: no offer gave the right bytes.
        """
        return reading.get(self._context, ref, verified=verified, only=offer)

    def fetch(
        self,
        ref: ObjectRef,
        path: str | PathLike[str],
        *,
        overwrite: bool = False,
        offer: str | None = None,
    ) -> ObjectReader:
        """Write an object to a file, which appears whole and verified, or not at all.

        Raises:
            SourceError: the file cannot be written, or exists and ``overwrite`` is unset.
            ObjectNotFoundError, NoReadableCopyError: as for :meth:`get`.
        """
        return fetching.fetch(self._context, ref, Path(path), overwrite=overwrite, only=offer)

    def stat(self, ref: ObjectRef, *, ask: bool = False) -> ObjectStatus:
        """What is known of an object and of each copy; ``ask`` has every offer say it now.

        Raises:
            ObjectNotFoundError: it is not stored.
        """
        return status.stat(self._context, ref, ask=ask)

    def list(
        self, tenant: int, container: str, *, prefix: str = "", after: str | None = None
    ) -> Iterator[ObjectStatus]:
        """Objects of a container as the ledger knows them, sorted bytewise, in bounded memory."""
        return status.list_objects(self._context, tenant, container, prefix, after)

    # --- deleting ------------------------------------------------------------------------

    def delete(self, order: DeletionOrder) -> Deletion:
        """Delete every copy of an object, by order.

        Raises:
            ObjectNotFoundError: it is not stored.
            ForbiddenError: its container does not allow it.
            LedgerError: the order could not be recorded; nothing was deleted.
        """
        return deleting.delete(self._context, order)

    # --- life ----------------------------------------------------------------------------

    def closing(self, *resources: Callable[[], object]) -> Self:
        """Have these called when the engine is closed, the last given first."""
        for resource in resources:
            self._on_close.callback(resource)
        return self

    def close(self) -> None:
        """Close what was handed over to be closed; closing twice is harmless."""
        self._on_close.close()

    def __enter__(self) -> Self:
        """Use the engine; it is closed on leaving."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close it."""
        self.close()
