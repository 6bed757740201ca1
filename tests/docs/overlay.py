"""An environment for one page: all that this one has, and room for what the page installs.

Nothing is copied and nothing is fetched: the packages of this environment are seen from the new
one, and ``pip`` builds with the backend that is here.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

RUN = "import runpy; runpy.run_module({!r}, run_name='__main__')"
COMMANDS = {
    "coffre": "import sys; from coffre.cli.main import main; sys.exit(main())",
    **{name: RUN.format(name) for name in ("pip", "pytest", "mypy")},
}
"""Commands that must be run by the new interpreter, to see what was installed beside it."""
OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # an option that is named by what it switches off
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}
"""What keeps ``pip install --editable .`` at home."""


def make_overlay(directory: Path) -> Path:
    """Make the environment; where its commands are."""
    venv.create(directory, with_pip=False, symlinks=True)
    python = directory / "bin" / "python"
    shown = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    here = sysconfig.get_path("purelib")
    # Not the path alone: what was installed here in the editable way is a .pth file as well.
    line = f"import site; site.addsitedir({here!r})\n"
    (Path(shown.stdout.strip()) / "below.pth").write_text(line)
    for name, code in COMMANDS.items():
        script = directory / "bin" / name
        script.write_text(f"#!{python}\n{code}\n")
        script.chmod(0o755)
    if ruff := shutil.which("ruff", path=str(Path(sys.executable).parent)):
        (directory / "bin" / "ruff").symlink_to(ruff)
    return directory / "bin"
