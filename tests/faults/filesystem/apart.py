"""Running a module where it may mount file systems: in a mount namespace of its own, as root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest


def run_apart(module: str, *arguments: str, tools: tuple[str, ...] = ()) -> str:
    """What the module printed; skips with the reason where it cannot be run."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount file systems of its own")
    for tool in ("unshare", "mount", *tools):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", module]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=300)
    if done.returncode and any(said in done.stderr for said in ("loop device", "unshare failed")):
        pytest.skip(f"cannot mount here: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return done.stdout
