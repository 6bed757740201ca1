"""Masking: a driver that shows its secrets is found out, and the finding does not show them too.

What a driver raises is quoted in findings, which are printed, kept and passed on. Whatever is
known to be secret is masked there, as it is, and as URLs and ``repr`` write it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import quote, quote_plus

from coffre.conformance.harness import Harness
from coffre.conformance.report import Finding, Verdict
from coffre.contract import ParameterError, Secret

MASK = "***"
SHORTEST = 4
"""Characters; a shorter secret is everywhere, and hides nothing."""
CUT = "..."
"""What stands where a long value was cut: a part of a secret may stand before it."""


class Mask:
    """What must not show."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Mask these, the longest first: one may be the beginning of another."""
        forms = {form for secret in secrets for form in _forms(secret)}
        self._forms = sorted((one for one in forms if len(one) >= SHORTEST), key=len, reverse=True)

    @classmethod
    def of(cls, harness: Harness) -> Mask:
        """Mask the secrets of a harness and of its parameters."""
        return cls([*harness.secrets, *_revealed(harness)])

    def text(self, text: str) -> str:
        """The same text without them."""
        for form in self._forms:
            text = text.replace(form, MASK)
            for length in range(len(form) - 1, SHORTEST - 1, -1):
                text = text.replace(form[:length] + CUT, MASK + CUT)
        return text

    def verdict(self, verdict: Verdict) -> Verdict:
        """The same outcome, told without them."""
        if not self._forms:
            return verdict
        return replace(
            verdict,
            reason=self._maybe(verdict.reason),
            finding=None if verdict.finding is None else self._finding(verdict.finding),
            remarks=tuple(map(self.text, verdict.remarks)),
        )

    def _finding(self, finding: Finding) -> Finding:
        return replace(
            finding,
            done=tuple(map(self.text, finding.done)),
            seen=self.text(finding.seen),
            reproduce=self.text(finding.reproduce),
            where=self._maybe(finding.where),
        )

    def _maybe(self, text: str | None) -> str | None:
        return None if text is None else self.text(text)


def _forms(secret: str) -> tuple[str, ...]:
    return secret, repr(secret)[1:-1], quote(secret, safe=""), quote_plus(secret)


def _revealed(harness: Harness) -> Iterator[str]:
    for _, value in harness.parameters.values:
        if isinstance(value, Secret):
            try:
                yield value.reveal()
            except ParameterError:
                continue  # what nobody can read, nobody can show
