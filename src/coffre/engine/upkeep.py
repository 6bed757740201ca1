"""Upkeep: what keeps an archive well. Audits, repairs, offers that come and go, the ledger itself.

Every method is one story told in its own module; here they are only named.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from coffre.contract import ObjectRef, PrepareResult
from coffre.engine import preparing, proving, rebuilding, repairing, retiring, sweeping
from coffre.engine.auditing import Audit
from coffre.engine.context import Context
from coffre.engine.findings import AuditSummary
from coffre.engine.ledger import DebtRecord, LedgerCounts, LedgerFinding
from coffre.engine.outcomes import RebuildSummary, RepairOutcome
from coffre.engine.owing import Owed
from coffre.engine.retiring import Retirement
from coffre.engine.scope import AuditScope
from coffre.engine.sweeping import SweepOutcome
from coffre.probe import Guarantee, ProbeRecord, ProbeSettings

LEFTOVER_AGE = 3600.0
"""Seconds after which what a put left is taken for a leftover."""


class Upkeep:
    """The part of an :class:`~coffre.engine.Engine` that looks after what is stored."""

    def __init__(self, context: Context) -> None:
        """Work in these surroundings."""
        self._context = context

    # --- auditing and repairing ----------------------------------------------------------

    def audit(
        self,
        *,
        tenant: int | None = None,
        container: str | None = None,
        offers: Sequence[str] | None = None,
        resume: bool = True,
        threads: int | None = None,
        progress: Callable[[AuditSummary], None] | None = None,
    ) -> Audit:
        """Read every copy in scope and compare it with what is expected; change nothing.

        Iterate over the answer to run it; its ``summary`` counts as it goes.

        Args:
            tenant: this tenant only.
            container: this container only.
            offers: copies on these offers only.
            resume: go on where an audit of the same scope was interrupted, if that is recent.
            threads: copies read at the same time, one a processor when ``None``.
            progress: told the counts after each page.
        """
        scope = AuditScope(
            tenant=tenant, container=container, offers=None if offers is None else tuple(offers)
        )
        return Audit(self._context, scope, resume=resume, threads=threads, progress=progress)

    def repair(
        self,
        *,
        tenant: int | None = None,
        container: str | None = None,
        refs: Collection[ObjectRef] | None = None,
        release_brake: bool = False,
    ) -> Iterator[RepairOutcome]:
        """Pay what is owed: copies missing, bad or never made, deletions not done.

        Raises:
            ObjectNotFoundError: a reference under which nothing is stored; nothing was done.
            BrakeError: it would touch more objects than allowed; nothing was done.
        """
        return repairing.repair(
            self._context,
            tenant=tenant,
            container=container,
            refs=refs,
            release_brake=release_brake,
        )

    def plan_repair(
        self,
        *,
        tenant: int | None = None,
        container: str | None = None,
        refs: Collection[ObjectRef] | None = None,
    ) -> Iterator[Owed]:
        """What a repair of that scope would do; no offer is asked, and nothing is changed.

        Raises:
            ObjectNotFoundError: a reference under which nothing is stored.
        """
        return repairing.plan(self._context, tenant=tenant, container=container, refs=refs)

    # --- offers that come and go ---------------------------------------------------------

    def rebuild(self, offer: str, *, strategy: str = "default") -> RebuildSummary:
        """Record in the ledger what one offer holds; nothing that is known is changed."""
        return rebuilding.rebuild(self._context, offer, strategy)

    def prepare(self, offer: str, *, replaced: bool = False) -> PrepareResult:
        """Make a new, empty place an offer; where copies are known, only if it was ``replaced``."""
        return preparing.prepare(self._context, offer, replaced=replaced)

    def retire(self, offer: str, *, author: str, reason: str) -> Retirement:
        """Count on an offer no longer. What it holds is left as it is, and no more looked at.

        Args:
            offer: id of the offer; it need not answer, nor be configured.
            author: who decided it.
            reason: why, for whoever reads the log.

        Raises:
            StillNeededError: a strategy names it, or objects would keep fewer verified copies
                than required; nothing was changed.
            StrategyError: nobody knows such an offer.
        """
        return retiring.retire(self._context, offer, author=author, reason=reason)

    def sweep(
        self, offer: str | None = None, *, older_than: float = LEFTOVER_AGE
    ) -> Iterator[SweepOutcome]:
        """Remove what puts that died left on the offers, never what a live one is writing.

        Args:
            offer: this offer only.
            older_than: only what nobody touched for so many seconds.

        Raises:
            StrategyError: no such offer.
        """
        return sweeping.sweep(self._context, offer, older_than)

    # --- what offers really give ---------------------------------------------------------

    def probe(
        self,
        offer: str,
        *,
        settings: ProbeSettings | None = None,
        progress: proving.Told | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> ProbeRecord:
        """Try what an offer declares, and what all owe, in scratch tenants; record what was seen.

        From then on this engine, and every one opened later, relies on what was not disproved.

        Args:
            offer: id of the offer.
            settings: how far to go.
            progress: told after each trial: how many are done, of how many, and the last one.
            stopped: asked before each trial. A probe that was stopped records nothing.

        Raises:
            StrategyError: the offer is not configured.
            OfferError: no session could be opened; nothing is recorded.
            LedgerError: it could not be recorded.
        """
        return proving.probe(
            self._context, offer, settings=settings, progress=progress, stopped=stopped
        )

    def last_probe(self, offer: str) -> ProbeRecord | None:
        """The last probe of an offer that was recorded, however old."""
        return proving.last_probe(self._context, offer)

    def guarantees(self, offer: str) -> tuple[Guarantee, ...]:
        """What an offer gives: proved, disproved, or only declared. The offer is not asked.

        Raises:
            StrategyError: the offer is not configured.
        """
        return proving.guarantees(self._context, offer)

    # --- the ledger ----------------------------------------------------------------------

    def audit_ledger(self) -> Iterator[LedgerFinding]:
        """Everything wrong with the ledger itself: events changed, removed or reordered."""
        return self._context.ledger.verify()

    def debts(self) -> Iterator[DebtRecord]:
        """What is still owed."""
        return self._context.ledger.debts()

    def counts(self) -> LedgerCounts:
        """What the ledger holds, counted."""
        return self._context.ledger.counts()
