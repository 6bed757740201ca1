"""Offers: what everyone above the drivers holds. Checks, verification, retries, fallbacks.

A driver stays simple because this room does, once, what every driver would otherwise do
again: requests are checked before anything is sent, results are held against what was asked,
errors are translated and signed, what may pass is tried again, what may have happened is
confirmed first.
"""

from coffre.offer.examining import Examination
from coffre.offer.offer import Offer
from coffre.offer.retry import DEFAULT_RETRY, NO_RETRY, RetryPolicy, pause_before_retry
from coffre.offer.standing import UNTRIED, Standing
from coffre.offer.together import reserved

__all__ = [
    "DEFAULT_RETRY",
    "NO_RETRY",
    "UNTRIED",
    "Examination",
    "Offer",
    "RetryPolicy",
    "Standing",
    "pause_before_retry",
    "reserved",
]
