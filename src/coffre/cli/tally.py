"""Tally: a put job, told object by object, and counted as it is told.

Lines and totals come from the same answers, so that a summary cannot contradict its lines.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial

from coffre.cli.output import Output
from coffre.cli.status import ExitStatus, status_of, status_of_job
from coffre.cli.wording import count_text, digest_text, listed, seconds_text, size_text
from coffre.contract import Evidence
from coffre.engine.outcomes import Receipt, Refusal


@dataclass(slots=True)
class PutTally:
    """What a put job has done so far."""

    out: Output
    stored: int = 0
    already: int = 0
    refused: int = 0
    size: int = 0
    """Bytes of the objects stored or found stored."""
    copies: int = 0
    """Verified copies of them."""
    owed: dict[str, str] = field(default_factory=dict)
    """Offers that owe copies, each with the code of the last reason."""
    owed_copies: int = 0
    evidence: Evidence | None = None
    """The weakest evidence among all the copies."""
    failures: set[ExitStatus] = field(default_factory=set)
    started: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """Objects that are stored now."""
        return self.stored + self.already

    @property
    def objects(self) -> int:
        """Objects dealt with, in one way or the other."""
        return self.done + self.refused

    def add(self, answer: Receipt | Refusal) -> None:
        """Tell one answer, and count it."""
        if isinstance(answer, Refusal):
            self._add_refusal(answer)
        else:
            self._add_receipt(answer)

    def _add_refusal(self, refusal: Refusal) -> None:
        self.refused += 1
        self.failures.add(status_of(refusal.error))
        error = refusal.error
        subject = refusal.name or str(refusal.ref or "")
        said = error.message if error.message.startswith(subject) else f"{subject}: {error.message}"
        self.out.failure(refusal.to_json(), f"refused  {said} [{error.code}]")

    def _add_receipt(self, receipt: Receipt) -> None:
        if receipt.already_stored:
            self.already += 1
        else:
            self.stored += 1
        self.size += receipt.size
        self.copies += receipt.verified
        if owed := receipt.owed:
            self.owed_copies += len(owed)
            self.owed.update((copy.offer, copy.code) for copy in owed)
        self.evidence = min(self.evidence or receipt.evidence, receipt.evidence)
        self.out.line(receipt.to_json, partial(receipt_text, receipt))

    def finish(self, *, complete: bool = True) -> ExitStatus:
        """Tell the totals and what to do next.

        Args:
            complete: the job went to its end.
        """
        self.out.summary(self.to_json(complete=complete), self._totals(complete=complete))
        if self.owed:
            offers = listed(f"{offer} ({code})" for offer, code in sorted(self.owed.items()))
            self.out.advice(f"copies are owed on {offers}: run coffre repair once they can be made")
        return status_of_job(self.done, self.failures) if complete else ExitStatus.PART

    def _totals(self, *, complete: bool) -> str:
        parts = [f"{count_text(self.stored, 'object')} stored"]
        if self.already:
            parts.append(f"{self.already} already stored")
        if self.refused:
            parts.append(f"{self.refused} refused")
        parts.append(size_text(self.size))
        if self.evidence is not None:
            parts.append(f"{count_text(self.copies, 'verified copy')} ({self.evidence})")
        if self.owed_copies:
            parts.append(f"{count_text(self.owed_copies, 'copy')} owed")
        parts.append(seconds_text(time.monotonic() - self.started))
        return ("" if complete else "stopped early: ") + ", ".join(parts)

    def to_json(self, *, complete: bool) -> dict[str, object]:
        """The totals, for programs."""
        return {
            "stored": self.stored,
            "already_stored": self.already,
            "refused": self.refused,
            "bytes": self.size,
            "copies": self.copies,
            "owed": self.owed_copies,
            "evidence": None if self.evidence is None else str(self.evidence),
            "seconds": round(time.monotonic() - self.started, 3),
            "complete": complete,
        }


def receipt_text(receipt: Receipt) -> str:
    """One receipt on one line."""
    verb = "already " if receipt.already_stored else "stored  "
    copies = f"{count_text(receipt.verified, 'copy')} ({receipt.evidence})"
    if owed := receipt.owed:
        listed_owed = ", ".join(f"{copy.offer}: {copy.code}" for copy in owed)
        copies += f", owed on {listed_owed}"
    size, digest = size_text(receipt.size), digest_text(receipt.digest)
    return f"{verb} {receipt.ref}  {size}  {digest}  {copies}"
