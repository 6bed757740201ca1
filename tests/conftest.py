"""What every test shares: how hypothesis searches.

``ci`` (the default) searches the same examples every time, so that a red run is a fault of the
change and not of chance. ``HYPOTHESIS_PROFILE=dev`` searches new ones, and more of them.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,  # a shared machine is slow without anything being wrong
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.register_profile("dev", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
