"""Install the project of the current directory in it: what its pyproject.toml says, and no more.

The metadata that ``pip install .`` would write is put beside the module, so that importlib finds
the entry points where ``PYTHONPATH`` leads.
"""

from __future__ import annotations

import tomllib
from pathlib import Path


def install_here() -> None:
    """Write ``NAME-VERSION.dist-info``."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = project["name"], project["version"]
    folder = Path(f"{name.replace('-', '_')}-{version}.dist-info")
    folder.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (folder / "METADATA").write_text(metadata, encoding="utf-8")
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{entry} = {target}" for entry, target in entries.items())]
    (folder / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    install_here()
