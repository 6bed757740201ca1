"""Measurements of coffre, each against its reference in the same run; see ``--help``.

Run by hand (``make bench``): a figure is worth what the machine's quiet was worth. What the
figures mean is told in docs/explanation/performance.md.
"""
