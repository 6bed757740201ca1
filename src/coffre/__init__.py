"""Digital archives on storage offers, through drivers: N verified copies, audit, repair, proof."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
