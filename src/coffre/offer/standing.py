"""Standing: what trials on the very offer have shown, as far as it changes what is asked of it.

Whoever keeps the records of trials (the engine, from its ledger) tells the offer; the offer
knows no trials. An offer of which nobody tells anything relies on what its driver declares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from coffre.contract import Capability, ObjectRef, UnsupportedOperationError

NOTHING_WITHHELD: Mapping[Capability, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What may be asked of an offer, after its trials."""

    word: str = "declared"
    """How it stands in one word, for receipts: ``proved``, ``declared`` or ``disproved``."""
    withheld: Mapping[Capability, str] = field(default_factory=lambda: NOTHING_WITHHELD)
    """Capabilities that are declared and not relied on, each with the end of a sentence: why."""
    hindrance: str | None = None
    """Why nothing may be put there, as the end of a sentence; ``None`` when it may."""

    def check_put(self, ref: ObjectRef, offer: str) -> None:
        """Refuse a put on an offer that may lose it; nothing was sent.

        Raises:
            UnsupportedOperationError: something forbids it; the message says what to do.
        """
        if self.hindrance is not None:
            raise self.refusal(ref, offer)

    def refusal(self, ref: ObjectRef, offer: str) -> UnsupportedOperationError:
        """The error of a put that is not made."""
        error = UnsupportedOperationError(
            f"nothing is put on this offer: {self.hindrance}; nothing was sent. When that is "
            "mended, try it again: coffre offers --check --probe",
            ref=ref,
        )
        error.offer = offer
        return error


UNTRIED = Standing()
"""Of an offer of which nobody tells anything: what is declared is relied on."""
UNPROVED = Standing(hindrance="its guarantees must be proved, and nobody has told what was tried")
"""Of an offer that must be proved, until its record was read."""
