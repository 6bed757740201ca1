"""Evidence: on whose word, and by what look, a claim about a copy stands.

Source: DESIGN, laws: every claim carries its evidence; a report never says *ok* for *not
looked*.
"""

from __future__ import annotations

from enum import IntEnum


class Evidence(IntEnum):
    """How a statement about a copy was obtained; a higher level is a stronger one."""

    DECLARED = 0
    """The provider says so without looking."""
    PRESENT = 1
    """Existence and size were asked; the digest is that of the bytes as they were sent."""
    REPORTED = 2
    """The offer computed the digest over the whole object it holds."""
    READ = 3
    """The bytes were read again, and digested by us."""
    CHALLENGED = 4
    """Read again under a fresh nonce or a random range, which no remembered answer can meet."""

    def __str__(self) -> str:
        """The lower-case name, as reports print it."""
        return self.name.lower()
