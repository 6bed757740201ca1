"""What every test shares: how hypothesis searches, and that a Ctrl-C is heard.

``ci`` (the default) searches the same examples every time, so that a red run is a fault of the
change and not of chance. ``HYPOTHESIS_PROFILE=dev`` searches new ones, and more of them.
"""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

from tests.liars.table import pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,  # a shared machine is slow without anything being wrong
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.register_profile("dev", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every
# program under test. Those who test interruptions want what a person at a terminal has.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
